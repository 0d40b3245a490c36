/**
 * Lets the broker forget what the log has.
 *
 * A grace period is kept, for whoever wants to look at the bus itself; when the stream fills up,
 * room for new messages matters more. The message at the lowest checkpoint always stays: by it the
 * next start recognises the broker's history.
 */
import type { JetStreamManager } from "@nats-io/jetstream";
import { fullness, streamInfo, trimBelow } from "../../events/bus/stream.ts";
import { type Sql, sqlInstant } from "../../events/log/database.ts";

const GRACE_MS = 3_600_000;
/** When the stream is fuller than this, the grace period is given up. */
const FULL_SHARE = 0.5;

/** Returns how many messages the broker was told to forget. */
export async function trim(sql: Sql, manager: JetStreamManager, now: number): Promise<number> {
  const info = await streamInfo(manager);
  if (!info || info.state.messages === 0) return 0;
  const full = fullness(info) > FULL_SHARE;
  const below = full ? await lowestCheckpoint(sql) : await dealtWithBefore(sql, now - GRACE_MS);
  if (below === undefined || below <= info.state.first_seq) return 0;
  return await trimBelow(manager, below);
}

async function lowestCheckpoint(sql: Sql): Promise<number | undefined> {
  const [row] = await sql`select min(sequence) as sequence from partitions`;
  return row?.sequence ?? undefined;
}

/** The lowest sequence any partition had reached by then, in the broker's present history. */
async function dealtWithBefore(sql: Sql, moment: number): Promise<number | undefined> {
  const rows = await sql`
    select (
      select last_sequence from batches
      where batches.partition = partitions.partition and batches.epoch = partitions.epoch
        and recorded_at < ${sqlInstant(moment)}::timestamptz
      order by batch desc limit 1
    ) as sequence from partitions`;
  const sequences = rows.map(({ sequence }) => sequence as number | null);
  if (sequences.some((sequence) => sequence === null)) return undefined;
  return Math.min(...sequences.map(Number));
}
