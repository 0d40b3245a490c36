/**
 * Every reading of every sensor, with how unusual it was. Answers: what did they read, and when?
 *
 * A row holds up to 64 readings of one sensor on one of its own days, packed, because ten thousand
 * sensors that report every minute say five billion things a year. Which readings share a row
 * depends on their place in the sensor's stream alone, so every fold makes the same rows.
 */
import type { RecordedEvent } from "../events/event.ts";
import { type Sql, sqlInstant } from "../events/log/database.ts";
import { storable } from "../events/text.ts";
import { deviceOf, streamOf } from "../events/vocabulary.ts";
import { BLOCK, READING_BYTES, readReadings, writeReading } from "./packed_readings.ts";
import { forgetRows } from "./old_rows.ts";
import type { Projection } from "./projection.ts";

const DAY_MS = 86_400_000;

interface Chunk {
  readonly stream: string;
  /** Of the sensor's own time, in days since 1970. */
  readonly day: number;
  readonly block: number;
  /** "" where the sensor did not say. */
  readonly type: string;
  readonly unit: string;
  readonly location: string;
  count: number;
  anomalies: number;
  /** Epoch ms. */
  firstAt: number;
  lastAt: number;
  /** Has room for more than `count`. */
  bytes: Uint8Array;
}

type Place = readonly [
  stream: string,
  day: number,
  block: number,
  type: string,
  unit: string,
  location: string,
];

export const readings: Projection<Chunk> = {
  name: "readings",
  version: 1,
  handles: new Set(["ReadingReported"]),

  create: (table) => `
    create table ${table} (
      stream text collate "C" not null,
      day integer not null,
      block bigint not null,
      sensor_type text collate "C" not null,
      unit text collate "C" not null,
      location text collate "C" not null,
      first_at timestamptz not null,
      last_at timestamptz not null,
      count smallint not null,
      anomalies smallint not null,
      readings bytea not null,
      primary key (stream, day, block, sensor_type, unit, location)
    ) with (fillfactor = 70);
    create index on ${table} (stream, last_at);
    create index on ${table} (last_at);
    create index on ${table} (sensor_type, last_at);
    create index on ${table} (location, last_at);
    create index on ${table} (last_at) where anomalies > 0`,

  keysOf(event) {
    const { stream, data, version, occurredAt } = event;
    const day = Math.floor(occurredAt / DAY_MS);
    const block = Math.floor(version / BLOCK);
    const known = lastKeys.get(stream);
    if (known !== undefined && isIn(known, day, block, data)) return known.keys;
    const place: Place = [
      stream,
      day,
      block,
      textOf(data.sensor_type),
      textOf(data.unit),
      textOf(data.location),
    ];
    if (lastKeys.size >= STREAMS_KEPT_MAX) lastKeys.clear();
    const { sensor_type: type, unit, location } = data;
    const keys = [JSON.stringify(place)];
    lastKeys.set(stream, { day, block, type, unit, location, keys });
    return keys;
  },

  async load(sql, table, keys) {
    const places = keys.map((key) => JSON.parse(key) as Place);
    const rows = await sql<(Chunk & { key: string })[]>`
      select wanted.key, stream, day, block, sensor_type as type, unit, location, count, anomalies,
        first_at as "firstAt", last_at as "lastAt", readings as bytes
      from ${sql(table)} join unnest(
        ${[...keys]}::text[],
        ${places.map((place) => place[0])}::text[],
        ${places.map((place) => place[1])}::integer[],
        ${places.map((place) => place[2])}::bigint[],
        ${places.map((place) => place[3])}::text[],
        ${places.map((place) => place[4])}::text[],
        ${places.map((place) => place[5])}::text[]
      ) as wanted (key, stream, day, block, sensor_type, unit, location)
      using (stream, day, block, sensor_type, unit, location)`;
    return new Map(rows.map(({ key, ...row }) => [key, row]));
  },

  fold(row, event, key) {
    const chunk = row ?? begin(JSON.parse(key) as Place, event.occurredAt);
    add(chunk, event);
    return chunk;
  },

  async save(tx, table, rows) {
    const values = [...rows.values()].map((chunk) => ({
      s: chunk.stream,
      d: chunk.day,
      b: chunk.block,
      t: chunk.type,
      u: chunk.unit,
      l: chunk.location,
      f: sqlInstant(chunk.firstAt),
      e: sqlInstant(chunk.lastAt),
      c: chunk.count,
      a: chunk.anomalies,
      r: chunk.bytes.subarray(0, chunk.count * READING_BYTES).toBase64(),
    }));
    await tx`
      insert into ${tx(table)} (stream, day, block, sensor_type, unit, location, first_at, last_at,
        count, anomalies, readings)
      select s, d, b, t, u, l, f, e, c, a, decode(r, 'base64')
      from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
        s text, d integer, b bigint, t text, u text, l text, f timestamptz, e timestamptz,
        c smallint, a smallint, r text)
      on conflict (stream, day, block, sensor_type, unit, location) do update set
        first_at = excluded.first_at, last_at = excluded.last_at, count = excluded.count,
        anomalies = excluded.anomalies, readings = excluded.readings`;
  },

  forgetOld: (sql, table, what) =>
    forgetRows(sql, table, what, { column: "day", days: what.keep.readingDays }),
};

