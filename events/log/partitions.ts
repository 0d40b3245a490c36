/** Who owns a partition, where it stands, and the monthly tables its events go to. */
import type { ReservedSql } from "postgres";
import type { Sql, TransactionSql } from "./database.ts";
import { sqlInstant } from "./database.ts";

export interface PartitionPosition {
  readonly partition: number;
  readonly batch: number;
  readonly offset: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly sequenceTimeUs: number;
  readonly streamCreated: string;
  readonly hash: Uint8Array;
}

/** Another process owns the partition. The message is for the user. */
export class PartitionOwnedError extends Error {
  override readonly name = "PartitionOwnedError";
}

/** The first key of our advisory locks, so that they meet nobody else's: "tlle" in ASCII. */
const LOCK_CLASS = 0x746c6c65;
/** No partition has this number. */
const MONTHS_LOCK = -1;

/** Held by one session of the database; whatever ends that ends the ownership too. */
export interface Ownership {
  release(): Promise<void>;
}

/**
 * Takes the partition. A session of a killed process may take a moment to die, hence the patience.
 */
export async function ownPartition(
  sql: Sql,
  partition: number,
  patienceMs: number,
): Promise<Ownership> {
  const session = await sql.reserve();
  const until = Date.now() + patienceMs;
  try {
    for (;;) {
      const [row] = await session`select pg_try_advisory_lock(${LOCK_CLASS}, ${partition}) as mine`;
      if (row?.mine === true) return { release: () => letGo(session, partition) };
      if (Date.now() >= until) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const [owner] = await session`
      select activity.pid, activity.application_name as name
      from pg_locks locks join pg_stat_activity activity using (pid)
      where locks.locktype = 'advisory' and locks.granted
        and locks.classid = ${LOCK_CLASS} and locks.objid = ${partition}
        and locks.database = (select oid from pg_database where datname = current_database())`;
    throw new PartitionOwnedError(
      `Another Telltale owns partition ${partition} of this database (${
        owner?.name ?? "it just let go"
      }); stop it first`,
    );
  } catch (error) {
    session.release();
    throw error;
  }
}

/** How many partitions of this database somebody owns now: none where no Telltale runs. */
export async function countOwned(sql: Sql): Promise<number> {
  const [row] = await sql`
    select count(*)::int as owned from pg_locks
    where locktype = 'advisory' and granted and classid = ${LOCK_CLASS}
      and objid::bigint in (select partition from partitions)
      and database = (select oid from pg_database where datname = current_database())`;
  return Number(row?.owned ?? 0);
}

/** The session goes back to the pool and lives on: without this it would keep the partition. */
async function letGo(session: ReservedSql, partition: number): Promise<void> {
  try {
    await session`select pg_advisory_unlock(${LOCK_CLASS}, ${partition})`;
  } catch {
    // The session has ended, and with it the lock.
  } finally {
    session.release();
  }
}

/** The rows of all partitions, made at first; refuses a number that is not the log's own. */
export async function ensurePartitions(sql: Sql, partitions: number): Promise<void> {
  const [row] = await sql`select count(*)::int as n from partitions`;
  const found = Number(row?.n ?? 0);
  if (found === 0) {
    await sql`insert into partitions (partition) select generate_series(0, ${partitions - 1})
      on conflict do nothing`;
  } else if (found !== partitions) {
    throw new PartitionOwnedError(
      `This log was begun with ${found} partition${
        found === 1 ? "" : "s"
      }; start with PARTITIONS=${found}`,
    );
  }
}

export async function readPosition(sql: Sql, partition: number): Promise<PartitionPosition> {
  const [row] = await sql`
    select partition, batch, "offset", epoch, sequence, sequence_time_us as "sequenceTimeUs",
      stream_created as "streamCreated", hash
    from partitions where partition = ${partition}`;
  if (row === undefined) throw new Error(`Cannot find partition ${partition} in the log`);
  return row as unknown as PartitionPosition;
}

export async function countQuarantined(sql: Sql, partition: number): Promise<number> {
  const [row] = await sql`
    select count(*)::int as count from quarantine where partition = ${partition}`;
  return Number(row?.count ?? 0);
}

/** Tables for this month and the next, so that an old year is one table to archive. */
export async function ensureMonths(sql: Sql, now: number): Promise<void> {
  const date = new Date(now);
  await sql.begin(async (tx) => {
    // Several partitions may want the same table at the same moment.
    await tx`select pg_advisory_xact_lock(${LOCK_CLASS}, ${MONTHS_LOCK})`;
    for (const ahead of [0, 1]) {
      const first = (months: number) =>
        new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1));
      await ensureMonth(tx, first(ahead), first(ahead + 1));
    }
  });
}

async function ensureMonth(tx: TransactionSql, from: Date, to: Date): Promise<void> {
  const name = `events_${from.toISOString().slice(0, 7).replace("-", "_")}`;
  const [exists] = await tx`select to_regclass(${name}) is not null as yes`;
  if (exists?.yes) return;
  // Rows that already went to the default table keep their month there.
  const [taken] = await tx`
    select exists (select from events_default
      where recorded_at >= ${sqlInstant(from.getTime())}::timestamptz
        and recorded_at < ${sqlInstant(to.getTime())}::timestamptz) as yes`;
  if (taken?.yes) return;
  await tx.unsafe(
    `create table ${name} partition of events
     for values from ('${from.toISOString()}') to ('${to.toISOString()}')`,
  );
}
