/** Episodes of trouble, from raised to cleared. Answers: what needs somebody now, and what did? */
import { type Sql, sqlInstant } from "../events/log/database.ts";
import { formatInstant, parseInstant } from "../events/instant.ts";
import { deviceOf, streamOf } from "../events/vocabulary.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { Projection } from "./projection.ts";
import { storable } from "../events/text.ts";

/** Moments are epoch milliseconds. */
export interface Alarm {
  readonly kind: string;
  readonly id: string;
  readonly reason: string;
  readonly raisedAt: number;
  severity: string;
  message: string;
  acknowledgedAt: number | null;
  acknowledgedBy: string | null;
  clearedAt: number | null;
}

export const alarms: Projection<Alarm> = {
  name: "alarms",
  version: 1,
  handles: new Set(["AlarmRaised", "AlarmAcknowledged", "AlarmCleared"]),

  create: (table) => `
    create table ${table} (
      stream text collate "C" not null,
      reason text collate "C" not null,
      raised_at timestamptz not null,
      severity text not null,
      message text not null,
      acknowledged_at timestamptz,
      acknowledged_by text,
      cleared_at timestamptz,
      primary key (stream, reason, raised_at)
    );
    create index on ${table} (raised_at, stream, reason);
    -- At most one open alarm per device and reason; also how the open ones are found.
    create unique index on ${table} (stream, reason) where cleared_at is null`,

  keysOf(event) {
    const { type, stream, data, occurredAt } = event;
    const raisedAt = type === "AlarmRaised" ? formatInstant(occurredAt) : data.raisedAt;
    return [`${stream}|${data.reason}|${raisedAt}`];
  },

  async load(sql, table, keys) {
    const parts = keys.map(partsOf);
    const rows = await sql<(Omit<Alarm, "kind" | "id"> & { key: string; stream: string })[]>`
      select key, stream, ${sql.unsafe(ALARM_COLUMNS)} from ${sql(table)} join unnest(
        ${[...keys]}::text[],
        ${parts.map(({ stream }) => stream)}::text[],
        ${parts.map(({ reason }) => reason)}::text[],
        ${parts.map(({ raisedAt }) => sqlInstant(raisedAt))}::timestamptz[]
      ) as wanted (key, stream, reason, raised_at) using (stream, reason, raised_at)`;
    return new Map(rows.map(({ key, stream, ...row }) => [key, { ...deviceOf(stream), ...row }]));
  },

  fold(row, { type, data, stream, occurredAt }, key) {
    if (type === "AlarmRaised") {
      return {
        ...deviceOf(stream),
        reason: String(data.reason),
        raisedAt: occurredAt,
        severity: String(data.severity),
        message: storable(String(data.message)),
        acknowledgedAt: null,
        acknowledgedBy: null,
        clearedAt: null,
      };
    }
    if (row === undefined) throw new Error(`alarm "${key}" was never raised`);
    if (type === "AlarmCleared") return { ...row, clearedAt: occurredAt };
    return { ...row, acknowledgedAt: occurredAt, acknowledgedBy: storable(String(data.by)) };
  },

  async save(tx, table, rows) {
    const values = [...rows.values()].map((row) => ({
      stream: streamOf(row.kind, row.id),
      reason: row.reason,
      raised_at: sqlInstant(row.raisedAt),
      severity: row.severity,
      message: row.message,
      acknowledged_at: row.acknowledgedAt === null ? null : sqlInstant(row.acknowledgedAt),
      acknowledged_by: row.acknowledgedBy,
      cleared_at: row.clearedAt === null ? null : sqlInstant(row.clearedAt),
    }));
    await tx`
      insert into ${tx(table)} (stream, reason, raised_at, severity, message, acknowledged_at,
        acknowledged_by, cleared_at)
      select * from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
        stream text, reason text, raised_at timestamptz, severity text, message text,
        acknowledged_at timestamptz, acknowledged_by text, cleared_at timestamptz)
      on conflict (stream, reason, raised_at) do update set
        severity = excluded.severity, message = excluded.message,
        acknowledged_at = excluded.acknowledged_at, acknowledged_by = excluded.acknowledged_by,
        cleared_at = excluded.cleared_at`;
  },
};

