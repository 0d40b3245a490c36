/**
 * Alerts of ATMs: alarms joined to what somebody is bothered with once. Answers: what was wrong
 * with which ATM, how badly, how often did it come back, and has somebody dealt with it?
 */
import type { Severity } from "../events/device.ts";
import type { RecordedEvent } from "../events/event.ts";
import { type Sql, sqlInstant } from "../events/log/database.ts";
import { formatInstant, parseInstant } from "../events/instant.ts";
import { storable } from "../events/text.ts";
import { DEVICE_ID, deviceOf, streamOf } from "../events/vocabulary.ts";
import { isSeverer } from "../models/alerts/atm_rules.ts";
import type { Projection } from "./projection.ts";

/** Moments are epoch milliseconds. */
export interface AtmAlert {
  readonly atmId: string;
  /** The rule's, or "silent", or "reported" by somebody. */
  readonly reason: string;
  readonly triggeredAt: number;
  /** The most that was said of it. */
  severity: Severity;
  /** The latest. */
  message: string;
  /** When its alarm was last raised, and how often it was. */
  lastAt: number;
  times: number;
  /** Of this severity. */
  acknowledgedAt: number | null;
  acknowledgedBy: string | null;
  /** Null while its alarm is open. */
  resolvedAt: number | null;
  /** Null where it ended by itself. */
  resolvedBy: string | null;
}

export const atmAlerts: Projection<AtmAlert> = {
  name: "atm_alerts",
  version: 1,
  handles: new Set(["AlarmRaised", "AlarmAcknowledged", "AlarmCleared"]),

  create: (table) => `
    create table ${table} (
      stream text collate "C" not null,
      reason text collate "C" not null,
      triggered_at timestamptz not null,
      severity text not null,
      message text not null,
      last_at timestamptz not null,
      times integer not null,
      acknowledged_at timestamptz,
      acknowledged_by text,
      resolved_at timestamptz,
      resolved_by text,
      primary key (stream, reason, triggered_at)
    );
    create index on ${table} (triggered_at, stream, reason);
    create index on ${table} (severity, triggered_at, stream, reason);
    create index on ${table} (reason, triggered_at, stream);
    create index on ${table} (triggered_at, stream, reason) where resolved_at is null`,

  keysOf({ type, stream, data, occurredAt }) {
    if (deviceOf(stream).kind !== "atm") return [];
    const raisedAt = type === "AlarmRaised" ? formatInstant(occurredAt) : data.raisedAt;
    return [`${stream}|${data.reason}|${data.alert ?? raisedAt}`];
  },

  async load(sql, table, keys) {
    const parts = keys.map(partsOf);
    const rows = await sql<(AtmAlert & { key: string; stream: string })[]>`
      select key, stream, ${sql.unsafe(COLUMNS)} from ${sql(table)} join unnest(
        ${[...keys]}::text[],
        ${parts.map(({ stream }) => stream)}::text[],
        ${parts.map(({ reason }) => reason)}::text[],
        ${parts.map(({ triggeredAt }) => sqlInstant(triggeredAt))}::timestamptz[]
      ) as wanted (key, stream, reason, triggered_at) using (stream, reason, triggered_at)`;
    return new Map(rows.map(({ key, ...row }) => [key, ofStream(row)]));
  },

  fold(row, event, key) {
    const { type, data, occurredAt } = event;
    if (type === "AlarmRaised") return row === undefined ? begin(event, key) : goOn(row, event);
    if (row === undefined) throw new Error(`alert "${key}" was never triggered`);
    const by = data.by === undefined ? null : storable(String(data.by));
    return type === "AlarmCleared"
      ? { ...row, resolvedAt: occurredAt, resolvedBy: by }
      : { ...row, acknowledgedAt: occurredAt, acknowledgedBy: by };
  },

  async save(tx, table, rows) {
    const values = [...rows.values()].map((row) => ({
      stream: streamOf("atm", row.atmId),
      reason: row.reason,
      triggered_at: sqlInstant(row.triggeredAt),
      severity: row.severity,
      message: row.message,
      last_at: sqlInstant(row.lastAt),
      times: row.times,
      acknowledged_at: instantOrNull(row.acknowledgedAt),
      acknowledged_by: row.acknowledgedBy,
      resolved_at: instantOrNull(row.resolvedAt),
      resolved_by: row.resolvedBy,
    }));
    await tx`
      insert into ${tx(table)} (stream, reason, triggered_at, severity, message, last_at, times,
        acknowledged_at, acknowledged_by, resolved_at, resolved_by)
      select * from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
        stream text, reason text, triggered_at timestamptz, severity text, message text,
        last_at timestamptz, times integer, acknowledged_at timestamptz, acknowledged_by text,
        resolved_at timestamptz, resolved_by text)
      on conflict (stream, reason, triggered_at) do update set
        severity = excluded.severity, message = excluded.message, last_at = excluded.last_at,
        times = excluded.times, acknowledged_at = excluded.acknowledged_at,
        acknowledged_by = excluded.acknowledged_by, resolved_at = excluded.resolved_at,
        resolved_by = excluded.resolved_by`;
  },
};

