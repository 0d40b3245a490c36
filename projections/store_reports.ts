/**
 * The polls of many stores at once. Answers: what rests a report on, for every store ever polled?
 *
 * Of each store only the chunks are read that a window touches, the last poll before it and, where
 * there is none, the first one after it; a log of years costs no more than one of a week.
 */
import type postgres from "postgres";
import type { RecordedEvent } from "../events/event.ts";
import { type Sql, sqlInstant, type TransactionSql } from "../events/log/database.ts";
import { readStream } from "../events/log/read.ts";
import { isUp, observedStatus } from "../events/measures.ts";
import { pollsOf } from "../events/store.ts";
import { deviceOf, streamOf } from "../events/vocabulary.ts";
import type { Polls } from "../models/availability.ts";
import { STORE_CHUNK_MS } from "./availability.ts";
import { forEachPacked } from "./observations.ts";
import { foldSchedule, type Schedule, UNKNOWN_SCHEDULE } from "./schedules.ts";

/** A store that was polled, and where its polls are: the starts of its chunks, epoch ms. */
export interface PolledStore {
  readonly id: string;
  readonly firstChunk: number;
  readonly lastChunk: number;
}

type Database = Sql | TransactionSql;

/** What PostgreSQL and our way of writing moments have in common, with room to spare. */
const GRID_FROM = Date.UTC(1000, 0, 1);
const GRID_TO = Date.UTC(9000, 0, 1);

/** Every stream of a store is between these two. */
const STREAMS_FROM = streamOf("store", "");
const STREAMS_TO = "store.";

/**
 * Stores ever polled, by code point of their ids: all, or those of the given that were.
 *
 * From store to store by the index, as PostgreSQL would not by itself: the chunks between are
 * skipped.
 */
export async function polledStores(
  sql: Database,
  ids?: readonly string[],
): Promise<PolledStore[]> {
  const given = ids?.map((id) => streamOf("store", id));
  const streams = given === undefined
    ? sql`
      with recursive store (stream) as (
        (select stream from availability
          where stream >= ${STREAMS_FROM} and stream < ${STREAMS_TO} order by stream limit 1)
        union all
        select (select stream from availability
          where stream > store.stream and stream < ${STREAMS_TO} order by stream limit 1)
        from store where stream is not null
      )
      select stream from store where stream is not null`
    : sql`select distinct stream collate "C" as stream from unnest(${given}::text[]) stream`;
  const rows = await sql<{ stream: string; first: number; last: number }[]>`
    select stream, first, last from (${streams}) store
    cross join lateral (
      select min(chunk_start) as first, max(chunk_start) as last
      from availability where stream = store.stream
    ) chunk
    where first is not null order by stream`;
  return rows.map(({ stream, first, last }) => ({
    id: deviceOf(stream).id,
    firstChunk: first,
    lastChunk: last,
  }));
}

/** The latest poll of all these stores, epoch ms; undefined where there are none. */
export async function latestPoll(
  sql: Database,
  stores: readonly PolledStore[],
): Promise<number | undefined> {
  if (stores.length === 0) return undefined;
  // All chunks are cut at the same moments, so it is in one of those that begin last.
  const lastChunk = stores.reduce((last, store) => Math.max(last, store.lastChunk), -Infinity);
  const streams = stores.filter((store) => store.lastChunk === lastChunk)
    .map(({ id }) => streamOf("store", id));
  const rows = await sql<Chunk[]>`
    select stream, chunk_start as start, statuses, observations as bytes from availability
    where stream = any (${streams}::text[]) and chunk_start = ${
    sqlInstant(lastChunk)
  }::timestamptz`;
  let latest = -Infinity;
  for (const row of rows) forEachPacked(row.start, row, (at) => latest = Math.max(latest, at));
  return latest;
}

interface Chunk {
  readonly stream: string;
  readonly start: number;
  readonly statuses: string[];
  readonly bytes: Uint8Array;
}

export interface PollRange {
  /** Epoch ms; the last poll at or before it leads the answer. */
  readonly from: number;
  /** Epoch ms; the last moment of interest. */
  readonly to: number;
  /** Leaves out polls that say the same as the one before. */
  readonly changesOnly: boolean;
}

/**
 * For each of these stores, in their order, what was polled in [from, to], led by the last poll
 * before; where there is neither, the store's first poll of all.
 */
export async function readPolls(
  sql: Database,
  stores: readonly PolledStore[],
  range: PollRange,
): Promise<Polls[]> {
  const first = gridStart(range.from);
  const last = gridStart(range.to);
  const chunks = await chunksBetween(sql, stores, first, last);
  const early = stores.filter(({ id, firstChunk }) =>
    firstChunk < first && !beginsBy(chunks.get(id)?.[0], range.from)
  );
  const late = stores.filter(({ firstChunk }) => firstChunk > last);
  const [before, after] = await Promise.all([
    lastChunksBefore(sql, early, first),
    firstChunks(sql, late),
  ]);
  return stores.map(({ id }) =>
    select([...before.get(id) ?? [], ...chunks.get(id) ?? [], ...after.get(id) ?? []], range)
  );
}

/** Where the chunk of a moment begins; far outside the years in which anything was polled, near them. */
function gridStart(moment: number): number {
  const near = Math.min(Math.max(moment, GRID_FROM), GRID_TO);
  return Math.floor(near / STORE_CHUNK_MS) * STORE_CHUNK_MS;
}

function beginsBy(chunk: Chunk | undefined, moment: number): boolean {
  let first = Infinity;
  if (chunk !== undefined) {
    forEachPacked(chunk.start, chunk, (at) => first = Math.min(first, at));
  }
  return first <= moment;
}

