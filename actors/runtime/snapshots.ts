/**
 * Saved folds, in Deno KV: a shortcut for start-up, never a truth.
 *
 * Every actor's record carries the version and offset it was taken at. The floor says up to which
 * offset every actor has been saved; start-up restores what is saved and folds the log from there.
 * Anything that does not fit the log at hand (another log, an older state shape, a log that was
 * restored to an earlier day) is ignored, and the log is folded instead.
 */
import type { DeviceState } from "../mod.ts";
import { deviceOf, isKind } from "../../events/vocabulary.ts";
import { deciders } from "../mod.ts";
import type { Actor } from "./registry.ts";

export interface Floor {
  readonly offset: number;
  readonly batch: number;
  /** Hash of that batch: the log must still hold it. */
  readonly hash: string;
}

export interface SavedActor {
  readonly stream: string;
  readonly version: number;
  readonly offset: number;
  readonly state: DeviceState | undefined;
}

interface Saved {
  readonly stateVersion: number;
  readonly version: number;
  readonly offset: number;
  /** Absent where it was too large to save. */
  readonly state?: DeviceState;
}

export interface Snapshots {
  floor(partition: number): Promise<Floor | undefined>;
  /** Everything saved of a partition. `state` is undefined where this build cannot use it. */
  list(partition: number): AsyncIterable<SavedActor>;
  /** Saves these actors as they are now; what they become afterwards does not matter. */
  save(partition: number, actors: readonly Actor[]): Promise<void>;
  saveFloor(partition: number, floor: Floor): Promise<void>;
  clear(partition: number): Promise<void>;
  close(): void;
}

/** Deno KV takes at most 64 KiB a value and about 800 KB a transaction. */
const ATOMIC_BYTES = 600_000;
const VALUE_BYTES_MAX = 60_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export async function openSnapshots(path: string, logId: string): Promise<Snapshots> {
  const kv = await Deno.openKv(path);
  const actorKey = (partition: number, stream: string) => ["actor", logId, partition, stream];

  return {
    async floor(partition) {
      return (await kv.get<Floor>(["floor", logId, partition])).value ?? undefined;
    },

    async *list(partition) {
      const saved = kv.list<Uint8Array>({ prefix: ["actor", logId, partition] }, {
        batchSize: 500,
      });
      for await (const { key, value } of saved) {
        const stream = String(key[3]);
        const { stateVersion, version, offset, state } = JSON.parse(decoder.decode(value)) as Saved;
        const usable = stateVersion === stateVersionOf(stream);
        yield { stream, version, offset, state: usable ? state : undefined };
      }
    },

    async save(partition, actors) {
      let atomic = kv.atomic();
      let bytes = 0;
      const commits: Promise<unknown>[] = [];
      for (const { stream, version, offset, state, decider } of actors) {
        const saved: Saved = { stateVersion: decider.stateVersion, version, offset, state };
        let value = encoder.encode(JSON.stringify(saved));
        // Bounded states stay below; one that does not is folded from the log at start-up.
        if (value.length > VALUE_BYTES_MAX) {
          value = encoder.encode(JSON.stringify({ ...saved, state: undefined }));
        }
        if (bytes + value.length > ATOMIC_BYTES) {
          commits.push(atomic.commit());
          atomic = kv.atomic();
          bytes = 0;
        }
        atomic.set(actorKey(partition, stream), value);
        bytes += value.length;
      }
      commits.push(atomic.commit());
      await Promise.all(commits);
    },

    async saveFloor(partition, floor) {
      await kv.set(["floor", logId, partition], floor);
    },

    async clear(partition) {
      await kv.delete(["floor", logId, partition]);
      for await (const { key } of kv.list({ prefix: ["actor", logId, partition] })) {
        await kv.delete(key);
      }
    },

    close: () => kv.close(),
  };
}

function stateVersionOf(stream: string): number {
  const { kind } = deviceOf(stream);
  return isKind(kind) ? deciders[kind].stateVersion : 1;
}
