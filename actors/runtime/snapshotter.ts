/** When to save which actors: a few at a time, so that saving never stops the partition. */
import type { PartitionPosition } from "../../events/log/partitions.ts";
import type { Actor, Registry } from "./registry.ts";
import type { LogEnd, Snapshots } from "./snapshots.ts";

const ROUND_MS = 30_000;
/** Actors saved between two batches. */
const CHUNK = 200;

export interface Snapshotter {
  /** Whether there is something to save now. */
  due(now: number): boolean;
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
      await store.save(partition, chunk, logEnd(position));
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
    due(now) {
      if (!snapshots || busy) return false;
      return waiting.length > 0 || now - roundAt >= ROUND_MS;
    },
    saveSome(position, now) {
      if (!snapshots) return;
      if (waiting.length === 0) {
        roundAt = now;
        roundFailed = false;
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
