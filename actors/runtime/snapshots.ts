/**
 * Saved folds, in Deno KV: a shortcut for start-up, never a truth.
 *
 * Every actor's record carries the version and offset of its last event, and the batch on which the
 * log ended when it was saved. The floor says up to which offset every actor has been saved;
 * start-up restores what is saved and folds the log from there. Anything that does not fit the log
 * at hand (another log, an older state shape, a damaged record, a log that was restored to an
 * earlier day and went on differently) is ignored, and the log is folded instead.
 */
import { deviceOf } from "../../events/vocabulary.ts";
import { type AnyState, deciderOf } from "../mod.ts";
import type { Actor } from "./registry.ts";

/** Where the log ended: its last batch, and the hash by which a log is known to hold that one. */
export interface LogEnd {
  readonly batch: number;
  readonly hash: string;
}

export interface Floor extends LogEnd {
  readonly offset: number;
}

export interface SavedState extends LogEnd {
  readonly version: number;
  readonly offset: number;
  readonly state: AnyState;
}

export interface SavedActor {
  readonly stream: string;
  /** Undefined where this build cannot use what was saved. */
  readonly saved: SavedState | undefined;
}

export interface Snapshots {
  floor(partition: number): Promise<Floor | undefined>;
  /** Everything saved of a partition. */
  list(partition: number): AsyncIterable<SavedActor>;
  /**
   * Saves these actors as they are at the end of the log; what becomes of them does not matter.
   * Resolves with the bytes that were written.
   */
  save(partition: number, actors: readonly Actor[], end: LogEnd): Promise<number>;
  saveFloor(partition: number, floor: Floor): Promise<void>;
  clear(partition: number): Promise<void>;
  close(): void;
}

/** Deno KV takes at most 64 KiB a value and about 800 KB a transaction. */
const ATOMIC_BYTES = 600_000;
const VALUE_BYTES_MAX = 60_000;
/** Saved in place of a state that is larger. */
const TOO_LARGE = "{}";

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
        yield { stream, saved: decode(value, stateVersionOf(stream)) };
      }
    },

    async save(partition, actors, end) {
      let atomic = kv.atomic();
      let bytes = 0;
      let written = 0;
      const commits: Promise<unknown>[] = [];
      for (const { stream, version, offset, state, decider } of actors) {
        const { batch, hash } = end;
        const { stateVersion } = decider;
        const saved = { stateVersion, version, offset, batch, hash, state };
        let value = encoder.encode(JSON.stringify(saved));
        // Bounded states stay below; one that does not is folded from the log at start-up.
        if (value.length > VALUE_BYTES_MAX) value = encoder.encode(TOO_LARGE);
        if (bytes + value.length > ATOMIC_BYTES) {
          commits.push(atomic.commit());
          atomic = kv.atomic();
          bytes = 0;
        }
        atomic.set(actorKey(partition, stream), value);
        bytes += value.length;
        written += value.length;
      }
      commits.push(atomic.commit());
      await Promise.all(commits);
      return written;
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
  return deciderOf(kind)?.stateVersion ?? 1;
}

/** A record as it was saved; undefined where it is damaged, too large, or of another shape. */
function decode(value: unknown, stateVersion: number): SavedState | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  let saved: Partial<SavedState & { stateVersion: number }> | null;
  try {
    saved = JSON.parse(decoder.decode(value));
  } catch {
    return undefined; // Not JSON: a damaged record.
  }
  if (saved?.stateVersion !== stateVersion) return undefined;
  const { version, offset, batch, hash, state } = saved;
  if (![version, offset, batch].every(Number.isSafeInteger)) return undefined;
  if (typeof hash !== "string" || typeof state !== "object" || state === null) return undefined;
  return saved as SavedState;
}
