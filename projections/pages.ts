/** A partition's events in large pages, the next one read while the last is folded. */
import type { RecordedEvent } from "../events/event.ts";
import type { Sql, TransactionSql } from "../events/log/database.ts";
import { readPartition } from "../events/log/read.ts";

const PAGE_EVENTS = 10_000;

/** The events after one offset up to another, in order. */
export async function* readPages(
  sql: Sql | TransactionSql,
  partition: number,
  after: number,
  upTo: number,
): AsyncGenerator<readonly RecordedEvent[]> {
  const read = (from: number) =>
    readPartition(sql, partition, from, Math.min(PAGE_EVENTS, upTo - from));
  let reading = after < upTo ? read(after) : undefined;
  while (reading !== undefined) {
    const page = await reading;
    const last = page.at(-1);
    if (last === undefined) {
      throw new Error(
        `Cannot read partition ${partition} after offset ${after}: its head says ${upTo}, the log has no more events`,
      );
    }
    after = last.offset;
    reading = after < upTo ? read(after) : undefined;
    // Rejections surface at the await above; until then nobody listens.
    reading?.catch(() => {});
    yield page;
  }
}
