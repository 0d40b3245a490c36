/** What an ATM reported, in the order in which it happened: what its models are trained on. */
import { upcast } from "../catalog.ts";
import type { Json } from "../vocabulary.ts";
import { type Sql, sqlInstant } from "./database.ts";

export interface LoggedReport {
  /** Epoch ms, by the ATM's clock. */
  readonly at: number;
  readonly data: Json;
}

const TYPE = "TelemetryReported";
const PAGE = 2_000;

/** From a moment on and before another, in pages: a year of reports is never in memory at once. */
export async function* readTelemetry(
  sql: Sql,
  stream: string,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<LoggedReport[]> {
  const pages = sql<{ at: number; schemaVersion: number; data: Json }[]>`
    select occurred_at as at, schema_version as "schemaVersion", data from events
    where stream = ${stream} and type = ${TYPE}
      and occurred_at >= ${sqlInstant(from)}::timestamptz
      and occurred_at < ${sqlInstant(to)}::timestamptz
    order by occurred_at, version`.cursor(PAGE);
  for await (const page of pages) {
    yield page.map(({ at, schemaVersion, data }) => ({
      at,
      data: upcast(TYPE, schemaVersion, data),
    }));
  }
}
