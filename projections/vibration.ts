/**
 * Every reading of every machine's bearings, its numbers without its spectrum. Answers: how did it
 * vibrate, and since when?
 *
 * Spectra are not kept a second time: a row names its event, and the log has them.
 */
import type { RecordedEvent } from "../events/event.ts";
import { copyIn, copyNumberOrNull, copyText, copyTextOrNull } from "../events/log/copy.ts";
import { type Sql, sqlInstant } from "../events/log/database.ts";
import { atVersion } from "../events/log/versions.ts";
import { storable } from "../events/text.ts";
import { deviceOf, type Json, streamOf } from "../events/vocabulary.ts";
import { forgetRows } from "./old_rows.ts";
import type { Projection } from "./projection.ts";

/** What a reading measured: columns of the table. */
const MEASURES = [
  "acceleration_rms",
  "acceleration_peak",
  "acceleration_crest",
  "acceleration_kurtosis",
  "velocity_rms",
  "velocity_peak",
  "velocity_crest",
  "dominant_hz",
  "temperature",
] as const;

export type Vibration =
  & {
    readonly stream: string;
    readonly version: number;
    /** As the sender named it; else it goes by `machine@version`. */
    readonly readingId: string | null;
    /** "" where the sender named none. */
    readonly bearing: string;
    readonly axis: string | null;
    /** The reading's own time, epoch ms. */
    readonly at: number;
    readonly status: string | null;
    readonly fault: Json | null;
  }
  & Readonly<Record<typeof MEASURES[number], number | null>>;

/** A row is the line that COPY is sent: of an event that is folded once nothing else is wanted. */
export const vibration: Projection<string> = {
  name: "vibration",
  version: 2,
  handles: new Set(["VibrationReported"]),

  create: (table) => `
    create table ${table} (
      stream text collate "C" not null,
      version integer not null,
      reading_id text collate "C",
      bearing text collate "C" not null,
      axis text,
      at timestamptz not null,
      status text,
      fault json,
      ${MEASURES.map((name) => `${name} double precision`).join(", ")}
    )`,

  index: (table) => `
    alter table ${table} add primary key (stream, at, version);
    create index on ${table} (reading_id) where reading_id is not null;
    create index on ${table} (at, stream, version);
    create index on ${table} (bearing, at, stream, version)`,

  keysOf: ({ stream, version }) => [`${stream}@${version}`],

  fold: (_, event) => lineOf(readVibration(event)),

  // By COPY: of all that is kept these are the most rows, and through JSON each took twice as long.
  save: (tx, table, rows) => copyIn(tx, table, STORED, [...rows.values()].join("")),

  forgetOld: (sql, table, what) =>
    forgetRows(sql, table, what, { column: "at", days: what.keep.readingDays }),
};

const MEASURE_COLUMNS = MEASURES.join(", ");
const STORED = `stream, version, reading_id, bearing, axis, at, status, fault, ${MEASURE_COLUMNS}`;
const COLUMNS = `stream, version, reading_id as "readingId", bearing, axis, at, status, fault,
  ${MEASURE_COLUMNS}`;

/** As COPY wants it, in the order of STORED. */
function lineOf(row: Vibration): string {
  const { stream, version, readingId, bearing, axis, at, status, fault } = row;
  const fields = [
    stream,
    String(version),
    copyTextOrNull(readingId),
    copyText(bearing),
    copyTextOrNull(axis),
    sqlInstant(at),
    copyTextOrNull(status),
    copyTextOrNull(fault && JSON.stringify(fault)),
    ...MEASURES.map((name) => copyNumberOrNull(row[name])),
  ];
  // Joined, not added up piece by piece: such a text keeps its pieces until it is read.
  return `${fields.join("\t")}\n`;
}

/** The bearing a machine's report or description is about; "" where it names none. */
export function bearingOf(id: unknown): string {
  return typeof id === "string" ? storable(id) : "";
}