const COLUMNS = `
  reason, triggered_at as "triggeredAt", severity, message, last_at as "lastAt", times,
  acknowledged_at as "acknowledgedAt", acknowledged_by as "acknowledgedBy",
  resolved_at as "resolvedAt", resolved_by as "resolvedBy"`;

function begin({ data, occurredAt }: RecordedEvent, key: string): AtmAlert {
  const { stream, reason, triggeredAt } = partsOf(key);
  return {
    atmId: deviceOf(stream).id,
    reason,
    triggeredAt,
    severity: data.severity as Severity,
    message: storable(String(data.message)),
    lastAt: occurredAt,
    times: 1,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    resolvedBy: null,
  };
}

/** It came back, or got severer: what was acknowledged was less, then. */
function goOn(row: AtmAlert, { data, occurredAt }: RecordedEvent): AtmAlert {
  const severity = data.severity as Severity;
  const message = storable(String(data.message));
  const again = { ...row, message, lastAt: occurredAt, times: row.times + 1 };
  const active = { ...again, resolvedAt: null, resolvedBy: null };
  if (!isSeverer(severity, row.severity)) return active;
  return { ...active, severity, acknowledgedAt: null, acknowledgedBy: null };
}

function instantOrNull(ms: number | null): string | null {
  return ms === null ? null : sqlInstant(ms);
}

function ofStream({ stream, ...row }: Omit<AtmAlert, "atmId"> & { stream: string }): AtmAlert {
  return { ...row, atmId: deviceOf(stream).id };
}

function partsOf(key: string): { stream: string; reason: string; triggeredAt: number } {
  const [stream = "", reason = "", moment = ""] = key.split("|");
  const triggeredAt = parseInstant(moment);
  if (triggeredAt === undefined) throw new Error(`"${moment}" is not when an alert began`);
  return { stream, reason, triggeredAt };
}

export type AlertStatus = "active" | "acknowledged" | "resolved";

export function alertStatusOf({ resolvedAt, acknowledgedAt }: AtmAlert): AlertStatus {
  if (resolvedAt !== null) return "resolved";
  return acknowledgedAt !== null ? "acknowledged" : "active";
}

type AlertName = Pick<AtmAlert, "atmId" | "reason" | "triggeredAt">;

/** `ATM-0042.low-cash.1767268800000`: no id of a device, and no reason, has a dot. */
export function atmAlertId({ atmId, reason, triggeredAt }: AlertName): string {
  return `${atmId}.${reason}.${triggeredAt}`;
}

/** Undefined where the text is no alert's id. */
export function parseAtmAlertId(id: string): AlertName | undefined {
  const [, atmId = "", reason = "", moment = ""] =
    /^([^.]+)\.([a-z-]{1,40})\.(\d{1,14}(?:\.\d{1,3})?)$/.exec(id) ?? [];
  return DEVICE_ID.test(atmId) ? { atmId, reason, triggeredAt: Number(moment) } : undefined;
}

