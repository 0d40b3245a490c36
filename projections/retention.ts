/**
 * Lets read models go of details nobody looks at any more; the log keeps them.
 *
 * How old a row is, is counted back from the newest of its own device, never from the clock: so
 * which rows stay depends on the log alone, a rebuild leaves what live folding leaves, and a series
 * of ten years ago that is imported today keeps its last days.
 */
import type { Sql } from "../events/log/database.ts";
import type { Projection } from "./projection.ts";

/** How many days before a device's newest are kept. */
export interface Retention {
  readonly trendMinutesDays: number;
  readonly readingDays: number;
}

export const KEPT_BY_DEFAULT: Retention = { trendMinutesDays: 30, readingDays: 400 };

/** A step holds its locks for some ten milliseconds, and leaves as long to everybody else. */
const STREAMS_AT_ONCE = 200;
const ROWS_AT_ONCE = 5_000;
const PAUSE_MS = 20;

/** Removes a projection's old rows from this table, in small steps; returns how many they were. */
export async function forgetOld(
  sql: Sql,
  { forgetOld: forget }: Projection,
  table: string,
  keep: Retention,
  stopping?: AbortSignal,
): Promise<number> {
  if (forget === undefined) return 0;
  let forgotten = 0;
  for (let after = ""; !stopping?.aborted;) {
    const streams = await nextStreams(sql, table, after);
    const last = streams.at(-1);
    if (last === undefined) break;
    after = last;
    let rows: number;
    do {
      rows = await forget(sql, table, { streams, keep, rowsMax: ROWS_AT_ONCE });
      forgotten += rows;
      if (rows > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    } while (rows === ROWS_AT_ONCE && !stopping?.aborted);
  }
  return forgotten;
}

/** From one to the next by the index: a stream has far too many rows to look at them all. */
async function nextStreams(sql: Sql, table: string, after: string): Promise<string[]> {
  const name = sql(table);
  const rows = await sql<{ stream: string }[]>`
    with recursive found (stream) as (
      (select stream from ${name} where stream > ${after} order by stream limit 1)
      union all
      select (select next.stream from ${name} next
        where next.stream > found.stream order by next.stream limit 1)
      from found where found.stream is not null
    )
    select stream from found where stream is not null limit ${STREAMS_AT_ONCE}`;
  return rows.map(({ stream }) => stream);
}
