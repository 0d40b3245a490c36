/**
 * Builds read models again from the first event, beside the ones in use, and swaps them in.
 *
 * Any process may do it while a server follows the log. The old table answers until the moment of
 * the swap; whoever followed it finds its generation gone and goes on with the new one. Killed
 * halfway, it leaves a table `<name>_next` that the next rebuild drops.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ReservedSql } from "postgres";
import type { RecordedEvent } from "../events/event.ts";
import type { Sql, TransactionSql } from "../events/log/database.ts";
import { ensureProjection } from "./checkpoints.ts";
import { createFolding, type Folding } from "./folding.ts";
import { readPages } from "./pages.ts";
import type { Projection } from "./projection.ts";
import { forgetOld, KEPT_BY_DEFAULT, type Retention } from "./retention.ts";

/** Bounds memory, and the text of one statement. */
const CHANGED_ROWS_MAX = 10_000;
const ROWS_KEPT_MAX = 40_000;
/** How often rows that are too old go, lest a log of years makes a table of years first. */
const SWEEP_EVENTS = 5_000_000;
/** The first key of the advisory locks that keep two rebuilds of one projection apart: "tlpr". */
const LOCK_CLASS = 0x746c7072;

export interface RebuildProgress {
  readonly events: number;
  /** How many there were when it began; live traffic may add more. */
  readonly total: number;
}

export interface RebuildResult {
  readonly events: number;
  readonly seconds: number;
}

export interface RebuildOptions {
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** @default KEPT_BY_DEFAULT */
  readonly keep?: Retention;
}

/** Somebody else is rebuilding it. The message is for the user. */
export class RebuildUnderWayError extends Error {
  override readonly name = "RebuildUnderWayError";
}

interface Build {
  readonly projection: Projection;
  readonly next: string;
  readonly folding: Folding;
  /** What was folded before is being written, while more is folded. */
  writing: Promise<void>;
  indexed: boolean;
}

export function rebuild(
  sql: Sql,
  projection: Projection,
  options: RebuildOptions = {},
): Promise<RebuildResult> {
  return rebuildAll(sql, [projection], options);
}

/** Rebuilds several in one reading of the log. */
export async function rebuildAll(
  sql: Sql,
  projections: readonly Projection[],
  { onProgress = () => {}, keep = KEPT_BY_DEFAULT }: RebuildOptions = {},
): Promise<RebuildResult> {
  const started = performance.now();
  for (const projection of projections) await ensureProjection(sql, projection);
  const session = await sql.reserve();
  const builds: Build[] = [];
  const written = () => Promise.all(builds.map(({ writing }) => writing));
  try {
    for (const { name } of projections) await lock(session, name);
    for (const projection of projections) builds.push(await begin(sql, projection));

    const offsets = new Map<number, number>();
    let events = 0;
    const total = [...(await readHeads(sql)).values()].reduce((sum, head) => sum + head, 0);
    let sweepAt = SWEEP_EVENTS;
    const sweep = async () => {
      sweepAt = events + SWEEP_EVENTS;
      await written(); // Two that change the same rows might wait for each other.
      for (const build of builds) await index(sql, build);
      for (const { projection, next } of builds) await forgetOld(sql, projection, next, keep);
    };
    const fold = async (page: readonly RecordedEvent[]) => {
      for (const build of builds) {
        await build.folding.fold(page);
        if (build.folding.changed() >= CHANGED_ROWS_MAX) await beginWriting(sql, build);
        await nextTurn(); // A server's own work comes in between.
      }
      events += page.length;
      if (events >= sweepAt) await sweep();
      onProgress({ events, total: Math.max(total, events) });
    };
    await catchUp(sql, offsets, await readHeads(sql), fold);
    for (const build of builds) await beginWriting(sql, build);
    await sweep();
    // What came meanwhile, so that the swap, which holds up the follower, has next to nothing left.
    await catchUp(sql, offsets, await readHeads(sql), fold);
    await written();
    for (const build of builds) await swap(sql, build, new Map(offsets));
    return { events, seconds: (performance.now() - started) / 1000 };
  } finally {
    await Promise.allSettled(builds.map(({ writing }) => writing));
    await session`select pg_advisory_unlock_all()`.catch(() => {});
    session.release();
  }
}

