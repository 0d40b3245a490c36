/**
 * The partition worker: one loop that turns what the bus delivers into the log, at its own pace.
 *
 * While batch n commits, batch n + 1 is parsed and decided. If n fails, everything after it is
 * thrown away, the actors are read back, and reading starts again from the checkpoint. The
 * checkpoint in the database is the only truth; every recovery is that same restart.
 */
import type { JetStreamManager } from "@nats-io/jetstream";
import { answers, type NatsConnection } from "../../events/bus/connection.ts";
import {
  type BusMessage,
  follow,
  type Follower,
  FollowerEndedError,
} from "../../events/bus/follower.ts";
import { messageTimeUs, streamInfo } from "../../events/bus/stream.ts";
import { filtersOf } from "../../events/bus/subjects.ts";
import type { RecordedEvent } from "../../events/event.ts";
import { PartitionLostError, type PreparedBatch } from "../../events/log/append.ts";
import type { ConnectOptions, Sql } from "../../events/log/database.ts";
import {
  countQuarantined,
  ensureMonths,
  ownPartition,
  type PartitionPosition,
  readPosition,
} from "../../events/log/partitions.ts";
import { startWriter, type Writer } from "../../events/log/writer.ts";
import { ActorDamagedError, type BatchBuilder, type BatchStart, startBatch } from "./batch.ts";
import { loadActors } from "./load.ts";
import { joinHistory, rebase, recordMissing } from "./history.ts";
import type { Registry } from "./registry.ts";
import type { Snapshots } from "./snapshots.ts";
import { createSnapshotter, type Snapshotter } from "./snapshotter.ts";

