/** Which streams there are. */
import type { Sql } from "./database.ts";

const NAMES_MAX = 100_000;

/** Their names in order: a step of the index for each, however many events they have. */
export async function streamNames(sql: Sql): Promise<string[]> {
  const rows = await sql<{ stream: string }[]>`
    with recursive found(stream) as (
      (select min(stream) from events)
      union all
      select (select min(stream) from events where events.stream > found.stream)
      from found where found.stream is not null
    )
    select stream from found where stream is not null limit ${NAMES_MAX}`;
  return rows.map(({ stream }) => stream);
}
