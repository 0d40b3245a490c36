/** Brings a partition's actors into memory: saved folds first, then the log from there on. */
import type { Sql } from "../../events/log/database.ts";
import type { PartitionPosition } from "../../events/log/partitions.ts";
import { readPartition, readStream } from "../../events/log/read.ts";
import { createRegistry, type Registry, SnapshotGapError } from "./registry.ts";
import type { Floor, LogEnd, SavedActor, Snapshots } from "./snapshots.ts";

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
    const found = await readSaved(snapshots, position.partition);
    const loaded = found && await fromSnapshots(sql, found, position);
    if (loaded) return loaded;
    // Nothing saved, or it is not of this log: make room for what will be.
    await snapshots.clear(position.partition).catch(() => {}); // Saving will tell what is wrong.
  }
  const registry = createRegistry();
  const folded = await fold(sql, registry, position, 0);
  return { registry, restored: 0, folded };
}

interface Found {
  readonly floor: Floor;
  readonly actors: readonly SavedActor[];
}

/** Undefined where there is nothing, or it cannot be read: a cache that is damaged is an empty one. */
async function readSaved(snapshots: Snapshots, partition: number): Promise<Found | undefined> {
  try {
    const floor = await snapshots.floor(partition);
    return floor && { floor, actors: await Array.fromAsync(snapshots.list(partition)) };
  } catch {
    return undefined;
  }
}

/** Undefined where what was saved does not join up with the log. */
async function fromSnapshots(
  sql: Sql,
  { floor, actors }: Found,
  position: PartitionPosition,
): Promise<Loaded | undefined> {
  const ends = [floor, ...actors.flatMap(({ saved }) => saved ?? [])];
  const held = await batchesHeld(sql, position.partition, ends);
  const isOurs = ({ batch, hash }: LogEnd): boolean => batch === 0 || held.get(batch) === hash;
  if (!isOurs(floor) || floor.offset > position.offset) return undefined;

  const registry = createRegistry();
  const unusable: string[] = [];
  for (const { stream, saved } of actors) {
    if (saved && isOurs(saved)) {
      registry.restore(stream, saved.state, saved.version, saved.offset);
    } else {
      unusable.push(stream);
    }
  }
  try {
    let folded = 0;
    for (const stream of unusable) {
      folded += await foldStream(sql, registry, stream, position.offset);
    }
    folded += await fold(sql, registry, position, floor.offset);
    return { registry, restored: actors.length - unusable.length, folded };
  } catch (error) {
    if (error instanceof SnapshotGapError) return undefined;
    throw error;
  }
}

/** The hashes of those of the batches that the log holds. */
async function batchesHeld(
  sql: Sql,
  partition: number,
  ends: readonly LogEnd[],
): Promise<Map<number, string>> {
  const wanted = [...new Set(ends.map(({ batch }) => batch))];
  const rows = await sql<{ batch: number; hash: string }[]>`
    select batch, encode(hash, 'hex') as hash from batches
    where partition = ${partition} and batch = any(${wanted}::bigint[])`;
  return new Map(rows.map(({ batch, hash }) => [batch, hash]));
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
