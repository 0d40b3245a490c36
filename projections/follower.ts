/**
 * Keeps one projection's table up with the log.
 *
 * One loop: take the next events, fold them, and now and then write what changed together with the
 * checkpoint. It works behind the commit and never makes the write path wait.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Sql } from "../events/log/database.ts";
import { type Move, moveCheckpoints, readProgress, recordState } from "./checkpoints.ts";
import { createFolding, EventNotApplicableError } from "./folding.ts";
import type { Projection } from "./projection.ts";
import { createSignal } from "./signal.ts";
import type { Tail } from "./tail.ts";

/** A row written four times a second is fresh; written for every reading it would be the bottleneck. */
const FLUSH_INTERVAL_MS = 250;
/** Under load each row takes in more before it is written: an eighth of the writing, as little fresh. */
const BUSY_EVENTS = 5_000;
const BUSY_FLUSH_INTERVAL_MS = 2_000;
/** Where the machine has more to do than it can, writing is left to take a quarter of the time. */
const FLUSH_TIMES = 4;
/** When nothing came for so long, the load is over and freshness counts again. */
const QUIET_MS = 100;
/** Bounds what has to be folded again when a flush fails. */
const FLUSH_EVENTS_MAX = 120_000;
const FLUSH_ROWS_MAX = 20_000;
/** Folds this long before the write path gets the thread again; it takes about as long a batch. */
const TURN_MS = 10;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 5_000;
/** How often a stopped projection looks whether a rebuild has put it right. */
const STOPPED_LOOK_MS = 1_000;

export interface Follower {
  readonly name: string;
  /** Offsets whose effect can be queried now. */
  positions(): ReadonlyMap<number, number>;
  /** Offsets it needs no event before: it has folded them, whether or not that is written yet. */
  taken(): ReadonlyMap<number, number>;
  /** Why it stopped; undefined while it runs. */
  error(): string | undefined;
  /** Somebody waits: write what is folded without waiting for the interval. */
  hurry(): void;
  /** Folds what was offered so far, writes it, and ends. */
  stop(): Promise<void>;
}

export interface FollowerOptions {
  readonly sql: Sql;
  readonly projection: Projection;
  readonly tail: Tail;
  readonly partitions: readonly number[];
  /** Called after every flush. */
  readonly onMoved: () => void;
  readonly onProblem: (problem: Problem) => void;
}

export interface Problem {
  readonly projection: string;
  readonly message: string;
  /** It has stopped, and goes on only after a rebuild or a restart; otherwise it tries again. */
  readonly stopped: boolean;
}

/** The code's version and the table's differ: some other build of Telltale has swapped it. */
class ForeignVersionError extends Error {
  override readonly name = "ForeignVersionError";
}

/** The checkpoint is not where this process left it, so nothing of the flush may stay. */
class OvertakenError extends Error {
  override readonly name = "OvertakenError";
}

