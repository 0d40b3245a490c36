/**
 * What each metric of a device did per minute, hour and day. Answers: where is it heading?
 *
 * One row holds all metrics of one device in one bucket: a report of six metrics changes three
 * rows, not eighteen. Buckets are of the device's own time, so a late report lands in its place.
 */
import type { RecordedEvent } from "../events/event.ts";
import { forEachMeasure } from "../events/measures.ts";
import type { Sql } from "../events/log/database.ts";
import { sqlInstant } from "../events/log/database.ts";
import { streamOf } from "../events/vocabulary.ts";
import { forgetRows } from "./old_rows.ts";
import type { Projection } from "./projection.ts";
import { shareNames } from "./shared_names.ts";

/** Widths of a bucket in seconds. */
export const RESOLUTIONS = [60, 3_600, 86_400] as const;
export type Resolution = typeof RESOLUTIONS[number];
const MINUTE: Resolution = 60;

/**
 * `last` is the value of the report with the newest own time; of several, the one recorded last.
 * Most buckets hold one report: its value is then count, sum, minimum and all, and is stored once.
 */
type StoredAggregate =
  | [count: number, sum: number, min: number, max: number, last: number, lastAt: number]
  | [count: 1, value: number, at: number];

/**
 * A bucket while it is folded. Tens of thousands are in memory: their lists of names are shared
 * (`shared_names.ts`), and their numbers have no room to spare.
 */
interface Bucket {
  names: readonly string[];
  /** FIELDS of every metric, as StoredAggregate has them. */
  numbers: number[];
}
const FIELDS = 6;

/** A machine has eight metrics per bearing. One that invents names must not grow its row for ever. */
const METRICS_MAX = 512;

export const trends: Projection<Bucket> = {
  name: "trends",
  version: 1,
  handles: new Set(["TelemetryReported", "VibrationReported", "ReadingReported"]),

  // Rewritten many times while their bucket is open, then never again: room for updates in place.
  create: (table) => `
    create table ${table} (
      stream text collate "C" not null,
      resolution integer not null,
      bucket timestamptz not null,
      metrics json not null,
      primary key (stream, resolution, bucket)
    ) with (fillfactor = 70)`,

  keysOf({ stream, occurredAt }) {
    const minute = Math.floor(occurredAt / 60_000);
    const known = lastKeys.get(stream);
    if (known?.minute === minute) return known.keys;
    const keys = RESOLUTIONS.map((resolution) => {
      const seconds = minute * 60;
      return `${stream}|${resolution}|${seconds - mod(seconds, resolution)}`;
    });
    if (lastKeys.size >= STREAMS_KEPT_MAX) lastKeys.clear();
    lastKeys.set(stream, { minute, keys });
    return keys;
  },

  async load(sql, table, keys) {
    const parts = keys.map((key) => key.split("|"));
    const rows = await sql<{ key: string; metrics: Record<string, StoredAggregate> }[]>`
      select wanted.key, metrics from ${sql(table)} join unnest(
        ${[...keys]}::text[],
        ${parts.map((part) => part[0] ?? "")}::text[],
        ${parts.map((part) => Number(part[1]))}::integer[],
        ${parts.map((part) => sqlInstant(Number(part[2]) * 1000))}::timestamptz[]
      ) as wanted (key, stream, resolution, bucket) using (stream, resolution, bucket)`;
    return new Map(rows.map(({ key, metrics }) => [key, fromStored(metrics)]));
  },

  fold(row, event) {
    measure(event);
    if (row === undefined) return begin(event.occurredAt);
    addAll(row, event.occurredAt);
    return row;
  },

  async save(tx, table, rows) {
    const values: { s: string; r: string; b: string; m: string }[] = [];
    for (const [key, row] of rows) {
      const [s = "", r = "", b = ""] = key.split("|");
      // As text inside the text: PostgreSQL then copies it, instead of reading every number.
      values.push({ s, r, b, m: JSON.stringify(toStored(row)) });
    }
    await tx`
      insert into ${tx(table)} (stream, resolution, bucket, metrics)
      select s, r, to_timestamp(b), m::json
      from json_to_recordset(${JSON.stringify(values)}::text::json)
        as row (s text, r integer, b bigint, m text)
      on conflict (stream, resolution, bucket) do update set metrics = excluded.metrics`;
  },

  // Minutes only: ten thousand devices make five billion of them a year, but 90 million hours.
  forgetOld: (sql, table, what) =>
    forgetRows(sql, table, what, {
      column: "bucket",
      days: what.keep.trendMinutesDays,
      only: sql`and resolution = ${MINUTE}`,
    }),
};

/** The buckets of each stream's newest minute: what a device reports next is mostly in them too. */
const lastKeys = new Map<string, { minute: number; keys: readonly string[] }>();
const STREAMS_KEPT_MAX = 20_000;

/** An event's numbers, taken out once for all three buckets it falls into. */
const measured = {
  of: undefined as RecordedEvent | undefined,
  count: 0,
  /** As many as `count`, and those of earlier events behind them. */
  taken: [] as string[],
  values: [] as number[],
  names: [] as readonly string[],
};

function measure(event: RecordedEvent): void {
  if (measured.of === event) return;
  measured.of = event;
  measured.count = 0;
  forEachMeasure(event, take);
  measured.names = shareNames(measured.taken, measured.count);
}

function take(name: string, value: number): void {
  measured.taken[measured.count] = name;
  measured.values[measured.count++] = value;
}

