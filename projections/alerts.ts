/**
 * Anomalies of sensors, each from its first odd reading to its last. Answers: what was wrong with
 * which sensor, how badly, why do we think so, and has somebody dealt with it?
 */
import type { RecordedEvent } from "../events/event.ts";
import { type Sql, sqlInstant } from "../events/log/database.ts";
import { formatInstant, parseInstant } from "../events/instant.ts";
import type { AnomalyFound, AnomalyPast } from "../events/sensor.ts";
import { storable } from "../events/text.ts";
import { DEVICE_ID, deviceOf, streamOf } from "../events/vocabulary.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { Projection } from "./projection.ts";

/** Moments are epoch milliseconds of the sensor's own clock, but for `resolvedAt`. */
export interface Alert {
  readonly sensorId: string;
  /** The sensor's first anomaly is 1. */
  readonly episode: number;
  startedAt: number;
  /** Of the latest odd reading we know of. */
  lastAt: number;
  /** Null while it goes on. */
  endedAt: number | null;
  /** Times it was detected: a long one is detected again. */
  detections: number;
  peakAt: number;
  /** What was found at the peak: value, score, what was expected, by which detectors. */
  peak: AnomalyFound;
  resolvedAt: number | null;
  resolvedBy: string | null;
}

export const alerts: Projection<Alert> = {
  name: "alerts",
  version: 1,
  handles: new Set(["AnomalyDetected", "AnomalyWorsened", "AnomalyEnded", "AnomalyResolved"]),

  create: (table) => `
    create table ${table} (
      stream text collate "C" not null,
      episode integer not null,
      severity text not null,
      started_at timestamptz not null,
      last_at timestamptz not null,
      ended_at timestamptz,
      detections integer not null,
      peak_at timestamptz not null,
      peak json not null,
      resolved_at timestamptz,
      resolved_by text,
      primary key (stream, episode)
    );
    create index on ${table} (started_at, stream, episode);
    create index on ${table} (severity, started_at, stream, episode);
    create index on ${table} (started_at, stream, episode) where resolved_at is null`,

  keysOf: ({ stream, data }) => [`${stream}.${data.episode}`],

  async load(sql, table, keys) {
    const places = keys.map(placeOf);
    const rows = await sql<(Alert & { key: string; stream: string })[]>`
      select key, stream, ${sql.unsafe(ALERT_COLUMNS)} from ${sql(table)} join unnest(
        ${[...keys]}::text[], ${places.map(({ stream }) => stream)}::text[],
        ${places.map(({ episode }) => episode)}::integer[]
      ) as wanted (key, stream, episode) using (stream, episode)`;
    return new Map(rows.map(({ key, ...row }) => [key, ofStream(row)]));
  },

  fold(row, event, key) {
    const { type, data, occurredAt } = event;
    if (type === "AnomalyDetected") return detect(row, event);
    // The actor ends, worsens and resolves only what it has found.
    if (row === undefined) throw new Error(`anomaly "${key}" was never detected`);
    if (type === "AnomalyWorsened") return worsen(row, data as AnomalyFound, occurredAt);
    if (type === "AnomalyEnded") return end(row, data as AnomalyPast);
    if (row.resolvedAt !== null) return row;
    return { ...row, resolvedAt: occurredAt, resolvedBy: storable(String(data.by)) };
  },

  async save(tx, table, rows) {
    const values = [...rows.values()].map((row) => ({
      stream: streamOf("sensor", row.sensorId),
      episode: row.episode,
      severity: row.peak.severity,
      started_at: sqlInstant(row.startedAt),
      last_at: sqlInstant(row.lastAt),
      ended_at: instantOrNull(row.endedAt),
      detections: row.detections,
      peak_at: sqlInstant(row.peakAt),
      peak: JSON.stringify(row.peak),
      resolved_at: instantOrNull(row.resolvedAt),
      resolved_by: row.resolvedBy,
    }));
    await tx`
      insert into ${tx(table)} (stream, episode, severity, started_at, last_at, ended_at,
        detections, peak_at, peak, resolved_at, resolved_by)
      select stream, episode, severity, started_at, last_at, ended_at, detections, peak_at,
        peak::json, resolved_at, resolved_by
      from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
        stream text, episode integer, severity text, started_at timestamptz, last_at timestamptz,
        ended_at timestamptz, detections integer, peak_at timestamptz, peak text,
        resolved_at timestamptz, resolved_by text)
      on conflict (stream, episode) do update set
        severity = excluded.severity, started_at = excluded.started_at, last_at = excluded.last_at,
        ended_at = excluded.ended_at, detections = excluded.detections,
        peak_at = excluded.peak_at, peak = excluded.peak, resolved_at = excluded.resolved_at,
        resolved_by = excluded.resolved_by`;
  },
};

const ALERT_COLUMNS = `
  episode, started_at as "startedAt", last_at as "lastAt", ended_at as "endedAt", detections,
  peak_at as "peakAt", peak, resolved_at as "resolvedAt", resolved_by as "resolvedBy"`;

