/**
 * When each store means to be open, and in which zone. Answers: which time counts?
 *
 * A schedule message says only what it mentions: hours without a zone leave the zone that was known
 * and the reverse, so that the two files they come in may be imported in any order. `null` takes
 * back what was said. What was true later by the sender's own clock counts; of two at the same
 * moment, the one recorded last.
 */
import type { Event } from "../events/event.ts";
import { type Sql, sqlInstant } from "../events/log/database.ts";
import { storable } from "../events/text.ts";
import { deviceOf, type Json, streamOf } from "../events/vocabulary.ts";
import type { Projection } from "./projection.ts";

/** One row of business hours, wall clock as it was sent: `HH:MM` or `HH:MM:SS`. */
export interface DayHours {
  /** 0 = Monday. */
  readonly day: number;
  readonly start: string;
  readonly end: string;
}

export interface Schedule {
  /** Null where none are known: open around the clock. */
  readonly hours: readonly DayHours[] | null;
  /** IANA name; null where none is known. */
  readonly zone: string | null;
}

/** With the moments (epoch ms) from which they are known, so that an older message is recognised. */
export interface ScheduleRow extends Schedule {
  readonly hoursAt: number | null;
  readonly zoneAt: number | null;
}

export const UNKNOWN_SCHEDULE: ScheduleRow = {
  hours: null,
  hoursAt: null,
  zone: null,
  zoneAt: null,
};

/** The schedule after a `ScheduleSet`; for reading the log as of an earlier moment as well. */
export function foldSchedule(
  row: ScheduleRow,
  { data, occurredAt }: Pick<Event, "data" | "occurredAt">,
): ScheduleRow {
  const zone = data.timezone_str ?? data.timezone;
  const saysZone = zone !== undefined || data.timezone_str === null;
  const saysHours = data.hours !== undefined;
  return {
    ...row,
    ...(saysZone && occurredAt >= (row.zoneAt ?? -Infinity)
      ? { zone: typeof zone === "string" ? storable(zone) : null, zoneAt: occurredAt }
      : {}),
    ...(saysHours && occurredAt >= (row.hoursAt ?? -Infinity)
      ? { hours: readHours(data.hours), hoursAt: occurredAt }
      : {}),
  };
}

function readHours(said: unknown): DayHours[] | null {
  if (!Array.isArray(said) || said.length === 0) return null;
  return (said as Json[]).map((row) => ({
    day: Number(row.day ?? row.dayOfWeek),
    start: String(row.start_time_local),
    end: String(row.end_time_local),
  }));
}

export const schedules: Projection<ScheduleRow> = {
  name: "schedules",
  version: 1,
  handles: new Set(["ScheduleSet"]),

  create: (table) => `
    create table ${table} (
      stream text collate "C" primary key,
      hours json,
      hours_at timestamptz,
      zone text,
      zone_at timestamptz
    )`,

  keysOf: ({ stream }) => [stream],

  async load(sql, table, keys) {
    const rows = await sql<(ScheduleRow & { stream: string })[]>`
      select stream, ${sql.unsafe(COLUMNS)} from ${sql(table)}
      where stream = any (${[...keys]}::text[])`;
    return new Map(rows.map(({ stream, ...row }) => [stream, row]));
  },

  fold: (row, event) => foldSchedule(row ?? UNKNOWN_SCHEDULE, event),

  async save(tx, table, rows) {
    const values = [...rows].map(([s, { hours, hoursAt, zone, zoneAt }]) => ({
      s,
      h: hours === null ? null : JSON.stringify(hours),
      ha: hoursAt === null ? null : sqlInstant(hoursAt),
      z: zone,
      za: zoneAt === null ? null : sqlInstant(zoneAt),
    }));
    await tx`
      insert into ${tx(table)} (stream, hours, hours_at, zone, zone_at)
      select s, h::json, ha, z, za
      from json_to_recordset(${JSON.stringify(values)}::text::json)
        as row (s text, h text, ha timestamptz, z text, za timestamptz)
      on conflict (stream) do update set hours = excluded.hours, hours_at = excluded.hours_at,
        zone = excluded.zone, zone_at = excluded.zone_at`;
  },
};

const COLUMNS = `hours, hours_at as "hoursAt", zone, zone_at as "zoneAt"`;

/** Schedules by store id, of these stores or of all; one without any is absent. */
export async function readSchedules(
  sql: Sql,
  ids?: readonly string[],
): Promise<Map<string, Schedule>> {
  const rows = await sql<(Schedule & { stream: string })[]>`
    select stream, hours, zone from schedules
    where ${
    ids === undefined
      ? sql`true`
      : sql`stream = any (${ids.map((id) => streamOf("store", id))}::text[])`
  }`;
  return new Map(rows.map(({ stream, hours, zone }) => [deviceOf(stream).id, { hours, zone }]));
}
