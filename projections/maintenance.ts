/**
 * What is to be done about devices: recommended for a foretold failure, or scheduled by a person,
 * and what became of it. Answers: who has to go where by when, and was it of use?
 *
 * A recommendation lasts as long as the risk it is for. What a person scheduled stays until a
 * person closes it, or the device was in fact taken into service.
 */
import { parseInstant } from "../events/instant.ts";
import { deviceStreamOf } from "../events/inference.ts";
import type { ScheduleMaintenance } from "../events/maintenance.ts";
import { type Sql, sqlInstant } from "../events/log/database.ts";
import { storable } from "../events/text.ts";
import type { Json } from "../events/vocabulary.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { ofDevices, partOf } from "./foretold.ts";
import type { Projection } from "./projection.ts";

export const MAINTENANCE_STATES = [
  "recommended",
  "scheduled",
  "done",
  "cancelled",
  "closed",
] as const;
export type MaintenanceState = typeof MAINTENANCE_STATES[number];

/** Moments are epoch milliseconds. */
export interface MaintenanceEntry {
  readonly entry: string;
  readonly stream: string;
  /** "" for the whole device. */
  readonly part: string;
  state: MaintenanceState;
  action: string;
  dueBy: number | null;
  scheduledFor: number | null;
  assignee: string | null;
  note: string | null;
  /** The prediction it was recommended for. */
  readonly prediction: string | null;
  /** What came of that prediction. */
  outcome: string | null;
  readonly openedAt: number;
  closedAt: number | null;
  /** Who closed it, or what did. */
  why: string | null;
}

export const maintenance: Projection<MaintenanceEntry> = {
  name: "maintenance",
  version: 1,
  handles: new Set([
    "MaintenanceRecommended",
    "MaintenanceScheduled",
    "MaintenanceDone",
    "MaintenanceCancelled",
    "FailureRiskCleared",
    "PredictionScored",
  ]),

  create: (table) => `
    create table ${table} (
      entry text collate "C" not null,
      stream text collate "C" not null,
      part text not null,
      state text not null,
      action text not null,
      due_by timestamptz,
      scheduled_for timestamptz,
      assignee text,
      note text,
      prediction text,
      outcome text,
      opened_at timestamptz not null,
      closed_at timestamptz,
      why text,
      primary key (entry, stream)
    );
    create index on ${table} (opened_at, entry);
    create index on ${table} (stream, opened_at, entry);
    create index on ${table} (state, opened_at, entry);
    create index on ${table} (opened_at, entry) where closed_at is null`,

  // An order may name any entry; those of another device are none of its business.
  keysOf({ stream, data }) {
    const name = data.entry ?? data.prediction;
    return typeof name === "string" ? [`${deviceStreamOf(stream)} ${storable(name)}`] : [];
  },

  async load(sql, table, keys) {
    const places = keys.map(placeOf);
    const rows = await sql<MaintenanceEntry[]>`
      select ${sql.unsafe(COLUMNS)} from ${sql(table)} join unnest(
        ${places.map(([stream]) => stream)}::text[], ${places.map(([, entry]) => entry)}::text[]
      ) as wanted (stream, entry) using (entry, stream)`;
    return new Map(rows.map((row) => [`${row.stream} ${row.entry}`, row]));
  },

  fold(row, { type, data, occurredAt: at }, key) {
    const [stream, name] = placeOf(key);
    const entry = row ?? begin(name, stream, data, at);
    switch (type) {
      case "MaintenanceRecommended":
        return {
          ...entry,
          action: textOf(data.action),
          dueBy: momentOf(data.by),
          prediction: name,
        };
      case "MaintenanceScheduled":
        return schedule(entry, data as unknown as ScheduleMaintenance);
      case "MaintenanceDone":
        return close(entry, "done", at, { why: textOf(data.by), note: data.note });
      case "MaintenanceCancelled":
        return close(entry, "cancelled", at, { why: textOf(data.by), note: data.note });
      case "FailureRiskCleared":
        return clear(entry, textOf(data.why), at);
    }
    const outcome = textOf(data.outcome);
    const scored = { ...entry, outcome };
    // Found out only when the device was in service.
    return outcome === "hit" || entry.state === "recommended" ? clear(scored, outcome, at) : scored;
  },

  async save(tx, table, rows) {
    const values = [...rows.values()].map((row) => ({
      entry: row.entry,
      stream: row.stream,
      part: row.part,
      state: row.state,
      action: row.action,
      due_by: instantOrNull(row.dueBy),
      scheduled_for: instantOrNull(row.scheduledFor),
      assignee: row.assignee,
      note: row.note,
      prediction: row.prediction,
      outcome: row.outcome,
      opened_at: sqlInstant(row.openedAt),
      closed_at: instantOrNull(row.closedAt),
      why: row.why,
    }));
    await tx`
      insert into ${tx(table)} (entry, stream, part, state, action, due_by, scheduled_for, assignee,
        note, prediction, outcome, opened_at, closed_at, why)
      select * from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
        entry text, stream text, part text, state text, action text, due_by timestamptz,
        scheduled_for timestamptz, assignee text, note text, prediction text, outcome text,
        opened_at timestamptz, closed_at timestamptz, why text)
      on conflict (entry, stream) do update set
        state = excluded.state, action = excluded.action, due_by = excluded.due_by,
        scheduled_for = excluded.scheduled_for, assignee = excluded.assignee,
        note = excluded.note, prediction = excluded.prediction, outcome = excluded.outcome,
        closed_at = excluded.closed_at, why = excluded.why`;
  },
};

