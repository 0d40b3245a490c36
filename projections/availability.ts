/**
 * When each device was seen, and in which status. Answers: how long was it up?
 *
 * Every observation is kept, packed into chunks, and nothing is computed ahead: an observation that
 * arrives late or out of order takes its place, and the answer is as if it had come in time.
 */
import type { RecordedEvent } from "../events/event.ts";
import { type Sql, sqlInstant } from "../events/log/database.ts";
import { isUp, observedStatus, worseOf } from "../events/measures.ts";
import { pollsOf } from "../events/store.ts";
import { deviceOf, type Kind, streamOf } from "../events/vocabulary.ts";
import {
  type Availability,
  availabilityOf,
  type Observation,
  usualGapMs,
} from "../models/availability.ts";
import { businessIntervals } from "../models/business_hours.ts";
import { getDevice } from "./devices.ts";
import { forEachPacked, type Observations, pack, unpack } from "./observations.ts";
import type { Projection } from "./projection.ts";
import { readSchedules } from "./schedules.ts";
import { storable } from "../events/text.ts";
import { REPORTS } from "./reports.ts";

/** A chunk is rewritten whole while it fills: short where reports come by the second or minute. */
const CHUNK_MS = 15 * 60_000;
/** Stores are polled about once an hour. */
export const STORE_CHUNK_MS = 7 * 86_400_000;

interface Chunk {
  readonly kind: string;
  readonly start: number;
  readonly observations: Observations;
}

export const availability: Projection<Chunk> = {
  name: "availability",
  version: 1,
  handles: REPORTS,

  // Packed already: PostgreSQL's own compression would cost time and win nothing.
  create: (table) => `
    create table ${table} (
      stream text collate "C" not null,
      chunk_start timestamptz not null,
      statuses text[] not null,
      observations bytea not null,
      primary key (stream, chunk_start)
    ) with (fillfactor = 70);
    alter table ${table} alter column observations set storage external`,

  keysOf(event) {
    if (event.type === "PollsReported") return chunksOfPolls(event);
    if (observedStatus(event) === undefined) return [];
    const { stream, occurredAt } = event;
    const known = lastKeys.get(stream);
    if (known !== undefined && occurredAt >= known.from && occurredAt < known.to) return known.keys;
    const span = stream.startsWith("store-") ? STORE_CHUNK_MS : CHUNK_MS;
    const from = chunkStart(occurredAt, span);
    const keys = [`${stream}|${from}`];
    if (lastKeys.size >= STREAMS_KEPT_MAX) lastKeys.clear();
    lastKeys.set(stream, { from, to: from + span, keys });
    return keys;
  },

  async load(sql, table, keys) {
    const parts = keys.map((key) => key.split("|"));
    const rows = await sql<(StoredChunk & { key: string; stream: string })[]>`
      select key, stream, ${sql.unsafe(CHUNK_COLUMNS)} from ${sql(table)} join unnest(
        ${[...keys]}::text[],
        ${parts.map((part) => part[0] ?? "")}::text[],
        ${parts.map((part) => sqlInstant(Number(part[1])))}::timestamptz[]
      ) as wanted (key, stream, chunk_start) using (stream, chunk_start)`;
    return new Map(rows.map((row) => {
      const { kind } = deviceOf(row.stream);
      const observations: Observations = { at: [], status: [] };
      forEachPacked(row.start, row, (at, status) => {
        observations.at.push(at);
        observations.status.push(status);
      });
      return [row.key, { kind, start: row.start, observations }];
    }));
  },

  fold(row, event, key) {
    const chunk = row ?? {
      kind: deviceOf(event.stream).kind,
      start: Number(key.slice(key.indexOf("|") + 1)),
      observations: { at: [], status: [] },
    };
    if (event.type === "PollsReported") {
      for (const poll of pollsOf(event.data)) {
        if (chunkStart(poll.at, STORE_CHUNK_MS) === chunk.start) {
          insert(chunk, poll.at, poll.status);
        }
      }
      return chunk;
    }
    insert(chunk, event.occurredAt, storable(observedStatus(event) ?? ""));
    return chunk;
  },

  async save(tx, table, rows) {
    const values: { s: string; c: number; t: readonly string[]; o: string }[] = [];
    for (const [key, { start, observations }] of rows) {
      const { statuses, bytes } = pack(start, observations);
      values.push({
        s: key.slice(0, key.indexOf("|")),
        c: start / 1000,
        t: statuses,
        o: bytes.toBase64(),
      });
    }
    await tx`
      insert into ${tx(table)} (stream, chunk_start, statuses, observations)
      select s, to_timestamp(c), t, decode(o, 'base64')
      from json_to_recordset(${JSON.stringify(values)}::text::json)
        as row (s text, c bigint, t text[], o text)
      on conflict (stream, chunk_start) do update
        set statuses = excluded.statuses, observations = excluded.observations`;
  },
};

/** The chunk of each stream's newest report: the next one mostly goes there too. */
const lastKeys = new Map<string, { from: number; to: number; keys: readonly string[] }>();
const STREAMS_KEPT_MAX = 20_000;

/** Polls ascend: each chunk they fall into is met once. */
function chunksOfPolls({ stream, data }: RecordedEvent): string[] {
  const keys: string[] = [];
  let last = NaN;
  for (const { at } of pollsOf(data)) {
    const start = chunkStart(at, STORE_CHUNK_MS);
    if (start !== last) keys.push(`${stream}|${start}`);
    last = start;
  }
  return keys;
}

function chunkStart(moment: number, span: number): number {
  return Math.floor(moment / span) * span;
}

const CHUNK_COLUMNS = `chunk_start as start, statuses, observations as bytes`;

