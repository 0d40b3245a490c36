/**
 * Where each projection stands, and whose table it is.
 *
 * A flush moves the checkpoint by compare-and-set in the transaction of its rows, exactly as the
 * log does: whoever was overtaken (a rebuild swapped the table, another process projects the same
 * partition) moves nothing and so writes nothing.
 */
import type { Sql, TransactionSql } from "../events/log/database.ts";
import type { Projection } from "./projection.ts";

export interface Progress {
  readonly version: number;
  readonly generation: number;
  /** Per partition, the last offset whose effect is in the table. */
  readonly offsets: ReadonlyMap<number, number>;
}

/** Makes the projection's table and place where there is none yet. Safe in several processes. */
export async function ensureProjection(sql: Sql, projection: Projection): Promise<void> {
  await sql.begin(async (tx) => {
    // Whoever inserts the row creates the table; the others wait here until it has.
    const made = await tx`
      insert into projections (name, version) values (${projection.name}, ${projection.version})
      on conflict do nothing`;
    if (made.count === 0) return;
    await tx.unsafe(projection.create(projection.name));
    if (projection.index !== undefined) await tx.unsafe(projection.index(projection.name));
  });
}

/** Reads where the projection stands; partitions it never saw are at 0, and are given a row. */
export async function readProgress(
  sql: Sql,
  name: string,
  partitions: readonly number[],
): Promise<Progress> {
  return await sql.begin(async (tx) => {
    // Shared with other readers, excluding a swap: version, generation and offsets belong together.
    const [row] = await tx<{ version: number; generation: number }[]>`
      select version, generation from projections where name = ${name} for share`;
    if (row === undefined) throw new Error(`Cannot find projection "${name}" in this database`);
    await tx`
      insert into checkpoints (projection, generation, partition, "offset")
      select ${name}, ${row.generation}::integer, partition, 0
      from unnest(${[...partitions]}::integer[]) partition on conflict do nothing`;
    const stored = await tx<{ partition: number; offset: number }[]>`
      select partition, "offset" from checkpoints
      where projection = ${name} and generation = ${row.generation}`;
    return { ...row, offsets: new Map(stored.map(({ partition, offset }) => [partition, offset])) };
  });
}

export interface Position {
  readonly name: string;
  /** Why it stopped; null while it runs. */
  readonly error: string | null;
  readonly partition: number;
  readonly offset: number;
}

/** Where every projection stands, seen from outside the process that keeps it. */
export async function readPositions(sql: Sql): Promise<Position[]> {
  return await sql<Position[]>`
    select projections.name, projections.error, checkpoints.partition, checkpoints."offset"
    from projections join checkpoints
      on checkpoints.projection = projections.name
        and checkpoints.generation = projections.generation`;
}

export interface Move {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Moves all the checkpoints, or says false: then the transaction must not be committed. */
export async function moveCheckpoints(
  tx: TransactionSql,
  name: string,
  generation: number,
  moves: readonly Move[],
): Promise<boolean> {
  const moved = await tx`
    update checkpoints set "offset" = move.target
    from unnest(
      ${moves.map((move) => move.partition)}::integer[],
      ${moves.map((move) => move.from)}::bigint[],
      ${moves.map((move) => move.to)}::bigint[]
    ) as move (partition, expected, target)
    where projection = ${name} and generation = ${generation}
      and checkpoints.partition = move.partition and checkpoints."offset" = move.expected`;
  return moved.count === moves.length;
}

/** Notes why a projection stopped, or with null that it runs. */
export async function recordState(sql: Sql, name: string, error: string | null): Promise<void> {
  await sql`
    update projections set error = ${error}, updated_at = now()
    where name = ${name} and error is distinct from ${error}`;
}
