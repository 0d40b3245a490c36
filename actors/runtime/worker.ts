/**
 * The partition worker: takes ownership of a partition, reads its actors back, and has it read
 * (`reading.ts`) until told to stop. The checkpoint in the database is the only truth; every
 * recovery is the same restart from it.
 */
import type { JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "../../events/bus/connection.ts";
import { type Follower, FollowerEndedError } from "../../events/bus/follower.ts";
import { streamInfo } from "../../events/bus/stream.ts";
import { messageOf } from "../../events/errors.ts";
import type { RecordedEvent } from "../../events/event.ts";
import { PartitionLostError } from "../../events/log/append.ts";
import type { ConnectOptions, Sql } from "../../events/log/database.ts";
import {
  countQuarantined,
  ensureMonths,
  ownPartition,
  readPosition,
} from "../../events/log/partitions.ts";
import { startWriter, type Writer } from "../../events/log/writer.ts";
import type { Scorer } from "../../models/failure/scorer.ts";
import { writeAtmFeatures } from "../atm_features.ts";
import type { DeviceState } from "../mod.ts";
import { ActorDamagedError, type BatchStart } from "./batch.ts";
import { loadActors } from "./load.ts";
import { createPeers, type PeersAround } from "./peers.ts";
import { readOn, type Standing } from "./reading.ts";
import type { Registry } from "./registry.ts";
import type { Snapshots } from "./snapshots.ts";
import { createSnapshotter } from "./snapshotter.ts";
import { startWaveforms } from "./waveforms.ts";

const RETRY_MS_MAX = 5_000;

export interface WorkerDeps {
  readonly sql: Sql;
  /** How the writer's thread reaches the same database. */
  readonly database: ConnectOptions;
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly snapshots: Snapshots | undefined;
  readonly partitions: number;
  readonly now: () => number;
  /**
   * Called when a partition is taken up, with the last offset in the log: a commit whose outcome
   * got lost may have moved it.
   */
  readonly positioned: (partition: number, offset: number) => void;
  /** Whether whoever gets what was committed needs a moment; the worker then waits, a little. */
  readonly crowded: () => boolean;
  /** What models have foretold; asked of every reading, so it must be quick. */
  readonly foretell: BatchStart["foretell"];
  /** The failure model in force. */
  readonly scorer: Pick<Scorer, "serving" | "score">;
  /** From one score of an ATM to its next. */
  readonly scoreEveryMs: number;
  /** Called after each commit, in order. */
  readonly committed: (events: readonly RecordedEvent[]) => void;
  readonly log: (level: "info" | "warn" | "error", message: string, fields?: object) => void;
}

export interface WorkerStatus {
  readonly partition: number;
  readonly state: "starting" | "running" | "recovering" | "stopped";
  readonly batch: number;
  readonly offset: number;
  readonly sequence: number;
  /** Why it is recovering. */
  readonly problem: string | undefined;
  /** Messages recognised as repeats since this process started. */
  readonly repeats: number;
  /** Messages in quarantine. */
  readonly quarantined: number;
  readonly actors: number;
}

export interface Worker {
  /** Resolves when the worker first reads; rejects when it cannot ever (not the owner). */
  readonly ready: Promise<void>;
  /** Resolves when it has ended; rejects when it lost its partition. */
  readonly done: Promise<void>;
  status(): WorkerStatus;
  /**
   * Writes what the failure model sees of an ATM now into a row, from a place on; or says why nothing
   * can be foretold, `elsewhere` where it has no actor here.
   */
  features(
    stream: string,
    now: number,
    into: Float32Array,
    from: number,
  ): ReturnType<typeof writeAtmFeatures> | "elsewhere";
  /** Messages JetStream has stored for this partition and the log has not; undefined if unknown. */
  lag(): Promise<number | undefined>;
  /** Takes no more, commits what it took, saves the actors, and ends. */
  stop(): Promise<void>;
}

export function startWorker(partition: number, deps: WorkerDeps): Worker {
  let stopping = false;
  let wakeRetry: (() => void) | undefined;
  let follower: Follower | undefined;
  let registry: Registry | undefined;
  let peers: PeersAround | undefined;
  let standing: Standing | undefined;
  let state: WorkerStatus["state"] = "starting";
  let problem: string | undefined;
  const writer: Writer = startWriter(deps.database);
  const waveforms = startWaveforms(deps);
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {}); // Whoever waits for it sees it.

  async function run(): Promise<void> {
    for (let failures = 0; !stopping;) {
      try {
        await session(() => failures = 0);
      } catch (error) {
        if (isFinal(error)) throw error;
        if (error instanceof ActorDamagedError) await forgetSnapshots();
        state = "recovering";
        problem = messageOf(error);
        failures++;
        const waitMs = Math.min(RETRY_MS_MAX, 100 * 2 ** Math.min(failures, 6));
        deps.log("warn", "partition restarts from its checkpoint", { partition, problem, waitMs });
        if (!stopping) await retryPause(waitMs);
      }
    }
    state = "stopped";
  }

  async function forgetSnapshots(): Promise<void> {
    try {
      await deps.snapshots?.clear(partition);
    } catch (error) {
      deps.log("warn", "snapshots could not be cleared", { partition, problem: String(error) });
    }
  }

  async function runAndClose(): Promise<void> {
    try {
      await run();
    } finally {
      await waveforms.stop();
      await writer.close();
    }
  }

  function retryPause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeRetry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** From taking ownership to losing the database: actors stay in memory across broker troubles. */
  async function session(succeeded: () => void): Promise<void> {
    const owner = await ownPartition(deps.sql, partition, 5_000);
    try {
      await ensureMonths(deps.sql, deps.now());
      const position = await readPosition(deps.sql, partition);
      standing = {
        position,
        uncommitted: 0,
        repeats: standing?.repeats ?? 0,
        quarantined: await countQuarantined(deps.sql, partition),
      };
      deps.positioned(partition, position.offset);
      const loaded = await loadActors(deps.sql, deps.snapshots, position);
      registry = loaded.registry;
      const around = createPeers(registry);
      peers = around;
      deps.log("info", "actors loaded", {
        partition,
        actors: loaded.registry.actors.size,
        restored: loaded.restored,
        folded: loaded.folded,
      });
      const begun = (reader: Follower) => {
        follower = reader;
        state = "running";
        problem = undefined;
        ready.resolve();
        succeeded();
      };
      const snapshotter = createSnapshotter(partition, deps.snapshots, registry, deps.log);
      while (!stopping) {
        try {
          await readOn({
            partition,
            deps,
            actors: registry,
            peers: around,
            snapshotter,
            writer,
            waveforms,
            standing,
            stopping: () => stopping,
            begun,
          });
        } catch (error) {
          if (!(error instanceof FollowerEndedError)) throw error;
          state = "recovering";
          if (problem !== error.message) {
            problem = error.message;
            deps.log("warn", "reading is interrupted", { partition, problem });
          }
          if (!stopping) await retryPause(250);
        }
      }
      await snapshotter.saveAll(standing.position);
    } finally {
      follower = undefined;
      await owner.release();
    }
  }

  const done = runAndClose();
  done.catch((error) => {
    state = "stopped";
    problem = error.message;
    ready.reject(error);
  });

  return {
    ready: ready.promise,
    done,
    status: () => ({
      partition,
      state,
      batch: standing?.position.batch ?? 0,
      offset: standing?.position.offset ?? 0,
      sequence: standing?.position.sequence ?? 0,
      problem,
      repeats: standing?.repeats ?? 0,
      quarantined: standing?.quarantined ?? 0,
      actors: registry?.actors.size ?? 0,
    }),
    features(stream, now, into, from) {
      const state = registry?.actors.get(stream)?.state as DeviceState | undefined;
      if (!state?.known) return "elsewhere";
      return writeAtmFeatures(state, now, into, from, () => peers?.of(stream));
    },
    async lag() {
      if (state !== "running" || !follower) return undefined;
      if (deps.partitions > 1) return await follower.undelivered() + (standing?.uncommitted ?? 0);
      const info = await streamInfo(deps.manager);
      return info && Math.max(0, info.state.last_seq - (standing?.position.sequence ?? 0));
    },
    async stop() {
      stopping = true;
      wakeRetry?.();
      follower?.wake();
      await done.catch(() => {});
    },
  };
}

/** Errors no restart can mend. */
function isFinal(error: unknown): boolean {
  return error instanceof PartitionLostError ||
    (error instanceof Error && error.name === "PartitionOwnedError");
}