interface LastKey {
  readonly day: number;
  readonly block: number;
  readonly type: unknown;
  readonly unit: unknown;
  readonly location: unknown;
  readonly keys: readonly string[];
}

/** Where each sensor's newest reading went: the next one mostly goes there too. */
const lastKeys = new Map<string, LastKey>();
const STREAMS_KEPT_MAX = 20_000;

function isIn(known: LastKey, day: number, block: number, data: RecordedEvent["data"]): boolean {
  return known.day === day && known.block === block && known.type === data.sensor_type &&
    known.unit === data.unit && known.location === data.location;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? storable(value) : "";
}

function begin([stream, day, block, type, unit, location]: Place, at: number): Chunk {
  const bytes = new Uint8Array(4 * READING_BYTES);
  const empty = { count: 0, anomalies: 0, firstAt: at, lastAt: at, bytes };
  return { stream, day, block, type, unit, location, ...empty };
}

function add(chunk: Chunk, { occurredAt, version, data, metadata }: RecordedEvent): void {
  if (chunk.bytes.length < (chunk.count + 1) * READING_BYTES) {
    const wider = new Uint8Array(Math.min(BLOCK, 2 * (chunk.count + 1)) * READING_BYTES);
    wider.set(chunk.bytes);
    chunk.bytes = wider;
  }
  const { score = null, anomaly = false } = metadata;
  const reading = { at: occurredAt, value: Number(data.value), score, anomaly, version };
  writeReading(chunk.bytes, chunk.count, reading);
  chunk.count++;
  if (anomaly) chunk.anomalies++;
  if (occurredAt < chunk.firstAt) chunk.firstAt = occurredAt;
  if (occurredAt > chunk.lastAt) chunk.lastAt = occurredAt;
}

export interface Reading {
  readonly sensorId: string;
  readonly sensorType: string | null;
  readonly unit: string | null;
  readonly location: string | null;
  /** Epoch ms. */
  readonly at: number;
  readonly value: number;
  readonly score: number | null;
  readonly anomaly: boolean;
  /** In the sensor's stream: with its id it names the reading. */
  readonly version: number;
}

/** Where in the order of time a reading stands. */
export type ReadingPlace = Pick<Reading, "at" | "sensorId" | "version">;

export interface ReadingQuery {
  readonly sensorId?: string | undefined;
  readonly sensorType?: string | undefined;
  readonly location?: string | undefined;
  /** Epoch ms, both included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Only what stands after this in the list. */
  readonly after?: ReadingPlace | undefined;
  readonly limit: number;
  readonly offset?: number | undefined;
}

interface StoredChunk extends Omit<Chunk, "count" | "anomalies"> {
  readonly bytes: Uint8Array;
}

const CHUNK_COLUMNS = `
  stream, day, block, sensor_type as type, unit, location, first_at as "firstAt",
  last_at as "lastAt", readings as bytes`;

const CHUNKS_AT_ONCE_MAX = 2_000;

/**
 * Readings, the newest first; of one moment by sensor and version, the last first.
 *
 * Chunks are read in the order of their newest reading. What comes before the newest of the last
 * chunk read is settled: no later chunk can hold a reading that belongs between.
 */
export async function listReadings(sql: Sql, query: ReadingQuery): Promise<Reading[]> {
  const { limit, offset = 0 } = query;
  const wanted = limit + offset;
  const found: Reading[] = [];
  let last: StoredChunk | undefined;
  for (let atOnce = chunksFor(query, wanted);; atOnce = Math.min(2 * atOnce, CHUNKS_AT_ONCE_MAX)) {
    const chunks = await nextChunks(sql, query, last, atOnce);
    for (const chunk of chunks) collect(chunk, query, found);
    last = chunks.at(-1);
    if (last === undefined || chunks.length < atOnce) break;
    if (found.length >= wanted && count(found, settledBy(last)) >= wanted) break;
  }
  found.sort(byPlace);
  return found.slice(offset, wanted);
}

/** One sensor's chunks are full of what is wanted; of many sensors each may have one reading. */
function chunksFor({ sensorId }: ReadingQuery, wanted: number): number {
  const chunks = sensorId === undefined ? wanted : Math.ceil(wanted / BLOCK);
  return Math.min(chunks + 4, CHUNKS_AT_ONCE_MAX);
}

