/** Brings a partition's actors into memory: saved folds first, then the log from there on. */
import type { Sql } from "../../events/log/database.ts";
import type { PartitionPosition } from "../../events/log/partitions.ts";
import { readPartition, readStream } from "../../events/log/read.ts";
import { createRegistry, type Registry, SnapshotGapError } from "./registry.ts";
import type { Floor, Snapshots } from "./snapshots.ts";

const PAGE = 10_000;

export interface Loaded {
  readonly registry: Registry;
  /** Actors that were restored from a snapshot. */
  readonly restored: number;
  /** Events that had to be folded from the log. */
  readonly folded: number;
}

export async function loadActors(
  sql: Sql,
  snapshots: Snapshots | undefined,
  position: PartitionPosition,
): Promise<Loaded> {
  if (snapshots) {
    const floor = await snapshots.floor(position.partition);
    if (floor && await isOurs(sql, position, floor)) {
      try {
        return await fromSnapshots(sql, snapshots, position, floor);
      } catch (error) {
        if (!(error instanceof SnapshotGapError)) throw error;
      }
    }
    // Nothing saved, or it is not of this log: make room for what will be.
    await snapshots.clear(position.partition);
  }
  const registry = createRegistry();
  const folded = await fold(sql, registry, position, 0);
  return { registry, restored: 0, folded };
}

/** Whether the log still holds the batch the floor was laid on. */
async function isOurs(sql: Sql, position: PartitionPosition, floor: Floor): Promise<boolean> {
  if (floor.offset > position.offset) return false;
  if (floor.batch === 0) return true;
  const [row] = await sql`
    select encode(hash, 'hex') as hash from batches
    where partition = ${position.partition} and batch = ${floor.batch}`;
  return row?.hash === floor.hash;
}

async function fromSnapshots(
  sql: Sql,
  snapshots: Snapshots,
  position: PartitionPosition,
  floor: Floor,
): Promise<Loaded> {
  const registry = createRegistry();
  const unusable: string[] = [];
  let restored = 0;
  for await (const saved of snapshots.list(position.partition)) {
    if (saved.offset > position.offset) {
      throw new SnapshotGapError(saved.stream, saved.version, position.offset);
    }
    if (saved.state === undefined) {
      unusable.push(saved.stream);
    } else {
      registry.restore(saved.stream, saved.state, saved.version, saved.offset);
      restored++;
    }
  }
  let folded = 0;
  for (const stream of unusable) folded += await foldStream(sql, registry, stream, position.offset);
  folded += await fold(sql, registry, position, floor.offset);
  return { registry, restored, folded };
}

async function fold(
  sql: Sql,
  registry: Registry,
  position: PartitionPosition,
  after: number,
): Promise<number> {
  let folded = 0;
  for (let offset = after; offset < position.offset;) {
    const events = await readPartition(sql, position.partition, offset, PAGE);
    const last = events.at(-1);
    if (!last) throw new Error(`Cannot read partition ${position.partition} after ${offset}`);
    for (const event of events) {
      if (event.offset <= position.offset) registry.replay(event);
    }
    offset = last.offset;
    folded += events.length;
  }
  return folded;
}

async function foldStream(
  sql: Sql,
  registry: Registry,
  stream: string,
  offsetMax: number,
): Promise<number> {
  let version = 0;
  for (;;) {
    const events = await readStream(sql, stream, version, PAGE);
    for (const event of events) if (event.offset <= offsetMax) registry.replay(event);
    version += events.length;
    if (events.length < PAGE) return version;
  }
}