/** The row of one event. */
export function readVibration({ stream, version, data, occurredAt }: RecordedEvent): Vibration {
  const acceleration = fieldsOf(data.acceleration);
  const velocity = fieldsOf(data.velocity);
  return {
    stream,
    version,
    readingId: textOrNull(data._id) || null,
    bearing: bearingOf(data.bearingId),
    axis: textOrNull(data.Axis_Id),
    at: occurredAt,
    status: textOrNull(data.status),
    fault: typeof data.fault === "object" ? data.fault as Json | null : null,
    acceleration_rms: numberOrNull(acceleration.rms),
    acceleration_peak: numberOrNull(acceleration.peak),
    acceleration_crest: numberOrNull(acceleration.crestFactor),
    acceleration_kurtosis: numberOrNull(acceleration.kurtosis),
    velocity_rms: numberOrNull(velocity.rms),
    velocity_peak: numberOrNull(velocity.peak),
    velocity_crest: numberOrNull(velocity.crestFactor),
    dominant_hz: numberOrNull(fieldsOf(data.fftData).dominantFrequency),
    temperature: numberOrNull(data.temperature),
  };
}

const NO_FIELDS: Json = {};

function fieldsOf(group: unknown): Json {
  return (group as Json | null | undefined) ?? NO_FIELDS;
}

/** What a reading goes by. */
export function nameOf({ readingId, stream, version }: Vibration): string {
  return readingId ?? `${deviceOf(stream).id}@${version}`;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? storable(value) : null;
}

export interface VibrationQuery {
  readonly machineId?: string | undefined;
  readonly bearing?: string | undefined;
  /** Epoch ms, [from, to). */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Only readings that measured this. */
  readonly having?: "acceleration_rms" | "velocity_rms" | "temperature" | undefined;
  readonly limit: number;
}

/** Readings, the newest first. */
export async function listVibration(sql: Sql, query: VibrationQuery): Promise<Vibration[]> {
  const { machineId, bearing, from, to, having, limit } = query;
  return await sql<Vibration[]>`
    select ${sql.unsafe(COLUMNS)} from vibration
    where true
      ${machineId === undefined ? sql`` : sql`and stream = ${streamOf("machine", machineId)}`}
      ${bearing === undefined ? sql`` : sql`and bearing = ${storable(bearing)}`}
      ${from === undefined ? sql`` : sql`and at >= ${sqlInstant(from)}::timestamptz`}
      ${to === undefined ? sql`` : sql`and at < ${sqlInstant(to)}::timestamptz`}
      ${having === undefined ? sql`` : sql`and ${sql(having)} is not null`}
    order by at desc, stream desc, version desc limit ${limit}`;
}

/** The reading that goes by this id; the first, if several machines have chosen the same. */
export async function findVibration(sql: Sql, readingId: string): Promise<Vibration | undefined> {
  const own = /^([\w:-]{1,64})@(\d{1,9})$/.exec(readingId);
  const [row] = await sql<Vibration[]>`
    select ${sql.unsafe(COLUMNS)} from vibration
    where reading_id = ${storable(readingId)}
      ${
    own === null ? sql`` : sql`
      or (stream, version, at) = (${streamOf("machine", own[1] ?? "")}, ${
      Number(own[2])
    }::integer, (
        select occurred_at from events
        where stream = ${streamOf("machine", own[1] ?? "")} and ${
      atVersion(sql, Number(own[2]))
    } limit 1))`
  }
    order by at, stream, version limit 1`;
  return row;
}

/** Of these ids of one machine's readings, those that are known. */
export async function knownReadings(
  sql: Sql,
  machineId: string,
  ids: readonly string[],
): Promise<Set<string>> {
  const rows = await sql<{ id: string }[]>`
    select reading_id as id from vibration
    where stream = ${streamOf("machine", machineId)} and reading_id = any(${[...ids]}::text[])`;
  return new Set(rows.map(({ id }) => id));
}
