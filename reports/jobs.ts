/**
 * Reports that were asked for: waiting, being made, or a file to fetch.
 *
 * Every change is announced on a channel of the database, so that whoever makes reports and
 * whoever watches them knows at once, in whichever process the change was made.
 */
import type { ReservedSql } from "postgres";
import { type Sql, sqlInstant, type TransactionSql } from "../events/log/database.ts";
import { decodeCursor, encodeCursor } from "../projections/cursor.ts";
import type { ReportRequest } from "./request.ts";

export const STATES = ["queued", "running", "finished", "failed", "cancelled"] as const;
export type State = typeof STATES[number];

export interface Report {
  readonly id: string;
  /** Its place in the order of asking. */
  readonly number: number;
  /** The recurring report it is one of. */
  readonly recurring: string | null;
  readonly request: ReportRequest;
  readonly state: State;
  readonly storesDone: number;
  readonly storesTotal: number | null;
  /** Why it failed. */
  readonly reason: string | null;
  readonly fileBytes: number | null;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

export const CHANNEL = "telltale_reports";
/** Class of the advisory locks by which one process at a time makes a report. */
const LOCK_CLASS = 7_353_119;
/** A report that was broken off so often is probably why. */
const ATTEMPTS_MAX = 5;
/** Reports that may wait: hours of work. Whoever asks for more is to come back. */
const WAITING_MAX = 1_000;
/** Waiting reports that are looked at for one that nobody makes yet. */
const CLAIMABLE_MAX = 50;

const COLUMNS = `id, number, recurring, request, state, stores_done as "storesDone",
  stores_total as "storesTotal", reason, file_bytes as "fileBytes", created_at as "createdAt",
  started_at as "startedAt", ended_at as "endedAt"`;

export interface NewReport {
  readonly request: ReportRequest;
  /** Offset per partition that it must include. */
  readonly after: ReadonlyMap<number, number>;
  readonly recurring?: string | undefined;
}

/** So many reports wait that this one would not be made for hours. */
export class TooManyReportsError extends Error {
  override readonly name = "TooManyReportsError";
}

/** The same for whoever can be told to come back. Throws TooManyReportsError. */
export async function askForReport(sql: Sql, asked: NewReport): Promise<Report> {
  const [row] = await sql<{ waiting: number }[]>`
    select count(*)::integer as waiting from reports where state in ('queued', 'running')`;
  if ((row?.waiting ?? 0) >= WAITING_MAX) {
    throw new TooManyReportsError(`${WAITING_MAX} reports wait to be made already`);
  }
  return await createReport(sql, asked);
}

export async function createReport(
  sql: Sql | TransactionSql,
  { request, after, recurring }: NewReport,
): Promise<Report> {
  const [report] = await sql<Report[]>`
    insert into reports (request, after, recurring) values (
      ${JSON.stringify(request)}::text::json, ${JSON.stringify([...after])}::text::json,
      ${recurring ?? null}
    ) returning ${sql.unsafe(COLUMNS)}`;
  if (report === undefined) throw new Error("Cannot read back the report that was created");
  await announce(sql, { id: report.id, state: report.state });
  return report;
}

/** What is announced of a report: "removed" where it is no more. */
export interface Change {
  readonly id: string;
  readonly state: State | "removed";
}

async function announce(sql: Sql | TransactionSql, change: Change): Promise<void> {
  await sql`select pg_notify(${CHANNEL}, ${JSON.stringify(change)})`;
}

/** What an id looks like; PostgreSQL would refuse any other text as an error of ours. */
export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export async function getReport(sql: Sql, id: string): Promise<Report | undefined> {
  if (!UUID.test(id)) return undefined;
  const [report] = await sql<Report[]>`
    select ${sql.unsafe(COLUMNS)} from reports where id = ${id}`;
  return report;
}

/** The file of a finished report, as it is stored: gzip. */
export async function readFile(
  sql: Sql,
  id: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const [row] = await sql<{ file: Uint8Array<ArrayBuffer> | null }[]>`
    select file from reports where id = ${id}`;
  return row?.file ?? undefined;
}

export interface ReportPage {
  readonly reports: readonly Report[];
  readonly next: string | undefined;
}

/** The newest first. Throws CursorError. */
export async function listReports(
  sql: Sql,
  { state, recurring, limit, cursor }: {
    readonly state?: State | undefined;
    readonly recurring?: string | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  },
): Promise<ReportPage> {
  const [before] = cursor === undefined ? [] : decodeCursor(cursor, [/^\d{1,15}$/]);
  const rows = await sql<Report[]>`
    select ${sql.unsafe(COLUMNS)} from reports
    where true
      ${before === undefined ? sql`` : sql`and number < ${before}::bigint`}
      ${state === undefined ? sql`` : sql`and state = ${state}`}
      ${recurring === undefined ? sql`` : sql`and recurring = ${recurring}::uuid`}
    order by number desc limit ${limit + 1}`;
  const reports = rows.slice(0, limit);
  const last = reports.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { reports, next: more ? encodeCursor([String(last.number)]) : undefined };
}

/** False where it had ended already. Whoever makes it stops when they hear of it. */
export async function cancelReport(sql: Sql, id: string): Promise<boolean> {
  return await sql.begin(async (tx) => {
    const { count } = await tx`
      update reports set state = 'cancelled', ended_at = now()
      where id = ${id} and state in ('queued', 'running')`;
    if (count === 1) await announce(tx, { id, state: "cancelled" });
    return count === 1;
  });
}

/** Removes it with its file; one that is being made is not made any further. */
export async function deleteReport(sql: Sql, id: string): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`delete from reports where id = ${id}`;
    await announce(tx, { id, state: "removed" });
  });
}

