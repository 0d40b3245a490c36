/**
 * The reading loop of a partition: takes what the bus delivers, has it decided, and sends it to the
 * log, at its own pace.
 *
 * While batch n commits, batch n + 1 is parsed and decided. If n fails, everything after it is
 * thrown away together with the actors.
 */
import { answers } from "../../events/bus/connection.ts";
import {
  type BusMessage,
  follow,
  type Follower,
  FollowerEndedError,
} from "../../events/bus/follower.ts";
import { messageTimeUs, streamInfo } from "../../events/bus/stream.ts";
import { filtersOf } from "../../events/bus/subjects.ts";
import type { PreparedBatch } from "../../events/log/append.ts";
import { ensureMonths, type PartitionPosition } from "../../events/log/partitions.ts";
import type { Writer } from "../../events/log/writer.ts";
import { type BatchBuilder, startBatch } from "./batch.ts";
import { joinHistory, rebase, recordMissing } from "./history.ts";
import type { PeersAround } from "./peers.ts";
import type { Registry } from "./registry.ts";
import { startScoring } from "./scoring.ts";
import type { Snapshotter } from "./snapshotter.ts";
import type { Waveforms } from "./waveforms.ts";
import type { WorkerDeps } from "./worker.ts";

const BATCH_MAX = 2_000;
/** A lone message waits this long for company: one commit for many is worth a few milliseconds. */
const LINGER_MS = 5;
/** How often silence is looked for. */
const TICK_MS = 1_000;
/** With several partitions, one without messages moves its checkpoint past the others' this often. */
const ADVANCE_MS = 30_000;
const DAY_MS = 86_400_000;
/** A broker that is there answers a ping sooner. */
const ANSWER_MS = 1_000;
/** The log never waits longer than this for a read model. */
const CROWDED_MS_MAX = 100;
const CROWDED_PAUSE_MS = 2;

/** How far a partition is; kept by whoever reads it. */
export interface Standing {
  /** After the last batch on disk. */
  position: PartitionPosition;
  /** Messages taken from the follower whose batch is not yet on disk. */
  uncommitted: number;
  /** Messages recognised as repeats since this process started. */
  repeats: number;
  /** Messages in quarantine. */
  quarantined: number;
}

export interface Reading {
  readonly partition: number;
  readonly deps: WorkerDeps;
  readonly actors: Registry;
  readonly peers: PeersAround;
  readonly snapshotter: Snapshotter;
  readonly writer: Writer;
  readonly waveforms: Waveforms;
  readonly standing: Standing;
  readonly stopping: () => boolean;
  /** Called when it has joined up with the broker's history and begins. */
  readonly begun: (reader: Follower) => void;
}

/** Reads and appends until stopped or until the follower or the log fails. */
export async function readOn(context: Reading): Promise<void> {
  const { partition, deps, actors, snapshotter, writer, standing } = context;
  const at = standing.position;
  if (!await answers(deps.connection, ANSWER_MS)) {
    throw new FollowerEndedError("The broker does not answer");
  }
  const joint = await joinHistory(deps, at);
  const filters = filtersOf(partition, deps.partitions);
  const reader = await follow(deps.connection, deps.manager, joint.start, filters);
  const rebased = await rebase(deps, at, joint, reader.startsAfter);
  const { created, resume } = joint;
  if (rebased.record) {
    deps.log("error", "the broker does not have what it had", { partition, ...resume });
  }
  context.begun(reader);

  let committing: Promise<void> = Promise.resolve();
  let listeningSince = reader.pending() === 0 ? deps.now() : Infinity;
  let tickAt = deps.now() + TICK_MS;
  let monthsAt = deps.now() + DAY_MS;
  let advanceAt = deps.now() + ADVANCE_MS;
  /** The position after the batch decided last, on disk or not yet. */
  let next = rebased.position;
  writer.begin(next.hash);

  const { scorer, scoreEveryMs: everyMs } = deps;
  const { peers } = context;
  const scoring = startScoring({ scorer, everyMs, actors, peers, wake: () => reader.wake() });

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
    scoring.noticed(decided.events);
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
      events: decided.lines,
      quarantine: decided.quarantine,
      sequenceTimeUs: upTo?.timeUs ?? next.sequenceTimeUs,
      streamCreated: created,
    };
    standing.uncommitted += messages.length;
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
      standing.position = { ...reached, hash };
      standing.uncommitted -= messages.length;
      standing.repeats += decided.repeats.length;
      standing.quarantined += decided.quarantine.length;
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

  /** How long to wait for messages: there is something else to do then. */
  function patienceMs(): number {
    if (scoring.hasClaims) return 0;
    const now = deps.now();
    return scoring.isWaiting(now) ? 1 : Math.max(1, tickAt - now);
  }

  /** Taken, and behind more waveforms than are analysed at once. */
  let waiting: readonly BusMessage[] = [];
  let failure: unknown;
  try {
    if (rebased.record) {
      const now = deps.now();
      const builder = begin(now);
      rebased.record(builder, actors, now);
      await commit(builder, [], now);
    }
    while (!context.stopping()) {
      const patience = deps.now() + CROWDED_MS_MAX;
      while (deps.crowded() && deps.now() < patience) await pause(CROWDED_PAUSE_MS);
      const taken = waiting.length > 0
        ? waiting
        : await reader.take(BATCH_MAX, LINGER_MS, patienceMs());
      const messages = await context.waveforms.prepare(taken, actors);
      waiting = taken.slice(messages.length);
      const now = deps.now();
      const ticking = now >= tickAt;
      if (snapshotter.due(now, standing.position.offset)) {
        // Only what is on disk may be saved, so nothing may be under way.
        await committing;
        snapshotter.saveSome(standing.position, now);
      }
      if (messages.length === 0 && !ticking && !scoring.hasClaims) {
        scoring.ask(now);
        continue;
      }
      const builder = begin(now);
      tell(builder, messages);
      for (const { device, claim, at } of scoring.take()) builder.claim(device, claim, at);
      if (ticking) {
        tickAt = now + TICK_MS;
        scoring.look(now);
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
      scoring.ask(now);
    }
  } catch (error) {
    failure = error;
  }
  // What was decided is either written now, or thrown away together with the actors.
  await committing.catch((error) => failure = error);
  standing.uncommitted = 0;
  scoring.stop();
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