interface StoredChunk {
  readonly start: number;
  readonly statuses: string[];
  readonly bytes: Uint8Array;
}

/** Puts an observation in its place; of two at the same moment the worse stays, whichever came first. */
function insert({ kind, observations }: Chunk, moment: number, seen: string): void {
  const { at, status } = observations;
  let place = at.length;
  while (place > 0 && (at[place - 1] ?? 0) > moment) place--;
  const same = at[place - 1] === moment ? status[place - 1] : undefined;
  if (same !== undefined) {
    status[place - 1] = worseOf(kind, same, seen);
  } else if (place === at.length) {
    at.push(moment);
    status.push(seen);
  } else {
    at.splice(place, 0, moment);
    status.splice(place, 0, seen);
  }
}

/**
 * What was observed of these stores from one moment to another (epoch ms), and of some at the
 * borders somewhat more: calls back store by store, ascending in each.
 */
export async function visitPolls(
  sql: Sql,
  ids: readonly string[],
  { from, to }: { readonly from: number; readonly to: number },
  visit: (id: string, at: number, status: string) => void,
): Promise<void> {
  const rows = await sql<(StoredChunk & { stream: string })[]>`
    select stream, ${sql.unsafe(CHUNK_COLUMNS)} from availability
    where stream = any (${ids.map((id) => streamOf("store", id))}::text[])
      and chunk_start >= ${sqlInstant(chunkStart(from, STORE_CHUNK_MS))}::timestamptz
      and chunk_start <= ${sqlInstant(to)}::timestamptz
    order by stream, chunk_start`;
  for (const { stream, ...chunk } of rows) {
    const { id } = deviceOf(stream);
    forEachPacked(chunk.start, chunk, (at, status) => visit(id, at, status));
  }
}

/**
 * What was observed in [from, to) (epoch ms), led by the last observation before it; and where there
 * is none before it, followed by the first one after it.
 */
export async function readObservations(
  sql: Sql,
  kind: string,
  id: string,
  from: number,
  to: number,
): Promise<Observation[]> {
  const stream = streamOf(kind, id);
  const rows = await sql<StoredChunk[]>`
    select ${sql.unsafe(CHUNK_COLUMNS)} from availability
    where stream = ${stream} and chunk_start < ${sqlInstant(to)}::timestamptz
      -- Two chunks back: the one "from" falls into may begin after it.
      and chunk_start >= coalesce((
        select min(chunk_start) from (
          select chunk_start from availability
          where stream = ${stream} and chunk_start <= ${sqlInstant(from)}::timestamptz
          order by chunk_start desc limit 2) as nearest), '-infinity')
    order by chunk_start`;
  const observations = rows.flatMap((row) => unpack(row.start, row));
  const firstIn = observations.findIndex(({ at }) => at >= from);
  const lead = (firstIn < 0 ? observations.length : firstIn) - 1;
  if (lead >= 0) return observations.slice(lead).filter(({ at }) => at < to);
  const within = observations.filter(({ at }) => at < to);
  if (within.length > 0) return within;
  const later = observations[0] ?? await firstAfter(sql, stream, to);
  return later === undefined ? [] : [later];
}

/** The first observation from a moment on, in a chunk that begins there or later. */
async function firstAfter(
  sql: Sql,
  stream: string,
  moment: number,
): Promise<Observation | undefined> {
  const [row] = await sql<StoredChunk[]>`
    select ${sql.unsafe(CHUNK_COLUMNS)} from availability
    where stream = ${stream} and chunk_start >= ${sqlInstant(moment)}::timestamptz
    order by chunk_start limit 1`;
  return row === undefined ? undefined : unpack(row.start, row)[0];
}

export interface AvailabilityQuery {
  readonly kind: Kind;
  readonly id: string;
  /** Epoch ms; the window is cut at `now`. */
  readonly from: number;
  readonly to: number;
  readonly now: number;
  /**
   * Time farther than this after an observation (of a store: from any) is unknown. By default: for
   * a store no limit; for other kinds the silence timeout somebody configured, else three times its
   * usual interval in the window, else no limit.
   */
  readonly stalenessMs?: number | undefined;
}

/**
 * Uptime, downtime and unknown time of one device over any window: of a store, by the rules of its
 * reports, in its business hours.
 */
export async function deviceAvailability(
  sql: Sql,
  query: AvailabilityQuery,
): Promise<Availability & { readonly stalenessMs: number | null }> {
  const { kind, id, from, to, now } = query;
  const isStore = kind === "store";
  // The poll that comes next speaks for the time before it.
  const reach = isStore ? query.stalenessMs ?? 0 : 0;
  const observations = await readObservations(sql, kind, id, from, to + reach);
  const schedule = isStore ? (await readSchedules(sql, [id])).get(id) : undefined;
  const stalenessMs = query.stalenessMs ?? await usualStaleness(sql, query, observations);
  const result = availabilityOf(observations, {
    from,
    to,
    now,
    stalenessMs,
    holdsBackwards: isStore,
    business: schedule && businessIntervals(schedule, from, to),
    isUp: (status) => isUp(kind, status),
  });
  return { ...result, stalenessMs: Number.isFinite(stalenessMs) ? stalenessMs : null };
}

async function usualStaleness(
  sql: Sql,
  { kind, id }: AvailabilityQuery,
  observations: readonly Observation[],
): Promise<number> {
  if (kind === "store") return Infinity;
  const configured = (await getDevice(sql, kind, id))?.silenceTimeoutSeconds ?? undefined;
  if (configured !== undefined) return configured * 1000;
  const gap = usualGapMs(observations);
  return gap === undefined ? Infinity : gap * 3;
}
