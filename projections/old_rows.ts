/** The rows of streams that are too old to be kept, counted back from each stream's newest. */
import type postgres from "postgres";
import type { Sql } from "../events/log/database.ts";
import type { Forgetting } from "./projection.ts";

/** By what a table's rows are as old as they are; an index begins with the stream and this. */
export interface Age {
  /** `day` is a number of days since 1970, `at` and others are moments. */
  readonly column: string;
  readonly days: number;
  /** Of which rows alone it holds, where not of all. */
  readonly only?: postgres.Fragment;
}

/** Removes at most `rowsMax` of them; returns how many. Reads no more than it removes. */
export async function forgetRows(
  sql: Sql,
  table: string,
  { streams, rowsMax }: Omit<Forgetting, "keep">,
  { column, days, only = sql`` }: Age,
): Promise<number> {
  const age = sql(column);
  const limit = column === "day"
    ? sql`newest.age - ${days}::integer`
    : sql`newest.age - make_interval(days => ${days}::integer)`;
  const { count } = await sql`
    delete from ${sql(table)} where ctid = any (array(
      select old.ctid from unnest(${[...streams]}::text[]) as of (stream)
      cross join lateral (
        select ${age} as age from ${sql(table)} where stream = of.stream ${only}
        order by ${age} desc limit 1) as newest
      cross join lateral (
        select ctid from ${sql(table)} where stream = of.stream ${only} and ${age} < ${limit}
        order by ${age} limit ${rowsMax}) as old
      limit ${rowsMax}))`;
  return count;
}