export function startFollower(options: FollowerOptions): Follower {
  const { sql, projection, tail, partitions, onMoved, onProblem } = options;
  const { name } = projection;
  const folding = createFolding(sql, projection, { table: name });
  const wake = createSignal();
  const ending = createSignal();
  const reader = tail.join(() => wake.notify());

  let generation: number | undefined;
  /** What the table holds, and what memory holds. */
  let written = new Map<number, number>();
  let folded = new Map<number, number>();
  let unwritten = 0;
  let lastFlush = 0;
  let flushMs = 0;
  let movedAt = 0;
  let hurried = false;
  let stopping = false;
  let done = false;
  /** The table it cannot go on with, and why. */
  let broken: { readonly generation: number; readonly why: Error } | undefined;
  let error: string | undefined;
  let retryMs = RETRY_MS_MIN;
  let turnEndsAt = 0;
  let flushing: Promise<void> | undefined;
  let outcome: "overtaken" | { readonly failure: unknown } | undefined;

  async function begin(): Promise<number> {
    folding.forget();
    const progress = await readProgress(sql, name, partitions);
    if (broken?.generation === progress.generation) throw broken.why;
    if (progress.version !== projection.version) {
      throw new ForeignVersionError(
        `Projection "${name}" has a table of version ${progress.version}, this program writes version ${projection.version}`,
      );
    }
    written = new Map(partitions.map((p) => [p, progress.offsets.get(p) ?? 0]));
    folded = new Map(written);
    unwritten = 0;
    await recordState(sql, name, null);
    error = undefined;
    onMoved();
    return progress.generation;
  }

  /** Folds one slice of every partition that has more; false at the head of all. */
  async function advance(): Promise<boolean> {
    let moved = false;
    for (const partition of partitions) {
      const events = await reader.take(partition, folded.get(partition) ?? 0);
      if (events.length === 0) continue;
      moved = true;
      const count = folding.foldReady(events);
      // At once: a flush takes rows and offsets as they are, and they have to belong together.
      folded.set(partition, events[count - 1]?.offset ?? folded.get(partition) ?? 0);
      unwritten += count;
      if (count < events.length) await folding.load(events.slice(count));
    }
    return moved;
  }

  /** False when it was overtaken: somebody else has moved the checkpoint, or swapped the table. */
  async function flush(generation: number): Promise<boolean> {
    lastFlush = performance.now();
    let reached = written;
    try {
      await sql.begin(async (tx) => {
        // A crash may lose the last of these commits: checkpoint and rows go together, and are
        // folded again from the log. Waiting for the disk would only compete with the log for it.
        await tx`set local synchronous_commit = off`;
        // Both take what memory holds in this very moment; folding goes on while they are written.
        reached = new Map(folded);
        unwritten = 0;
        hurried = false;
        // The checkpoint first: a swap locks it before the table, and the other way round each
        // would wait for the other.
        const [moved, saved] = await Promise.allSettled([
          moveCheckpoints(tx, name, generation, movesTo(reached)),
          folding.save(tx),
        ]);
        if (moved.status === "rejected") throw moved.reason;
        // Whoever was overtaken may well write rows that are there already: that says nothing.
        if (!moved.value) throw new OvertakenError();
        if (saved.status === "rejected") throw saved.reason;
      });
    } catch (thrown) {
      if (thrown instanceof OvertakenError) return false;
      throw thrown;
    }
    const now = performance.now();
    folding.saved(now);
    written = reached;
    flushMs = now - lastFlush;
    onMoved();
    return true;
  }

  function flushInterval(coming: boolean): number {
    if (!coming) return FLUSH_INTERVAL_MS;
    if (unwritten >= BUSY_EVENTS) return BUSY_FLUSH_INTERVAL_MS;
    return Math.min(BUSY_FLUSH_INTERVAL_MS, Math.max(FLUSH_INTERVAL_MS, FLUSH_TIMES * flushMs));
  }

  function movesTo(reached: ReadonlyMap<number, number>): Move[] {
    return [...reached]
      .map(([partition, to]) => ({ partition, from: written.get(partition) ?? 0, to }))
      .filter(({ from, to }) => to !== from);
  }

  /** One flush at a time, beside the folding; how it ended is looked at in the next turn. */
  function startFlush(generation: number): void {
    flushing = flush(generation).then((ours) => {
      outcome = ours ? undefined : "overtaken";
    }, (failure: unknown) => {
      outcome = { failure };
    }).finally(() => {
      flushing = undefined;
      wake.notify();
    });
  }

  async function turn(): Promise<void> {
    if (outcome !== undefined) {
      const ended = outcome;
      outcome = undefined;
      // Overtaken: what is remembered may not be what is stored. Start from what is.
      if (ended === "overtaken") generation = undefined;
      else throw ended.failure;
    }
    generation ??= await begin();
    const moved = await advance();
    const now = performance.now();
    if (moved) movedAt = now;
    const coming = now < movedAt + QUIET_MS;
    const due = lastFlush + flushInterval(coming) - now;
    const full = unwritten >= FLUSH_EVENTS_MAX || folding.changed() >= FLUSH_ROWS_MAX;
    if (flushing !== undefined) {
      if (full) await flushing;
      else if (!moved) await wake.wait(1_000);
    } else if (unwritten > 0 && (full || due <= 0 || (!moved && (hurried || stopping)))) {
      startFlush(generation);
    } else if (!moved && !stopping) {
      await wake.wait(unwritten === 0 ? 1_000 : coming ? Math.min(due, QUIET_MS) : due);
    }
    retryMs = RETRY_MS_MIN;
    if (!moved) turnEndsAt = 0;
    else if (performance.now() >= turnEndsAt) {
      await nextTurn();
      turnEndsAt = performance.now() + TURN_MS;
    }
    if (!moved && stopping && unwritten === 0 && !flushing && !outcome) done = true;
  }

  async function recover(thrown: unknown): Promise<void> {
    const why = thrown instanceof Error ? thrown : new Error(String(thrown));
    const stopped = isHopeless(why);
    if (!stopped || error !== why.message) {
      onProblem({ projection: name, message: why.message, stopped });
    }
    await flushing;
    outcome = undefined;
    if (stopped) await breakOff(why);
    generation = undefined;
    if (stopping) done = true;
    else await ending.wait(stopped ? STOPPED_LOOK_MS : retryMs);
    retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
  }

  async function breakOff(why: Error): Promise<void> {
    if (generation !== undefined) broken = { generation, why };
    error = why.message;
    onMoved();
    await recordState(sql, name, error).catch((failure: unknown) => {
      onProblem({ projection: name, message: String(failure), stopped: false });
    });
  }

  async function run(): Promise<void> {
    while (!done) {
      try {
        await turn();
      } catch (thrown) {
        await recover(thrown);
      }
    }
    reader.leave();
  }
  const running = run();

  return {
    name,
    positions: () => written,
    taken: () => folded,
    error: () => error,
    hurry() {
      hurried = true;
      wake.notify();
    },
    stop() {
      stopping = true;
      wake.notify();
      ending.notify();
      return running;
    },
  };
}

/** Trying again would fail again: the event, the rows it makes or the table is wrong, not the moment. */
function isHopeless(error: Error): boolean {
  if (error instanceof EventNotApplicableError || error instanceof ForeignVersionError) return true;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  // PostgreSQL: data exception, constraint violation, wrong table or statement.
  return /^(22|23|42)...$/.test(code);
}