function settledBy({ lastAt, stream }: StoredChunk): (reading: Reading) => boolean {
  const { id } = deviceOf(stream);
  return ({ at, sensorId }) => at > lastAt || (at === lastAt && sensorId > id);
}

async function nextChunks(
  sql: Sql,
  { sensorId, sensorType, location, from, to, after }: ReadingQuery,
  last: StoredChunk | undefined,
  limit: number,
): Promise<StoredChunk[]> {
  const until = Math.min(to ?? Infinity, after?.at ?? Infinity);
  return await sql<StoredChunk[]>`
    select ${sql.unsafe(CHUNK_COLUMNS)} from readings
    where true
      ${sensorId === undefined ? sql`` : sql`and stream = ${streamOf("sensor", sensorId)}`}
      ${sensorType === undefined ? sql`` : sql`and sensor_type = ${storable(sensorType)}`}
      ${location === undefined ? sql`` : sql`and location = ${storable(location)}`}
      ${from === undefined ? sql`` : sql`and last_at >= ${sqlInstant(from)}::timestamptz`}
      ${until === Infinity ? sql`` : endingBy(sql, until)}
      ${last === undefined ? sql`` : behind(sql, last)}
    order by last_at desc, stream desc, day desc, block desc, sensor_type desc, unit desc,
      location desc
    limit ${limit}`;
}

/** A chunk lies within a day, so one that begins by then has ended when that day has. */
function endingBy(sql: Sql, until: number) {
  const dayEnds = (Math.floor(until / DAY_MS) + 1) * DAY_MS;
  return sql`and first_at <= ${sqlInstant(until)}::timestamptz
    and last_at < ${sqlInstant(dayEnds)}::timestamptz`;
}

function behind(sql: Sql, { lastAt, stream, day, block, type, unit, location }: StoredChunk) {
  const at = sqlInstant(lastAt);
  return sql`and last_at <= ${at}::timestamptz
    and (last_at, stream, day, block, sensor_type, unit, location) < (
      ${at}::timestamptz, ${stream}, ${day}::integer, ${block}::bigint, ${type}, ${unit},
      ${location})`;
}

function collect(chunk: StoredChunk, { from, to, after }: ReadingQuery, into: Reading[]): void {
  const { id: sensorId } = deviceOf(chunk.stream);
  const what = {
    sensorId,
    sensorType: chunk.type || null,
    unit: chunk.unit || null,
    location: chunk.location || null,
  };
  for (const packed of readReadings(chunk.bytes, chunk.block)) {
    if (from !== undefined && packed.at < from) continue;
    if (to !== undefined && packed.at > to) continue;
    const reading = { ...what, ...packed };
    if (after === undefined || byPlace(reading, after) > 0) into.push(reading);
  }
}

/**
 * The first readings of a sensor after a moment (epoch ms), in order of time. Of readings that came
 * very late some may be left out.
 */
export async function readingsAfter(
  sql: Sql,
  sensorId: string,
  at: number,
  limit: number,
): Promise<Reading[]> {
  const chunks = await sql<StoredChunk[]>`
    select ${sql.unsafe(CHUNK_COLUMNS)} from readings
    where stream = ${streamOf("sensor", sensorId)} and last_at > ${sqlInstant(at)}::timestamptz
    order by last_at limit ${limit}`;
  const found: Reading[] = [];
  for (const chunk of chunks) collect(chunk, { limit }, found);
  return found.filter((reading) => reading.at > at).sort(byPlace).reverse().slice(0, limit);
}

/** The newest first, and the order of chunks: PostgreSQL's "C" and ours agree on ids. */
function byPlace(a: ReadingPlace, b: ReadingPlace): number {
  if (a.at !== b.at) return b.at - a.at;
  if (a.sensorId !== b.sensorId) return a.sensorId < b.sensorId ? 1 : -1;
  return b.version - a.version;
}

function count<T>(values: readonly T[], holds: (value: T) => boolean): number {
  return values.reduce((sum, value) => sum + (holds(value) ? 1 : 0), 0);
}

/** How many readings since a moment (epoch ms) were anomalies. */
export async function countAnomalies(sql: Sql, since: number): Promise<number> {
  const chunks = await sql<{ block: number; bytes: Uint8Array }[]>`
    select block, readings as bytes from readings
    where anomalies > 0 and last_at >= ${sqlInstant(since)}::timestamptz`;
  return chunks.reduce(
    (sum, { block, bytes }) =>
      sum + count(readReadings(bytes, block), ({ at, anomaly }) => anomaly && at >= since),
    0,
  );
}