const BATCH_MAX = 2_000;
/** A lone message waits this long for company: one commit for many is worth a few milliseconds. */
const LINGER_MS = 5;
/** How often silence is looked for. */
const TICK_MS = 1_000;
const RETRY_MS_MAX = 5_000;
/** With several partitions, one without messages moves its checkpoint past the others' this often. */
const ADVANCE_MS = 30_000;
const DAY_MS = 86_400_000;
/** A broker that is there answers a ping sooner. */
const ANSWER_MS = 1_000;
/** The log never waits longer than this for a read model. */
const CROWDED_MS_MAX = 100;
const CROWDED_PAUSE_MS = 2;

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
  let position: PartitionPosition | undefined;
  let state: WorkerStatus["state"] = "starting";
  let problem: string | undefined;
  let repeats = 0;
  let quarantined = 0;
  const writer: Writer = startWriter(deps.database);
  /** Messages taken from the follower whose batch is not yet on disk. */
  let uncommitted = 0;
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
        problem = error instanceof Error ? error.message : String(error);
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
      position = await readPosition(deps.sql, partition);
      quarantined = await countQuarantined(deps.sql, partition);
      deps.positioned(partition, position.offset);
      const loaded = await loadActors(deps.sql, deps.snapshots, position);
      registry = loaded.registry;
      deps.log("info", "actors loaded", {
        partition,
        actors: loaded.registry.actors.size,
        restored: loaded.restored,
        folded: loaded.folded,
      });
      const snapshotter = createSnapshotter(partition, deps.snapshots, registry, deps.log);
      while (!stopping) {
        try {
          await read(registry, snapshotter, succeeded);
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
      if (position) await snapshotter.saveAll(position);
    } finally {
      follower = undefined;
      await owner.release();
    }
  }

  /** Reads and appends until stopped or until the follower or the log fails. */
  async function read(
    actors: Registry,
    snapshotter: Snapshotter,
    succeeded: () => void,
  ): Promise<void> {
    if (!position) return;
    const at = position;
    if (!await answers(deps.connection, ANSWER_MS)) {
      throw new FollowerEndedError("The broker does not answer");
    }
    const joint = await joinHistory(deps, at);
    const filters = filtersOf(partition, deps.partitions);
    const reader = await follow(deps.connection, deps.manager, joint.start, filters);
    follower = reader;
    const rebased = await rebase(deps, at, joint, reader.startsAfter);
    const { created, resume } = joint;
    if (rebased.record) {
      deps.log("error", "the broker does not have what it had", { partition, ...resume });
    }
    state = "running";
    problem = undefined;
    ready.resolve();
    succeeded();

    let committing: Promise<void> = Promise.resolve();
    let listeningSince = reader.pending() === 0 ? deps.now() : Infinity;
    let tickAt = deps.now() + TICK_MS;
    let monthsAt = deps.now() + DAY_MS;
    let advanceAt = deps.now() + ADVANCE_MS;
    /** The position after the batch decided last, on disk or not yet. */
    let next = rebased.position;
    writer.begin(next.hash);

    const begin = (now: number): BatchBuilder =>
      startBatch({
        partition,
        partitions: deps.partitions,
        batch: next.batch + 1,
        epoch: next.epoch,
        offset: next.offset,
        now,
        foretell: deps.foretell,
      }, actors);

    /**
     * A quiet partition notes that nothing up to the stream's end was for it. Otherwise its old
     * checkpoint would keep the broker from forgetting what the other partitions have dealt with.
     */
    async function advance(): Promise<void> {
      const sequence = (await streamInfo(deps.manager))?.state.last_seq ?? 0;
      if (sequence <= next.sequence || !await reader.idle()) return;
      const timeUs = await messageTimeUs(deps.manager, sequence) ?? 0;
      const now = deps.now();
      await commit(begin(now), [], now, { sequence, timeUs });
    }

    /** Gives the actors their messages, and records what the broker has lost between them. */
    function tell(builder: BatchBuilder, messages: readonly BusMessage[]): void {
      let expected = next.sequence + 1;
      for (const message of messages) {
        // With several partitions the sequences between two of ours are the others'.
        if (deps.partitions === 1 && message.sequence > expected) {
          const missing = { fromSequence: expected, toSequence: message.sequence - 1 };
          deps.log("error", "messages are missing from the broker", { partition, ...missing });
          recordMissing(builder, actors, partition, missing, deps.now());
        }
        builder.message(message);
        expected = message.sequence + 1;
      }
    }

    /** Sends a decided batch to the log behind the one before it. */
    async function commit(
      builder: BatchBuilder,
      messages: readonly BusMessage[],
      now: number,
      upTo: { sequence: number; timeUs: number } | undefined = messages.at(-1),
    ): Promise<void> {
      const decided = builder.finish();
      const prepared: PreparedBatch = {
        row: {
          partition,
          batch: next.batch + 1,
          firstOffset: next.offset + 1,
          lastOffset: builder.offset,
          epoch: next.epoch,
          firstSequence: next.sequence + 1,
          lastSequence: upTo?.sequence ?? next.sequence,
          repeats: decided.repeats,
          quarantined: decided.quarantine.length,
          recordedAt: now,
        },
        eventLines: decided.eventLines,
        quarantine: decided.quarantine,
        sequenceTimeUs: upTo?.timeUs ?? next.sequenceTimeUs,
        streamCreated: created,
      };
      uncommitted += messages.length;
      next = {
        ...next,
        batch: prepared.row.batch,
        offset: prepared.row.lastOffset,
        sequence: prepared.row.lastSequence,
        sequenceTimeUs: prepared.sequenceTimeUs,
        streamCreated: created,
      };
      const reached = next;
      const below = committing;
      const appended = writer.append(prepared);
      committing = (async () => {
        const hash = await appended;
        await below;
        position = { ...reached, hash };
        uncommitted -= messages.length;
        repeats += decided.repeats.length;
        quarantined += decided.quarantine.length;
        deps.committed(decided.events);
        for (const { subject, answer } of decided.answers) {
          if (!deps.connection.isClosed()) {
            deps.connection.publish(subject, JSON.stringify(answer));
          }
        }
      })();
      // A failed append must not wait for the next message to be noticed.
      committing.catch((error) => reader.fail(error));
      // One batch being written and one waiting to be are enough to keep the writer busy.
      await below;
    }

    let failure: unknown;
    try {
      if (rebased.record) {
        const now = deps.now();
        const builder = begin(now);
        rebased.record(builder, actors, now);
        await commit(builder, [], now);
      }
      while (!stopping) {
        const patience = deps.now() + CROWDED_MS_MAX;
        while (deps.crowded() && deps.now() < patience) await pause(CROWDED_PAUSE_MS);
        const messages = await reader.take(BATCH_MAX, LINGER_MS, Math.max(1, tickAt - deps.now()));
        const now = deps.now();
        const ticking = now >= tickAt;
        if (snapshotter.due(now) && position) {
          // Only what is on disk may be saved, so nothing may be under way.
          await committing;
          snapshotter.saveSome(position, now);
        }
        if (messages.length === 0 && !ticking) continue;
        const builder = begin(now);
        tell(builder, messages);
        if (ticking) {
          tickAt = now + TICK_MS;
          if (listeningSince === Infinity && reader.pending() === 0) listeningSince = now;
          if (listeningSince !== Infinity) tickDue(actors, builder, now, listeningSince);
          if (now >= monthsAt) {
            await ensureMonths(deps.sql, now);
            monthsAt = now + DAY_MS;
          }
        }
        if (messages.length > 0 || builder.offset > next.offset) {
          await commit(builder, messages, now);
          advanceAt = now + ADVANCE_MS;
        } else if (deps.partitions > 1 && now >= advanceAt) {
          advanceAt = now + ADVANCE_MS;
          await advance();
        }
      }
    } catch (error) {
      failure = error;
    }
    // What was decided is either written now, or thrown away together with the actors.
    await committing.catch((error) => failure = error);
    uncommitted = 0;
    reader.close();
    if (failure) throw failure;
  }

  function tickDue(
    actors: Registry,
    builder: BatchBuilder,
    now: number,
    listeningSince: number,
  ): void {
    for (const actor of actors.actors.values()) {
      if (actor.decider.nextDeadline(actor.state) <= now) builder.tick(actor, listeningSince);
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
      batch: position?.batch ?? 0,
      offset: position?.offset ?? 0,
      sequence: position?.sequence ?? 0,
      problem,
      repeats,
      quarantined,
      actors: registry?.actors.size ?? 0,
    }),
    async lag() {
      if (state !== "running" || !follower) return undefined;
      if (deps.partitions > 1) return await follower.undelivered() + uncommitted;
      const info = await streamInfo(deps.manager);
      return info && Math.max(0, info.state.last_seq - (position?.sequence ?? 0));
    },
    async stop() {
      stopping = true;
      wakeRetry?.();
      follower?.wake();
      await done.catch(() => {});
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Errors no restart can mend. */
function isFinal(error: unknown): boolean {
  return error instanceof PartitionLostError ||
    (error instanceof Error && error.name === "PartitionOwnedError");
}
