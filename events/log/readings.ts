/** What a sensor said, as numbers: the history its models are trained on. */
import { streamOf } from "../vocabulary.ts";
import type { Sql } from "./database.ts";
import { byVersion } from "./versions.ts";

export interface LoggedReading {
  readonly value: number;
  /** Epoch ms, by the sensor's clock. */
  readonly at: number;
}

/** The latest readings of one sensor, in the order in which they were recorded. */
export async function readReadings(
  sql: Sql,
  sensor: string,
  limit: number,
): Promise<LoggedReading[]> {
  const rows = await sql<LoggedReading[]>`
    select (data->>'value')::double precision as value, occurred_at as at from events
    where stream = ${streamOf("sensor", sensor)} and type = 'ReadingReported'
    order by ${byVersion(sql, "desc")} limit ${limit}`;
  return rows.map(({ value, at }) => ({ value, at })).reverse();
}