function chunksBetween(
  sql: Database,
  stores: readonly PolledStore[],
  first: number,
  last: number,
): Promise<Map<string, Chunk[]>> {
  // The offset keeps each store's chunks a question of their own: a few steps down the index, where
  // PostgreSQL might otherwise read the table from end to end.
  return chunksOf(
    sql,
    stores,
    sql`
      and chunk_start >= ${sqlInstant(first)}::timestamptz
      and chunk_start <= ${sqlInstant(last)}::timestamptz
      order by chunk_start offset 0`,
  );
}

function lastChunksBefore(
  sql: Database,
  stores: readonly PolledStore[],
  moment: number,
): Promise<Map<string, Chunk[]>> {
  const before = sql`
    and chunk_start < ${sqlInstant(moment)}::timestamptz
    order by chunk_start desc limit 1`;
  return chunksOf(sql, stores, before);
}

function firstChunks(
  sql: Database,
  stores: readonly PolledStore[],
): Promise<Map<string, Chunk[]>> {
  return chunksOf(sql, stores, sql`order by chunk_start limit 1`);
}

/** Of each store the chunks that this choice, the end of a question about one store, leaves. */
async function chunksOf(
  sql: Database,
  stores: readonly PolledStore[],
  choice: postgres.PendingQuery<postgres.Row[]>,
): Promise<Map<string, Chunk[]>> {
  if (stores.length === 0) return new Map();
  return byStore(
    await sql<Chunk[]>`
      select wanted.stream, start, statuses, bytes
      from unnest(${streamsOf(stores)}::text[]) wanted (stream)
      cross join lateral (
        select chunk_start as start, statuses, observations as bytes from availability
        where stream = wanted.stream ${choice}
      ) chunk`,
  );
}

function streamsOf(stores: readonly PolledStore[]): string[] {
  return stores.map(({ id }) => streamOf("store", id));
}

function byStore(chunks: readonly Chunk[]): Map<string, Chunk[]> {
  return Map.groupBy(chunks, ({ stream }) => deviceOf(stream).id);
}

/** The polls of these chunks (ascending) that the range asks for. */
function select(chunks: readonly Chunk[], range: PollRange): Polls {
  const selection = createSelection(range);
  for (const chunk of chunks) {
    forEachPacked(chunk.start, chunk, (at, status) => selection.add(at, isUp("store", status)));
  }
  return selection.polls();
}

interface Selection {
  /** Polls ascend, one per moment. */
  add(at: number, up: boolean): void;
  polls(): Polls;
}

function createSelection({ from, to, changesOnly }: PollRange): Selection {
  const moments: number[] = [];
  const ups: number[] = [];
  return {
    add(at, isUp) {
      const up = isUp ? 1 : 0;
      if (at > to && moments.length > 0) return;
      if (at <= from) {
        moments[0] = at;
        ups[0] = up;
      } else if (!changesOnly || ups.at(-1) !== up) {
        moments.push(at);
        ups.push(up);
      }
    },
    polls: () => ({ at: Float64Array.from(moments), up: Uint8Array.from(ups) }),
  };
}

/** What the log had of one store when its last event by a moment was recorded. */
export interface StoreAsOf {
  readonly schedule: Schedule;
  /** The polls that the range asks for; none where the store had not been polled. */
  readonly polls: Polls;
}

/** The same answers from the log, as they would have been at an earlier moment by our clock. */
export async function storeAsOf(
  sql: Database,
  id: string,
  asOf: number,
  range: PollRange,
): Promise<StoreAsOf> {
  const statuses = new Map<number, boolean>();
  let schedule = UNKNOWN_SCHEDULE;
  for await (const event of eventsUntil(sql, streamOf("store", id), asOf)) {
    if (event.type === "ScheduleSet") schedule = foldSchedule(schedule, event);
    for (const { at, up } of pollsIn(event)) statuses.set(at, up && (statuses.get(at) ?? true));
  }
  const selection = createSelection(range);
  for (const [at, up] of [...statuses].sort(([a], [b]) => a - b)) selection.add(at, up);
  return { schedule, polls: selection.polls() };
}

function pollsIn(event: RecordedEvent): { at: number; up: boolean }[] {
  if (event.type === "PollsReported") {
    return pollsOf(event.data).map(({ at, status }) => ({ at, up: isUp("store", status) }));
  }
  const status = event.type === "PollReported" ? observedStatus(event) : undefined;
  return status === undefined ? [] : [{ at: event.occurredAt, up: isUp("store", status) }];
}

const PAGE_EVENTS = 5_000;

async function* eventsUntil(
  sql: Database,
  stream: string,
  asOf: number,
): AsyncGenerator<RecordedEvent> {
  for (let version = 0;;) {
    const page = await readStream(sql, stream, version, PAGE_EVENTS);
    for (const event of page) {
      // Should our clock ever have stepped back, the story still ends here.
      if (event.recordedAt > asOf) return;
      yield event;
    }
    if (page.length < PAGE_EVENTS) return;
    version += page.length;
  }
}

/**
 * The latest poll of all stores that the log had at an earlier moment (epoch ms). It is found by
 * looking through the log until then: nobody keeps what is asked once a year.
 */
export async function latestPollAsOf(sql: Database, asOf: number): Promise<number | undefined> {
  const [row] = await sql<{ latest: number | null }[]>`
    select max(occurred_at) as latest from events
    where type in ('PollReported', 'PollsReported')
      and recorded_at <= ${sqlInstant(asOf)}::timestamptz`;
  return row?.latest ?? undefined;
}
