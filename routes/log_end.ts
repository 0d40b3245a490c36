/**
 * Where the log ends, for what must include everything that was acknowledged until now.
 *
 * A device that publishes over NATS has the broker's word for it a moment before the log has the
 * message: that moment is waited for, and no longer, so that a backlog does not keep anybody.
 */
import { readHeads } from "../events/log/query.ts";
import type { Deps, Offsets, Stats } from "./deps.ts";

const PATIENCE_MS = 2_000;
const LOOK_MS = 20;

type Partition = Stats["partitions"][number];

export async function endOfLog({ sql, stats }: Pick<Deps, "sql" | "stats">): Promise<Offsets> {
  const deadline = performance.now() + PATIENCE_MS;
  const before = (await stats()).partitions;
  for (let now = before; !now.every((one, i) => hasReached(one, before[i] ?? one));) {
    if (performance.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    now = (await stats()).partitions;
  }
  return await readHeads(sql);
}

/** A broker that cannot be asked (null) has acknowledged nothing since. */
function hasReached(now: Partition, before: Partition): boolean {
  return !now.lag || now.broker_sequence >= before.broker_sequence + (before.lag ?? 0);
}