function toStored({ names, numbers }: Bucket): Record<string, StoredAggregate> {
  // A name ends as `forEachMeasure` has it, so none is `__proto__`; without a prototype, an object
  // takes twice as long to write down.
  const stored: Record<string, StoredAggregate> = {};
  for (let i = 0; i < names.length; i++) {
    const all = numbers.slice(i * FIELDS, (i + 1) * FIELDS);
    stored[names[i] as string] = (all[0] === 1 ? [1, all[1], all[5]] : all) as StoredAggregate;
  }
  return stored;
}

function fromStored(stored: Record<string, StoredAggregate>): Bucket {
  return {
    names: shareNames(Object.keys(stored)),
    numbers: Object.values(stored).flatMap(expand).slice(),
  };
}

function expand(stored: StoredAggregate): Exclude<StoredAggregate, { length: 3 }> {
  if (stored.length !== 3) return stored;
  const [count, value, at] = stored;
  return [count, value, value, value, value, at];
}

function mod(value: number, divisor: number): number {
  const rest = value % divisor;
  return rest < 0 ? rest + divisor : rest;
}

/** A bucket of what was just measured. */
function begin(at: number): Bucket {
  const { names, values } = measured;
  const numbers: number[] = [];
  for (let i = 0; i < names.length; i++) pushFirst(numbers, values[i] as number, at);
  // A copy has no room to spare, what was pushed has.
  return { names, numbers: numbers.slice() };
}

function addAll(bucket: Bucket, at: number): void {
  const { names, values } = measured;
  // What a device names together stands together.
  const start = bucket.names === names ? 0 : bucket.names.indexOf(names[0] as string);
  let later: number[] | undefined;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const place = bucket.names[start + i] === name ? start + i : bucket.names.indexOf(name);
    if (place < 0) (later ??= []).push(i);
    else add(bucket.numbers, place * FIELDS, values[i] as number, at);
  }
  if (later !== undefined) append(bucket, later, at);
}

/** Metrics that were not in it yet, by their places in what was measured. */
function append(bucket: Bucket, places: readonly number[], at: number): void {
  const fitting = places.slice(0, Math.max(0, METRICS_MAX - bucket.names.length));
  const numbers: number[] = [];
  for (const i of fitting) pushFirst(numbers, measured.values[i] as number, at);
  const added = fitting.map((i) => measured.names[i] as string);
  bucket.names = shareNames([...bucket.names, ...added]);
  bucket.numbers = bucket.numbers.concat(numbers);
}

function pushFirst(numbers: number[], value: number, at: number): void {
  numbers.push(1, value, value, value, value, at);
}

/** `first`: where the metric's fields begin. */
function add(numbers: number[], first: number, value: number, at: number): void {
  numbers[first] = (numbers[first] as number) + 1;
  // An infinite sum could not be written down, and read back would differ from itself.
  const sum = (numbers[first + 1] as number) + value;
  numbers[first + 1] = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, sum));
  if (value < (numbers[first + 2] as number)) numbers[first + 2] = value;
  if (value > (numbers[first + 3] as number)) numbers[first + 3] = value;
  if (at >= (numbers[first + 5] as number)) {
    numbers[first + 4] = value;
    numbers[first + 5] = at;
  }
}

export interface TrendPoint {
  /** Start of the bucket, epoch ms. */
  readonly at: number;
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly last: number;
}

export interface TrendQuery {
  readonly kind: string;
  readonly id: string;
  readonly metric: string;
  readonly resolution: Resolution;
  /** Epoch ms; buckets that start in [from, to). */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  /** Minutes that begin earlier before the device's newest are no part of the answer. */
  readonly minutesDays: number;
}

/**
 * Points in order of time; the newest ones where there are more than `limit`.
 *
 * A minute too old to be kept is not told, swept away or not yet: a report that came very late may
 * have opened it anew, with that report alone in it.
 */
export async function readTrend(sql: Sql, query: TrendQuery): Promise<TrendPoint[]> {
  const rows = await sql<{ bucket: number; metrics: Record<string, StoredAggregate> }[]>`
    select bucket, metrics from trends
    where stream = ${streamOf(query.kind, query.id)} and resolution = ${query.resolution}
      and bucket >= ${sqlInstant(query.from)}::timestamptz
      and bucket < ${sqlInstant(query.to)}::timestamptz
      ${query.resolution === MINUTE ? keptMinutes(sql, query) : sql``}
    order by bucket desc limit ${query.limit}`;
  const points: TrendPoint[] = [];
  for (const { bucket, metrics } of rows.reverse()) {
    if (!Object.hasOwn(metrics, query.metric)) continue;
    const [count, sum, min, max, last] = expand(metrics[query.metric] as StoredAggregate);
    points.push({ at: bucket, count, mean: sum / count, min, max, last });
  }
  return points;
}

function keptMinutes(sql: Sql, { kind, id, minutesDays }: TrendQuery): ReturnType<Sql> {
  return sql`
    and bucket >= (
      select bucket from trends
      where stream = ${streamOf(kind, id)} and resolution = ${MINUTE}
      order by bucket desc limit 1) - make_interval(days => ${minutesDays})`;
}

/** Every metric the device ever reported, by name. */
export async function listMetrics(sql: Sql, kind: string, id: string): Promise<string[]> {
  const rows = await sql<{ metrics: Record<string, StoredAggregate> }[]>`
    select metrics from trends
    where stream = ${streamOf(kind, id)} and resolution = 86400`;
  return [...new Set(rows.flatMap(({ metrics }) => Object.keys(metrics)))].sort();
}