const ALARM_COLUMNS = `
  reason, raised_at as "raisedAt", severity, message, acknowledged_at as "acknowledgedAt",
  acknowledged_by as "acknowledgedBy", cleared_at as "clearedAt"`;

function partsOf(key: string): { stream: string; reason: string; raisedAt: number } {
  // A reason may hold a part's name, and that anything; a stream and a moment have no bar in them.
  const [, stream = "", reason = "", raisedAt = ""] = /^([^|]*)\|(.*)\|([^|]*)$/s.exec(key) ?? [];
  const at = parseInstant(raisedAt);
  if (at === undefined) throw new Error(`"${raisedAt}" is not the moment an alarm was raised`);
  return { stream, reason, raisedAt: at };
}

/** Moment in epoch ms, stream, reason. */
const PLACE = [/^\d{1,14}(\.\d+)?$/, /^[\w:-]+$/, /^[^\0]{1,80}$/s];

export interface AlarmQuery {
  readonly state?: "open" | "cleared" | "all" | undefined;
  readonly kind?: string | undefined;
  readonly id?: string | undefined;
  readonly reason?: string | undefined;
  readonly severity?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface AlarmPage {
  readonly alarms: readonly Alarm[];
  readonly next: string | undefined;
}

/** Alarms, the newest first; open ones unless another state is asked for. Throws CursorError. */
export async function listAlarms(sql: Sql, query: AlarmQuery): Promise<AlarmPage> {
  const { state = "open", kind, id, reason, severity, limit, cursor } = query;
  const after = cursor === undefined ? undefined : decodeCursor(cursor, PLACE);
  const rows = await sql<(Omit<Alarm, "kind" | "id"> & { stream: string })[]>`
    select stream, ${sql.unsafe(ALARM_COLUMNS)} from alarms
    where true
      ${state === "open" ? sql`and cleared_at is null` : sql``}
      ${state === "cleared" ? sql`and cleared_at is not null` : sql``}
      ${ofDevices(sql, kind, id)}
      ${ofReason(sql, reason)}
      ${severity === undefined ? sql`` : sql`and severity = ${severity}`}
      ${
    after
      ? sql`and (raised_at, stream, reason) < (
        ${sqlInstant(Number(after[0]))}::timestamptz, ${after[1] ?? ""}, ${after[2] ?? ""})`
      : sql``
  }
    order by raised_at desc, stream desc, reason desc limit ${limit + 1}`;
  const page = rows.slice(0, limit).map(({ stream, ...row }) => ({ ...deviceOf(stream), ...row }));
  const last = page.at(-1);
  if (rows.length <= limit || last === undefined) return { alarms: page, next: undefined };
  const place = [String(last.raisedAt), streamOf(last.kind, last.id), last.reason];
  return { alarms: page, next: encodeCursor(place) };
}

/** The parts of a machine have a reason each, `trend:<part>`, and `trend` is all of them. */
function ofReason(sql: Sql, reason: string | undefined) {
  if (reason === undefined) return sql``;
  if (reason === "trend") return sql`and (reason = 'trend' or reason like 'trend:%')`;
  return sql`and reason = ${reason}`;
}

function ofDevices(sql: Sql, kind: string | undefined, id: string | undefined) {
  if (kind !== undefined && id !== undefined) return sql`and stream = ${streamOf(kind, id)}`;
  // "-" ends the kind, and "." is the character after it.
  if (kind !== undefined) return sql`and stream >= ${kind + "-"} and stream < ${kind + "."}`;
  if (id !== undefined) return sql`and substr(stream, strpos(stream, '-') + 1) = ${id}`;
  return sql``;
}

/** Alarms not cleared yet, per severity. */
export async function countOpenAlarms(sql: Sql, kind?: string): Promise<Record<string, number>> {
  const rows = await sql<{ severity: string; count: number }[]>`
    select severity, count(*) as count from alarms
    where cleared_at is null ${ofDevices(sql, kind, undefined)}
    group by severity`;
  const none = { low: 0, medium: 0, high: 0, critical: 0 };
  return { ...none, ...Object.fromEntries(rows.map(({ severity, count }) => [severity, count])) };
}