async function lock(session: ReservedSql, name: string): Promise<void> {
  const [row] = await session`
    select pg_try_advisory_lock(${LOCK_CLASS}, hashtext(${name})) as mine`;
  if (row?.mine !== true) {
    throw new RebuildUnderWayError(
      `Cannot rebuild "${name}": another rebuild of it is under way; wait until it has ended`,
    );
  }
}

async function begin(sql: Sql, projection: Projection): Promise<Build> {
  const next = `${projection.name}_next`;
  await sql.unsafe(`drop table if exists ${next}`);
  await sql.unsafe(projection.create(next));
  const folding = createFolding(sql, projection, {
    table: next,
    rowsMax: ROWS_KEPT_MAX,
    empty: true,
  });
  return { projection, next, folding, writing: Promise.resolve(), indexed: false };
}

/** Once there are many rows, or all: looking for old ones needs the indexes. */
async function index(sql: Sql, build: Build): Promise<void> {
  const { projection, next, indexed } = build;
  if (projection.index === undefined || indexed) return;
  await sql.unsafe(projection.index(next));
  build.indexed = true;
}

/** Folds every partition up to its head, and moves `offsets` along. */
async function catchUp(
  sql: Sql | TransactionSql,
  offsets: Map<number, number>,
  heads: ReadonlyMap<number, number>,
  fold: (page: readonly RecordedEvent[]) => Promise<void>,
): Promise<void> {
  for (const [partition, head] of heads) {
    for await (const page of readPages(sql, partition, offsets.get(partition) ?? 0, head)) {
      await fold(page);
    }
    offsets.set(partition, head);
  }
}

/** Resolves when it has begun: one at a time of each, so that rows are not gathered without end. */
async function beginWriting(sql: Sql, build: Build): Promise<void> {
  await build.writing;
  build.writing = write(sql, build.folding);
  // Whoever waits for it next learns of it.
  build.writing.catch(() => {});
}

async function write(sql: Sql, folding: Folding): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`set local synchronous_commit = off`;
    await folding.save(tx);
  });
  folding.saved(performance.now());
}

/**
 * Puts the new table in the place of the old. The follower's next flush waits for us at its
 * checkpoint, and the new table is brought at least that far: nobody sees an answer go back.
 */
async function swap(sql: Sql, build: Build, offsets: Map<number, number>): Promise<void> {
  const { projection: { name, version }, next, folding } = build;
  await sql.begin(async (tx) => {
    const generation = await lockProgress(tx, name);
    const live = await tx<{ partition: number; offset: number }[]>`
      select partition, "offset" from checkpoints
      where projection = ${name} and generation = ${generation} for update`;
    const heads = new Map(live.map((row) => [row.partition, row.offset]));
    for (const [partition, offset] of offsets) {
      heads.set(partition, Math.max(offset, heads.get(partition) ?? 0));
    }
    await catchUp(tx, offsets, heads, (page) => folding.fold(page, tx));
    await folding.save(tx);
    await tx.unsafe(`drop table ${name}`);
    await tx.unsafe(`alter table ${next} rename to ${name}`);
    await tx`delete from checkpoints where projection = ${name}`;
    await tx`
      insert into checkpoints (projection, generation, partition, "offset")
      select ${name}, ${generation + 1}::integer, * from unnest(
        ${[...offsets.keys()]}::integer[], ${[...offsets.values()]}::bigint[])`;
    await tx`
      update projections set version = ${version}, generation = ${generation + 1},
        error = null, updated_at = now()
      where name = ${name}`;
  });
}

async function lockProgress(tx: TransactionSql, name: string): Promise<number> {
  const [row] = await tx<{ generation: number }[]>`
    select generation from projections where name = ${name} for update`;
  if (row === undefined) throw new Error(`Cannot find projection "${name}" in this database`);
  return row.generation;
}

async function readHeads(sql: Sql): Promise<Map<number, number>> {
  const rows = await sql<{ partition: number; offset: number }[]>`
    select partition, "offset" from partitions order by partition`;
  return new Map(rows.map(({ partition, offset }) => [partition, offset]));
}
