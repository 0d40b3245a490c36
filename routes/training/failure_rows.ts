/**
 * What the log has of ATMs, as rows to learn from: one pass over the reports of one ATM after the
 * other, of which only rows stay in memory.
 *
 * Where all of them would be too many rows, some ATMs are drawn by chance: whole ones, so that the
 * share of rows before a failure stays what it is.
 */
import type { Sql } from "../../events/log/database.ts";
import { streamNames } from "../../events/log/streams.ts";
import { readTelemetry } from "../../events/log/telemetry.ts";
import { deviceOf } from "../../events/vocabulary.ts";
import { AtmRows, type FailureRows, joinRows } from "../../models/features/mod.ts";
import { seeded } from "../../models/random.ts";
import { regionsOfKind } from "../../projections/devices.ts";

/** About 100 MB of features; learning needs them several times over. */
export const ROWS_MAX = 200_000;

export interface RowsWanted {
  /** Epoch ms, by the ATMs' clocks. */
  readonly from: number;
  readonly to: number;
  /** Of the draw. */
  readonly seed: number;
  /** @default ROWS_MAX */
  readonly rowsMax?: number;
}

export interface RowsOfLog {
  readonly rows: FailureRows;
  /** ATMs the rows are of, and how many there are. */
  readonly atms: number;
  readonly atmsKnown: number;
}

/** `onAtm` is told how many ATMs were read, of how many; it may throw, which ends the reading. */
export async function rowsOfLog(
  sql: Sql,
  { from, to, seed, rowsMax = ROWS_MAX }: RowsWanted,
  onAtm: (done: number, of: number) => void = () => {},
): Promise<RowsOfLog> {
  const streams = (await streamNames(sql)).filter((name) => deviceOf(name).kind === "atm");
  const regions = await regionsOfKind(sql, "atm");
  const drawn: AtmRows[] = [];
  let count = 0;
  for (const [done, stream] of inAnyOrder(streams, seed).entries()) {
    if (count >= rowsMax) break;
    onAtm(done, streams.length);
    const rows = new AtmRows({ region: regions.get(deviceOf(stream).id) });
    for await (const page of readTelemetry(sql, stream, { from, to })) {
      for (const report of page) rows.take(report);
    }
    count += rows.labelled().length;
    drawn.push(rows);
  }
  return { rows: joinRows(drawn), atms: drawn.length, atmsKnown: streams.length };
}

/** The same seed gives the same order. */
function inAnyOrder(names: readonly string[], seed: number): string[] {
  const uniform = seeded(seed);
  return names.map((name) => ({ name, key: uniform() }))
    .sort((a, b) => a.key - b.key)
    .map(({ name }) => name);
}