/** Ended before this moment (epoch ms): removed, with their files. Resolves with how many. */
export async function removeReportsBefore(sql: Sql, moment: number): Promise<number> {
  const { count } = await sql`
    delete from reports where ended_at < ${sqlInstant(moment)}::timestamptz`;
  return count;
}

export interface Claim {
  readonly report: Report;
  readonly attempt: number;
  readonly after: ReadonlyMap<number, number>;
  /** Lets others have it, should it not have ended. */
  release(): Promise<void>;
}

/**
 * Takes up the oldest report that nobody is making, also one that somebody was making when their
 * process ended: the lock goes with the connection.
 */
export async function claimReport(session: ReservedSql): Promise<Claim | undefined> {
  const waiting = await session<{ number: number; attempt: number }[]>`
    select number, attempt from reports where state in ('queued', 'running')
    order by number limit ${CLAIMABLE_MAX}`;
  for (const { number } of waiting) {
    const [lock] = await session`
      select pg_try_advisory_lock(${LOCK_CLASS}, ${lockOf(number)}) as held`;
    if (lock?.held !== true) continue;
    const release = async () => {
      await session`select pg_advisory_unlock(${LOCK_CLASS}, ${lockOf(number)})`;
    };
    const claim = await takeUp(session, number);
    if (claim !== undefined) return { ...claim, release };
    await release();
  }
  return undefined;
}

function lockOf(number: number): number {
  return number % 0x7fffffff;
}

async function takeUp(
  session: ReservedSql,
  number: number,
): Promise<Omit<Claim, "release"> | undefined> {
  const [row] = await session<(Report & { attempt: number; after: [number, number][] })[]>`
    update reports set state = 'running', attempt = attempt + 1, started_at = now(),
      stores_done = 0, stores_total = null
    where number = ${number} and state in ('queued', 'running')
    returning ${session.unsafe(COLUMNS)}, attempt, after`;
  if (row === undefined) return undefined;
  const { attempt, after, ...report } = row;
  if (attempt > ATTEMPTS_MAX) {
    const reason = `It was begun ${ATTEMPTS_MAX} times and never came to its end`;
    await failReport(session, { id: report.id, attempt }, reason);
    return undefined;
  }
  await announce(session, { id: report.id, state: "running" });
  return { report, attempt, after: new Map(after) };
}

/** Which report, and whose try at it. */
export interface Try {
  readonly id: string;
  readonly attempt: number;
}

/** False when it is no longer ours to make: cancelled, removed, or taken over. */
export async function noteProgress(
  sql: Sql,
  { id, attempt }: Try,
  { done, total }: { readonly done: number; readonly total: number | null },
): Promise<boolean> {
  const { count } = await sql`
    update reports set stores_done = ${done}, stores_total = ${total}
    where id = ${id} and attempt = ${attempt} and state = 'running'`;
  return count === 1;
}

/** Stores the file (gzip); false when it is no longer ours to make. */
export async function finishReport(
  sql: Sql,
  { id, attempt }: Try,
  { file, fileBytes, stores }: {
    readonly file: Uint8Array;
    readonly fileBytes: number;
    readonly stores: number;
  },
): Promise<boolean> {
  return await sql.begin(async (tx) => {
    const { count } = await tx`
      update reports set state = 'finished', file = ${file}, file_bytes = ${fileBytes},
        stores_done = ${stores}, stores_total = ${stores}, ended_at = now()
      where id = ${id} and attempt = ${attempt} and state = 'running'`;
    if (count === 1) await announce(tx, { id, state: "finished" });
    return count === 1;
  });
}

export async function failReport(
  sql: Sql | TransactionSql,
  { id, attempt }: Try,
  reason: string,
): Promise<void> {
  const { count } = await sql`
    update reports set state = 'failed', reason = ${reason}, ended_at = now()
    where id = ${id} and attempt = ${attempt} and state = 'running'`;
  if (count === 1) await announce(sql, { id, state: "failed" });
}
