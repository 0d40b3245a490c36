/** Hours and zones of stores: one schedule message for each that is not known to be so already. */
import { subjectOf } from "../../events/bus/subjects.ts";
import type { Sql } from "../../events/log/database.ts";
import { type DayHours, readSchedules, type Schedule } from "../../projections/schedules.ts";
import type { SurveyedFile } from "./files.ts";
import { readRows } from "./read_rows.ts";
import { type HoursRow, readHours, readId, readZone, Unreadable } from "./rows.ts";
import type { Sender } from "./sender.ts";
import type { Unreadables } from "./unreadable.ts";

export interface ScheduleCounts {
  /** Stores that the files speak of. */
  stores: number;
  /** Of those, new or changed. */
  sent: number;
}

/** What the files say of one store. */
interface Told {
  zone?: string;
  /** By their own text: a row that is there twice counts once. */
  hours?: Map<string, HoursRow>;
}

export interface ScheduleFiles {
  readonly hours?: SurveyedFile<"hours"> | undefined;
  readonly timezones?: SurveyedFile<"timezones"> | undefined;
}

export async function importSchedules(
  sql: Sql,
  sender: Sender,
  unreadables: Unreadables,
  { hours, timezones }: ScheduleFiles,
  afterPiece: () => void,
): Promise<ScheduleCounts> {
  const told = new Map<string, Told>();
  const toldOf = (id: string): Told => {
    const known = told.get(id) ?? {};
    told.set(id, known);
    return known;
  };
  if (hours) {
    const { id, day, start, end } = hours.columns;
    await readRows(hours, unreadables, (cells) => {
      const store = readId(cells[id] ?? "");
      if (store instanceof Unreadable) return store;
      const row = readHours(cells[day] ?? "", cells[start] ?? "", cells[end] ?? "");
      if (row instanceof Unreadable) return row;
      const { hours = new Map() } = toldOf(store);
      toldOf(store).hours = hours.set(JSON.stringify(row), row);
      return undefined;
    }, afterPiece);
  }
  if (timezones) {
    const { id, zone: zoneColumn } = timezones.columns;
    await readRows(timezones, unreadables, (cells) => {
      const store = readId(cells[id] ?? "");
      if (store instanceof Unreadable) return store;
      const zone = readZone(cells[zoneColumn] ?? "");
      if (zone instanceof Unreadable) return zone;
      const known = toldOf(store);
      if (known.zone !== undefined && known.zone !== zone) {
        return new Unreadable(`the store is in ${known.zone} by a line before, in ${zone} by this`);
      }
      known.zone = zone;
      return undefined;
    }, afterPiece);
  }
  const known = await readSchedules(sql);
  let sent = 0;
  for (const [id, schedule] of told) {
    const message = newsOf(schedule, known.get(id));
    if (message === undefined) continue;
    sent++;
    await sender.send({
      subject: subjectOf("store", id, "schedule"),
      text: JSON.stringify(message),
    });
  }
  return { stores: told.size, sent };
}

/** The schedule message for what is not known yet; undefined where all of it is. */
function newsOf({ zone, hours }: Told, known: Schedule | undefined) {
  const rows = hours && [...hours.values()].sort(compareRows);
  const sameHours = rows === undefined || sameAs(rows, known?.hours ?? []);
  const sameZone = zone === undefined || zone === known?.zone;
  if (sameHours && sameZone) return undefined;
  return {
    ...(sameZone ? {} : { timezone_str: zone }),
    ...(sameHours ? {} : { hours: rows }),
  };
}

function sameAs(rows: readonly HoursRow[], known: readonly DayHours[]): boolean {
  const before = known.map(({ day, start, end }) => ({
    day,
    start_time_local: start,
    end_time_local: end,
  })).sort(compareRows);
  return JSON.stringify(rows) === JSON.stringify(before);
}

function compareRows(a: HoursRow, b: HoursRow): number {
  return a.day - b.day || compareText(a.start_time_local, b.start_time_local) ||
    compareText(a.end_time_local, b.end_time_local);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
