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
/** Bounds memory and the length of one transaction while catching up. */
const FLUSH_EVENTS_MAX = 20_000;
const FLUSH_ROWS_MAX = 20_000;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 5_000;
/** How often a stopped projection looks whether a rebuild has put it right. */
const STOPPED_LOOK_MS = 1_000;

export interface Follower {
  readonly name: string;
  /** Offsets whose effect can be queried now. */
  positions(): ReadonlyMap<number, number>;
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

export function startFollower(options: FollowerOptions): Follower {
  const { sql, projection, tail, partitions, onMoved, onProblem } = options;
  const { name } = projection;
  const folding = createFolding(sql, projection, { table: name });
  const wake = createSignal();
  const ending = createSignal();
  const unlisten = tail.listen(wake.notify);

  let generation: number | undefined;
  /** What the table holds, and what memory holds. */
  let written = new Map<number, number>();
  let folded = new Map<number, number>();
  let unwritten = 0;
  let lastFlush = 0;
  let hurried = false;
  let stopping = false;
  let done = false;
  /** The table it cannot go on with, and why. */
  let broken: { readonly generation: number; readonly why: Error } | undefined;
  let error: string | undefined;
  let retryMs = RETRY_MS_MIN;

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
      const events = await tail.take(partition, folded.get(partition) ?? 0);
      const last = events.at(-1);
      if (last === undefined) continue;
      await folding.fold(events);
      folded.set(partition, last.offset);
      unwritten += events.length;
      moved = true;
    }
    return moved;
  }

  async function flush(generation: number): Promise<boolean> {
    const moves: Move[] = [];
    for (const [partition, to] of folded) {
      const from = written.get(partition) ?? 0;
      if (to !== from) moves.push({ partition, from, to });
    }
    const ours = await sql.begin(async (tx) => {
      // A crash may lose the last of these commits: checkpoint and rows go together, and are
      // folded again from the log. Waiting for the disk would only compete with the log for it.
      await tx`set local synchronous_commit = off`;
      if (!await moveCheckpoints(tx, name, generation, moves)) return false;
      await folding.save(tx);
      return true;
    });
    if (!ours) return false;
    folding.saved();
    written = new Map(folded);
    unwritten = 0;
    hurried = false;
    lastFlush = performance.now();
    onMoved();
    return true;
  }

  async function turn(): Promise<void> {
    generation ??= await begin();
    const moved = await advance();
    const due = lastFlush + FLUSH_INTERVAL_MS - performance.now();
    const full = unwritten >= FLUSH_EVENTS_MAX || folding.changed() >= FLUSH_ROWS_MAX;
    if (unwritten > 0 && (full || due <= 0 || (!moved && (hurried || stopping)))) {
      // Overtaken: what is remembered may not be what is stored. Start from what is.
      if (!await flush(generation)) generation = undefined;
    } else if (!moved && !stopping) {
      await wake.wait(unwritten > 0 ? due : 1_000);
    }
    retryMs = RETRY_MS_MIN;
    if (moved) await nextTurn();
    else if (stopping && unwritten === 0) done = true;
  }

  async function recover(thrown: unknown): Promise<void> {
    const why = thrown instanceof Error ? thrown : new Error(String(thrown));
    const stopped = isHopeless(why);
    if (!stopped || error !== why.message) {
      onProblem({ projection: name, message: why.message, stopped });
    }
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
    unlisten();
  }
  const running = run();

  return {
    name,
    positions: () => written,
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