const COLUMNS = `entry, stream, part, state, action, due_by as "dueBy",
  scheduled_for as "scheduledFor", assignee, note, prediction, outcome, opened_at as "openedAt",
  closed_at as "closedAt", why`;

/** No stream's name has a space. */
function placeOf(key: string): [stream: string, entry: string] {
  const space = key.indexOf(" ");
  return [key.slice(0, space), key.slice(space + 1)];
}

function instantOrNull(ms: number | null): string | null {
  return ms === null ? null : sqlInstant(ms);
}

function textOf(value: unknown): string {
  return storable(String(value));
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? storable(value) : null;
}

function momentOf(value: unknown): number | null {
  return typeof value === "string" ? parseInstant(value) ?? null : null;
}

function begin(entry: string, stream: string, data: Json, openedAt: number): MaintenanceEntry {
  return {
    entry,
    stream,
    part: storable(partOf(data)),
    state: "recommended",
    action: "",
    dueBy: null,
    scheduledFor: null,
    assignee: null,
    note: null,
    prediction: null,
    outcome: null,
    openedAt,
    closedAt: null,
    why: null,
  };
}

/** An entry may be taken up again that closed by itself: somebody still wants it done. */
function schedule(entry: MaintenanceEntry, order: ScheduleMaintenance): MaintenanceEntry {
  return {
    ...entry,
    state: "scheduled",
    action: storable(order.action),
    scheduledFor: momentOf(order.scheduledFor),
    dueBy: momentOf(order.dueBy) ?? entry.dueBy,
    assignee: textOrNull(order.assignee),
    note: textOrNull(order.note),
    closedAt: null,
    why: null,
  };
}

function close(
  entry: MaintenanceEntry,
  state: "done" | "cancelled",
  closedAt: number,
  { why, note }: { why: string; note: unknown },
): MaintenanceEntry {
  return { ...entry, state, closedAt, why, note: textOrNull(note) ?? entry.note };
}

/** How the device was seen to be in service, whoever saw to it. */
const IN_SERVICE = new Set(["serviced", "hit"]);

function clear(entry: MaintenanceEntry, why: string, closedAt: number): MaintenanceEntry {
  const stays = entry.state === "scheduled" && !IN_SERVICE.has(why);
  // It failed: what was recommended is now more urgent, until the device is in service.
  if (entry.closedAt !== null || stays || why === "failed") return entry;
  return { ...entry, state: "closed", closedAt, why };
}

export interface MaintenanceQuery {
  readonly kind?: string | undefined;
  readonly id?: string | undefined;
  /** `open`: recommended or scheduled. */
  readonly state?: MaintenanceState | "open" | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface MaintenancePage {
  readonly entries: readonly MaintenanceEntry[];
  readonly next: string | undefined;
}

/** Moment in epoch ms, name. */
const PLACE = [/^\d{1,14}(\.\d+)?$/, /^[^\0]{1,300}$/];

/** The newest first. Throws CursorError. */
export async function listMaintenance(
  sql: Sql,
  query: MaintenanceQuery,
): Promise<MaintenancePage> {
  const { state, limit, cursor } = query;
  const after = cursor === undefined ? undefined : decodeCursor(cursor, PLACE);
  const rows = await sql<MaintenanceEntry[]>`
    select ${sql.unsafe(COLUMNS)} from maintenance
    where true ${ofDevices(sql, query)}
      ${
    state === undefined
      ? sql``
      : state === "open"
      ? sql`and closed_at is null`
      : sql`and state = ${state}`
  }
      ${
    after === undefined
      ? sql``
      : sql`and (opened_at, entry) < (${sqlInstant(Number(after[0]))}::timestamptz, ${
        after[1] ?? ""
      })`
  }
    order by opened_at desc, entry desc limit ${limit + 1}`;
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  if (rows.length <= limit || last === undefined) return { entries: page, next: undefined };
  return { entries: page, next: encodeCursor([String(last.openedAt), last.entry]) };
}

/** Should another device have one of that name, the one that a prediction named. */
export async function getMaintenance(
  sql: Sql,
  entry: string,
): Promise<MaintenanceEntry | undefined> {
  const [row] = await sql<MaintenanceEntry[]>`
    select ${sql.unsafe(COLUMNS)} from maintenance where entry = ${storable(entry)}
    order by prediction nulls last, opened_at, stream limit 1`;
  return row;
}
