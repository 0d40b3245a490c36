/** What an ATM reported in the last hours, out of the log. */
import type { Sql } from "../../events/log/database.ts";
import { readStreamBetween } from "../../events/log/query.ts";
import { type Json, streamOf } from "../../events/vocabulary.ts";

/** A week at one report a second would be more than anybody reads: the newest are kept. */
const HISTORY_MAX = 50_000;
const HOUR_MS = 3_600_000;

export interface HistoryQuery {
  readonly hours: number;
  /** Epoch ms. */
  readonly now: number;
  /** @default 50_000 */
  readonly limit?: number;
}

/** The reports as they were sent, the newest first. */
export async function readHistory(
  sql: Sql,
  id: string,
  { hours, now, limit = HISTORY_MAX }: HistoryQuery,
): Promise<Json[]> {
  const reports = await readStreamBetween(sql, streamOf("atm", id), {
    type: "TelemetryReported",
    from: now - hours * HOUR_MS,
    // A device's clock may run ahead of ours; what it reported is not hidden for that.
    to: now + 24 * HOUR_MS,
    limit,
  });
  return reports.map(({ data }) => ({ ...data, atm_id: id })).reverse();
}
