/** Every sensor in figures. Answers: how many readings, between what, how many odd, how recent? */
import type { RecordedEvent } from "../events/event.ts";
import { type Sql, sqlInstant } from "../events/log/database.ts";
import { storable } from "../events/text.ts";
import { deviceOf, streamOf } from "../events/vocabulary.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { Projection } from "./projection.ts";

/** Moments are epoch milliseconds. */
export interface Sensor {
  readonly sensorId: string;
  sensorType: string | null;
  unit: string | null;
  location: string | null;
  readings: number;
  anomalies: number;
  sum: number;
  min: number;
  max: number;
  /** Of the reading that is newest by the sensor's own clock; of several, the one recorded last. */
  lastAt: number;
  lastValue: number;
  lastScore: number | null;
  lastAnomaly: boolean;
  /** By our clock. */
  lastSeenAt: number;
}

export const sensors: Projection<Sensor> = {
  name: "sensors",
  version: 1,
  handles: new Set(["ReadingReported"]),

  // Rewritten all the time: half a page is left free, so that a row stays where it is.
  create: (table) => `
    create table ${table} (
      stream text collate "C" primary key,
      sensor_type text,
      unit text,
      location text,
      readings bigint not null,
      anomalies bigint not null,
      sum double precision not null,
      min double precision not null,
      max double precision not null,
      last_at timestamptz not null,
      last_value double precision not null,
      last_score double precision,
      last_anomaly boolean not null,
      last_seen_at timestamptz not null
    ) with (fillfactor = 50)`,

  keysOf: ({ stream }) => [stream],

  async load(sql, table, keys) {
    const rows = await sql<(Sensor & { stream: string })[]>`
      select stream, ${sql.unsafe(SENSOR_COLUMNS)} from ${sql(table)}
      where stream = any(${[...keys]}::text[])`;
    return new Map(rows.map(({ stream, ...row }) => [stream, ofStream(stream, row)]));
  },

  fold(row, event, stream) {
    const value = Number(event.data.value);
    const sensor = row ?? unknownSensor(stream, event, value);
    sensor.readings++;
    if (event.metadata.anomaly) sensor.anomalies++;
    // An infinite sum could not be written down.
    const sum = sensor.sum + value;
    sensor.sum = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, sum));
    if (value < sensor.min) sensor.min = value;
    if (value > sensor.max) sensor.max = value;
    sensor.lastSeenAt = event.recordedAt;
    if (event.occurredAt >= sensor.lastAt) takeLatest(sensor, event, value);
    return sensor;
  },

  async save(tx, table, rows) {
    const values = [...rows].map(([stream, row]) => ({
      ...row,
      stream,
      lastAt: sqlInstant(row.lastAt),
      lastSeenAt: sqlInstant(row.lastSeenAt),
    }));
    await tx`
      insert into ${tx(table)} (stream, sensor_type, unit, location, readings, anomalies, sum, min,
        max, last_at, last_value, last_score, last_anomaly, last_seen_at)
      select * from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
        stream text, "sensorType" text, unit text, location text, readings bigint,
        anomalies bigint, sum double precision, min double precision, max double precision,
        "lastAt" timestamptz, "lastValue" double precision, "lastScore" double precision,
        "lastAnomaly" boolean, "lastSeenAt" timestamptz)
      on conflict (stream) do update set
        sensor_type = excluded.sensor_type, unit = excluded.unit, location = excluded.location,
        readings = excluded.readings, anomalies = excluded.anomalies, sum = excluded.sum,
        min = excluded.min, max = excluded.max, last_at = excluded.last_at,
        last_value = excluded.last_value, last_score = excluded.last_score,
        last_anomaly = excluded.last_anomaly, last_seen_at = excluded.last_seen_at`;
  },
};

const SENSOR_COLUMNS = `
  sensor_type as "sensorType", unit, location, readings, anomalies, sum, min, max,
  last_at as "lastAt", last_value as "lastValue", last_score as "lastScore",
  last_anomaly as "lastAnomaly", last_seen_at as "lastSeenAt"`;

function ofStream(stream: string, row: Omit<Sensor, "sensorId">): Sensor {
  return { sensorId: deviceOf(stream).id, ...row };
}

function unknownSensor(stream: string, event: RecordedEvent, value: number): Sensor {
  return {
    sensorId: deviceOf(stream).id,
    sensorType: null,
    unit: null,
    location: null,
    readings: 0,
    anomalies: 0,
    sum: 0,
    min: value,
    max: value,
    lastAt: event.occurredAt,
    lastValue: value,
    lastScore: null,
    lastAnomaly: false,
    lastSeenAt: event.recordedAt,
  };
}

/** What a reading leaves out stays as it was said before. */
function takeLatest(sensor: Sensor, event: RecordedEvent, value: number): void {
  const { sensor_type: type, unit, location } = event.data;
  if (typeof type === "string") sensor.sensorType = storable(type);
  if (typeof unit === "string") sensor.unit = storable(unit);
  if (typeof location === "string") sensor.location = storable(location);
  sensor.lastAt = event.occurredAt;
  sensor.lastValue = value + 0; // JSON has no minus zero.
  sensor.lastScore = event.metadata.score ?? null;
  sensor.lastAnomaly = event.metadata.anomaly ?? false;
}

export async function getSensor(sql: Sql, sensorId: string): Promise<Sensor | undefined> {
  const stream = streamOf("sensor", sensorId);
  const [row] = await sql<Sensor[]>`
    select ${sql.unsafe(SENSOR_COLUMNS)} from sensors where stream = ${stream}`;
  return row && ofStream(stream, row);
}

export interface SensorPage {
  readonly sensors: readonly Sensor[];
  readonly next: string | undefined;
}

/** Sensors by id. Throws CursorError. */
export async function listSensors(
  sql: Sql,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<SensorPage> {
  const [after = ""] = cursor === undefined ? [] : decodeCursor(cursor, [/^sensor-[\w:-]+$/]);
  const rows = await sql<(Sensor & { stream: string })[]>`
    select stream, ${sql.unsafe(SENSOR_COLUMNS)} from sensors
    where stream > ${after} order by stream limit ${limit + 1}`;
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    sensors: page.map(({ stream, ...row }) => ofStream(stream, row)),
    next: last && encodeCursor([last.stream]),
  };
}

export interface SensorTotals {
  readonly sensors: number;
  /** Heard of since the moment asked for. */
  readonly active: number;
  readonly readings: number;
  readonly anomalies: number;
}

/** All sensors together; active are those we heard from since a moment (epoch ms). */
export async function sumSensors(sql: Sql, activeSince: number): Promise<SensorTotals> {
  const [row] = await sql<SensorTotals[]>`
    select count(*) as sensors,
      count(*) filter (where last_seen_at >= ${sqlInstant(activeSince)}::timestamptz) as active,
      coalesce(sum(readings), 0)::bigint as readings,
      coalesce(sum(anomalies), 0)::bigint as anomalies
    from sensors`;
  return row ?? { sensors: 0, active: 0, readings: 0, anomalies: 0 };
}