function instantOrNull(ms: number | null): string | null {
  return ms === null ? null : sqlInstant(ms);
}

function ofStream({ stream, ...row }: Omit<Alert, "sensorId"> & { stream: string }): Alert {
  return { sensorId: deviceOf(stream).id, ...row };
}

/** An alert as a finding shows it, with nothing known of what came before or after. */
export function alertOf({ stream, data, occurredAt: at }: RecordedEvent): Alert {
  const found = data as AnomalyFound;
  return {
    sensorId: deviceOf(stream).id,
    episode: found.episode,
    startedAt: parseInstant(found.startedAt) ?? at,
    lastAt: at,
    endedAt: null,
    detections: 1,
    peakAt: at,
    peak: found,
    resolvedAt: null,
    resolvedBy: null,
  };
}

function detect(row: Alert | undefined, event: RecordedEvent): Alert {
  if (row === undefined) return alertOf(event);
  const { data, occurredAt: at } = event;
  const found = data as AnomalyFound;
  row.detections++;
  return worsen(row, found, at);
}

function worsen(row: Alert, found: AnomalyFound, at: number): Alert {
  row.lastAt = Math.max(row.lastAt, at);
  if (found.score <= row.peak.score) return row;
  return { ...row, peak: found, peakAt: at };
}

/** What was found stays as it was told; how far it went is known only now. */
function end(row: Alert, past: AnomalyPast): Alert {
  const { peakScore: score, peakValue: value } = past;
  const higher = score > row.peak.score;
  const lastAt = parseInstant(past.lastAt) ?? row.lastAt;
  return {
    ...row,
    lastAt,
    endedAt: lastAt,
    peakAt: higher ? parseInstant(past.peakAt) ?? row.peakAt : row.peakAt,
    peak: higher ? { ...row.peak, score, value } : row.peak,
  };
}

function placeOf(key: string): { stream: string; episode: number } {
  const dot = key.lastIndexOf(".");
  return { stream: key.slice(0, dot), episode: Number(key.slice(dot + 1)) };
}

/** `S1.3` is the third anomaly of sensor S1: no device's id has a dot. */
export function alertId({ sensorId, episode }: Pick<Alert, "sensorId" | "episode">): string {
  return `${sensorId}.${episode}`;
}

/** Undefined where the text is no alert's id. */
export function parseAlertId(id: string): { sensorId: string; episode: number } | undefined {
  const { stream: sensorId, episode } = placeOf(id);
  const isOne = DEVICE_ID.test(sensorId) && /\.[1-9]\d{0,8}$/.test(id);
  return isOne ? { sensorId, episode } : undefined;
}

export async function getAlert(
  sql: Sql,
  { sensorId, episode }: { readonly sensorId: string; readonly episode: number },
): Promise<Alert | undefined> {
  const [row] = await sql<(Alert & { stream: string })[]>`
    select stream, ${sql.unsafe(ALERT_COLUMNS)} from alerts
    where stream = ${streamOf("sensor", sensorId)} and episode = ${episode}`;
  return row && ofStream(row);
}

export interface AlertQuery {
  readonly sensorId?: string | undefined;
  readonly severity?: string | undefined;
  readonly resolved?: boolean | undefined;
  readonly limit: number;
  readonly offset?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Moment, stream, episode. */
const PLACE = [/^\d{4}-[\d:.TZ-]{6,23}$/, /^sensor-[\w:-]+$/, /^\d{1,9}$/];

/** Where the list goes on after this alert. */
export function alertCursor({ startedAt, sensorId, episode }: Alert): string {
  return encodeCursor([formatInstant(startedAt), streamOf("sensor", sensorId), String(episode)]);
}

/** Alerts, the newest first. Throws CursorError. */
export async function listAlerts(sql: Sql, query: AlertQuery): Promise<Alert[]> {
  const { sensorId, severity, resolved, limit, offset = 0, cursor } = query;
  const after = cursor === undefined ? undefined : decodeCursor(cursor, PLACE);
  const rows = await sql<(Alert & { stream: string })[]>`
    select stream, ${sql.unsafe(ALERT_COLUMNS)} from alerts
    where true
      ${sensorId === undefined ? sql`` : sql`and stream = ${streamOf("sensor", sensorId)}`}
      ${severity === undefined ? sql`` : sql`and severity = ${severity}`}
      ${resolved === true ? sql`and resolved_at is not null` : sql``}
      ${resolved === false ? sql`and resolved_at is null` : sql``}
      ${
    after === undefined
      ? sql``
      : sql`and (started_at, stream, episode) < (${
        sqlInstant(parseInstant(after[0] ?? "") ?? 0)
      }::timestamptz, ${after[1] ?? ""}, ${Number(after[2])}::integer)`
  }
    order by started_at desc, stream desc, episode desc limit ${limit} offset ${offset}`;
  return rows.map(ofStream);
}
