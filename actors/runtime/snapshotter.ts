/** When to save which actors: a few at a time, so that saving never stops the partition. */
import type { PartitionPosition } from "../../events/log/partitions.ts";
import type { Actor, Registry } from "./registry.ts";
import type { LogEnd, Snapshots } from "./snapshots.ts";

const ROUND_MS = 30_000;
/**
 * A large fleet is saved less often, so that no more than this is written a second: ten thousand
 * ATMs, each of which changes twice a minute, are 230 MB.
 */
const BYTES_PER_MS = 1_000;
/** Unless so many events came meanwhile: folding them again would hold up a start. */
const EVENTS_MAX = 200_000;
/** Actors saved between two batches. */
const CHUNK = 200;

export interface Snapshotter {
  /** Whether there is something to save now, the log being at this offset. */
  due(now: number, offset: number): boolean;
  /** Saves the next few. To be called only when everything decided is on disk. */
  saveSome(position: PartitionPosition, now: number): void;
  /** Saves all that changed, and the floor: a clean end makes the next start instant. */
  saveAll(position: PartitionPosition): Promise<void>;
}

export function createSnapshotter(
  partition: number,
  snapshots: Snapshots | undefined,
  registry: Registry,
  log: (level: "warn", message: string, fields?: object) => void,
): Snapshotter {
  let waiting: Actor[] = [];
  /** Where the log stood when the round began: everything up to there is saved when it ends. */
  let roundPosition: PartitionPosition | undefined;
  let roundAt = 0;
  /** Written in the round under way, or the last one. */
  let roundBytes = 0;
  let writing: Promise<void> = Promise.resolve();
  let busy = false;
  let roundFailed = false;

  function take(count: number): Actor[] {
    const chunk = waiting.splice(-count, count);
    for (const actor of chunk) actor.changed = false;
    return chunk;
  }

  async function write(
    store: Snapshots,
    chunk: Actor[],
    position: PartitionPosition,
    floor?: PartitionPosition,
  ): Promise<void> {
    try {
      roundBytes += await store.save(partition, chunk, logEnd(position));
      // The floor promises that everything below it is saved.
      if (floor && !roundFailed) {
        await store.saveFloor(partition, { offset: floor.offset, ...logEnd(floor) });
      }
    } catch (error) {
      // Nothing is lost: the log is folded from an earlier floor at the next start.
      for (const actor of chunk) actor.changed = true;
      roundFailed = true;
      log("warn", "snapshots could not be saved", { partition, problem: String(error) });
    }
  }

  return {
    due(now, offset) {
      if (!snapshots || busy) return false;
      if (waiting.length > 0) return true;
      const passedMs = now - roundAt;
      if (passedMs < ROUND_MS) return false;
      return passedMs >= roundBytes / BYTES_PER_MS ||
        offset - (roundPosition?.offset ?? 0) >= EVENTS_MAX;
    },
    saveSome(position, now) {
      if (!snapshots) return;
      if (waiting.length === 0) {
        roundAt = now;
        roundFailed = false;
        roundBytes = 0;
        waiting = [...registry.actors.values()].filter((actor) => actor.changed);
        roundPosition = position;
        if (waiting.length === 0) return;
      }
      const chunk = take(CHUNK);
      const floor = waiting.length === 0 ? roundPosition : undefined;
      busy = true;
      writing = write(snapshots, chunk, position, floor).finally(() => busy = false);
    },
    async saveAll(position) {
      if (!snapshots) return;
      await writing;
      roundFailed = false;
      waiting = [...registry.actors.values()].filter((actor) => actor.changed);
      while (waiting.length > CHUNK) await write(snapshots, take(CHUNK), position);
      await write(snapshots, take(CHUNK), position, position);
    },
  };
}

function logEnd({ batch, hash }: PartitionPosition): LogEnd {
  return { batch, hash: hash.toHex() };
}