export async function getAtmAlert(sql: Sql, name: AlertName): Promise<AtmAlert | undefined> {
  const [row] = await sql<(Omit<AtmAlert, "atmId"> & { stream: string })[]>`
    select stream, ${sql.unsafe(COLUMNS)} from atm_alerts
    where stream = ${streamOf("atm", name.atmId)} and reason = ${name.reason}
      and triggered_at = ${sqlInstant(name.triggeredAt)}::timestamptz`;
  return row && ofStream(row);
}

export interface AtmAlertFilter {
  /** Open is all that is not resolved. */
  readonly status?: AlertStatus | "open" | undefined;
  readonly severity?: string | undefined;
  readonly atmId?: string | undefined;
  readonly reason?: string | undefined;
  /** Epoch ms of when it was triggered, in [from, to). */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** A page of alerts (pages from 0), the newest first. */
export async function listAtmAlerts(
  sql: Sql,
  { page, limit, ...filter }: AtmAlertFilter & { readonly page: number; readonly limit: number },
): Promise<AtmAlert[]> {
  const rows = await sql<(Omit<AtmAlert, "atmId"> & { stream: string })[]>`
    select stream, ${sql.unsafe(COLUMNS)} from atm_alerts where ${matching(sql, filter)}
    order by triggered_at desc, stream desc, reason desc
    limit ${limit} offset ${page * limit}`;
  return rows.map(ofStream);
}

export async function countAtmAlerts(sql: Sql, filter: AtmAlertFilter): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*) as count from atm_alerts where ${matching(sql, filter)}`;
  return row?.count ?? 0;
}

function matching(sql: Sql, { status, severity, atmId, reason, from, to }: AtmAlertFilter) {
  return sql`true
    ${status === undefined ? sql`` : sql`and ${ofStatus(sql, status)}`}
    ${severity === undefined ? sql`` : sql`and severity = ${severity}`}
    ${atmId === undefined ? sql`` : sql`and stream = ${streamOf("atm", atmId)}`}
    ${reason === undefined ? sql`` : sql`and reason = ${reason}`}
    ${from === undefined ? sql`` : sql`and triggered_at >= ${sqlInstant(from)}::timestamptz`}
    ${to === undefined ? sql`` : sql`and triggered_at < ${sqlInstant(to)}::timestamptz`}`;
}

function ofStatus(sql: Sql, status: AlertStatus | "open") {
  if (status === "open") return sql`resolved_at is null`;
  if (status === "resolved") return sql`resolved_at is not null`;
  return status === "active"
    ? sql`resolved_at is null and acknowledged_at is null`
    : sql`resolved_at is null and acknowledged_at is not null`;
}

/** Alerts that have this reason, severity and status, of those triggered since, or still open. */
export interface AlertGroup {
  readonly reason: string;
  readonly severity: Severity;
  readonly status: AlertStatus;
  readonly count: number;
  /** Of those triggered in the last 24 hours. */
  readonly last24Hours: number;
  /** From the trigger to the end, of those resolved; summed. */
  readonly resolvedMinutes: number;
}

/** `since` and `now`: epoch ms. */
export async function groupAtmAlerts(
  sql: Sql,
  { since, now }: { readonly since: number; readonly now: number },
): Promise<AlertGroup[]> {
  return await sql<AlertGroup[]>`
    select reason, severity,
      case when resolved_at is not null then 'resolved'
        when acknowledged_at is not null then 'acknowledged' else 'active' end as status,
      count(*) as count,
      count(*) filter (where triggered_at >= ${sqlInstant(now - DAY_MS)}::timestamptz)
        as "last24Hours",
      coalesce(sum(extract(epoch from resolved_at - triggered_at)) / 60, 0)::double precision
        as "resolvedMinutes"
    from atm_alerts
    where triggered_at >= ${sqlInstant(since)}::timestamptz or resolved_at is null
    group by 1, 2, 3`;
}

const DAY_MS = 86_400_000;
