/** Runs every projection of this process: one follower each, one shared tail of the log. */
import { messageOf } from "../events/errors.ts";
import type { RecordedEvent } from "../events/event.ts";
import type { Sql } from "../events/log/database.ts";
import { ensureProjection, readProgress } from "./checkpoints.ts";
import { type Follower, type Problem, startFollower } from "./follower.ts";
import type { Projection } from "./projection.ts";
import { rebuild } from "./rebuild.ts";
import { KEPT_BY_DEFAULT, type Retention } from "./retention.ts";
import { createTail, EVENTS_KEPT_MAX } from "./tail.ts";

const STOP_PATIENCE_MS = 10_000;
/** Leaves room for the batches that are being written when the ingest begins to wait. */
const CROWDED_EVENTS = EVENTS_KEPT_MAX / 1.5;

export interface ProjectorOptions {
  readonly sql: Sql;
  readonly projections: readonly Projection[];
  /** Those this process owns. */
  readonly partitions: readonly number[];
  /** For tables of a raised version. @default KEPT_BY_DEFAULT */
  readonly keep?: Retention;
  readonly onProblem?: (problem: Problem) => void;
}

export interface Position {
  readonly name: string;
  readonly partition: number;
  readonly offset: number;
}

export interface Projector {
  /** Events just committed, in order, of one partition. Never blocks. */
  offer(events: readonly RecordedEvent[]): void;
  /** The log goes this far, though nobody may have offered its last events. */
  reached(partition: number, offset: number): void;
  /**
   * Whether a projection that keeps up from memory is about to fall out of it. Reading the log
   * instead costs several times as much, so waiting a moment is faster for everybody.
   */
  crowded(): boolean;
  /** What can be queried now. */
  positions(): readonly Position[];
  /** Events in the log whose effect cannot be queried yet, per projection. */
  lag(): ReadonlyMap<string, number>;
  /** Why projections stopped; empty while all run. */
  errors(): ReadonlyMap<string, string>;
  /** True once every running projection, or these, has reached the cursor (offset per partition). */
  waitFor(
    cursor: ReadonlyMap<number, number>,
    timeoutMs: number,
    names?: readonly string[],
  ): Promise<boolean>;
  /** Writes what was offered, then ends; gives up on an unreachable database after a while. */
  stop(): Promise<void>;
}

export async function startProjector(options: ProjectorOptions): Promise<Projector> {
  const { sql, projections, partitions, keep = KEPT_BY_DEFAULT, onProblem = () => {} } = options;
  const tail = createTail(sql, await readHeads(sql));
  const followers = new Map<string, Follower>();
  const waiting = new Set<() => void>();
  let stopping = false;

  function follow(projection: Projection): void {
    if (stopping) return;
    const onMoved = () => waiting.forEach((look) => look());
    followers.set(
      projection.name,
      startFollower({ sql, projection, tail, partitions, onMoved, onProblem }),
    );
  }

  async function replaceOldTable(projection: Projection): Promise<void> {
    try {
      await rebuild(sql, projection, { keep });
    } catch (error) {
      const message = messageOf(error);
      onProblem({ projection: projection.name, message, stopped: false });
    }
    // If it is still the old table, the follower says so and waits for the swap.
    follow(projection);
  }

  const replacing: Promise<void>[] = [];
  for (const projection of projections) {
    await ensureProjection(sql, projection);
    const { version } = await readProgress(sql, projection.name, partitions);
    if (version < projection.version) replacing.push(replaceOldTable(projection));
    else follow(projection);
  }

  function reached(
    cursor: ReadonlyMap<number, number>,
    awaited: readonly Follower[],
  ): boolean {
    for (const follower of awaited) {
      if (follower.error() !== undefined) continue;
      const positions = follower.positions();
      for (const [partition, offset] of cursor) {
        if ((positions.get(partition) ?? 0) < offset) return false;
      }
    }
    return true;
  }

  function waitFor(
    cursor: ReadonlyMap<number, number>,
    timeoutMs: number,
    names: readonly string[] = [...followers.keys()],
  ): Promise<boolean> {
    const awaited = names.flatMap((name) => followers.get(name) ?? []);
    if (reached(cursor, awaited)) return Promise.resolve(true);
    for (const follower of awaited) follower.hurry();
    return new Promise((resolve) => {
      const end = (answer: boolean) => {
        clearTimeout(timer);
        waiting.delete(look);
        resolve(answer);
      };
      const look = () => reached(cursor, awaited) && end(true);
      const timer = setTimeout(() => end(false), timeoutMs);
      waiting.add(look);
    });
  }

  return {
    offer: tail.offer,
    reached: tail.reached,
    crowded() {
      for (const { taken, error } of followers.values()) {
        if (error() !== undefined) continue;
        for (const [partition, offset] of taken()) {
          const behind = tail.head(partition) - offset;
          if (behind > CROWDED_EVENTS && behind < EVENTS_KEPT_MAX) return true;
        }
      }
      return false;
    },
    positions: () =>
      [...followers.values()].flatMap(({ name, positions }) =>
        [...positions()].map(([partition, offset]) => ({ name, partition, offset }))
      ),
    lag: () =>
      new Map(projections.map(({ name }) => {
        const positions = followers.get(name)?.positions();
        const behind = partitions.map((p) => tail.head(p) - (positions?.get(p) ?? 0));
        return [name, behind.reduce((sum, n) => sum + n, 0)];
      })),
    errors() {
      const stopped = [...followers.values()].map(({ name, error }) => [name, error()] as const);
      return new Map(stopped.filter((pair): pair is [string, string] => pair[1] !== undefined));
    },
    waitFor,
    async stop() {
      stopping = true;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, STOP_PATIENCE_MS);
      });
      const ended = Promise.all([
        ...[...followers.values()].map(({ stop }) => stop()),
        ...replacing,
      ]);
      await Promise.race([ended, patience]);
      clearTimeout(timer);
    },
  };
}

async function readHeads(sql: Sql): Promise<Map<number, number>> {
  const rows = await sql<{ partition: number; offset: number }[]>`
    select partition, "offset" from partitions`;
  return new Map(rows.map(({ partition, offset }) => [partition, offset]));
}
