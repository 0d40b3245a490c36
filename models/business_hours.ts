/**
 * Business time: from opening hours on the wall clock of a time zone to intervals of UTC.
 *
 * A moment is business time exactly when the wall clock shows it to be. Hours that are written down
 * for a week are therefore one pattern of local time, repeated without end; laid over each stretch
 * of time in which the zone's offset stays the same it gives the intervals, and the hour that clocks
 * skip is in none of them, the hour they repeat is in two.
 */
import { micros } from "./pieces.ts";
import { forEachOffset } from "./zones.ts";

/** One row as sent: day 0 is Monday, times are HH:MM with optional seconds, up to 24:00. */
export interface OpeningHours {
  readonly day: number;
  readonly start: string;
  readonly end: string;
}

export interface BusinessHours {
  /** Their union counts; days without a row are closed. Null or no row at all: always open. */
  readonly hours: readonly OpeningHours[] | null;
  /** IANA name; null for America/Chicago. */
  readonly zone: string | null;
}

const DEFAULT_ZONE = "America/Chicago";

/** Whole microseconds. */
const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;
const WEEK = 7 * DAY;
/** Midnight of a Monday, 1970-01-05. */
const MONDAY = 4 * DAY;
/** An end from here on is a way to write midnight. */
const LAST_MINUTE = DAY - 60 * SECOND;

/**
 * The business time in [from, to), epoch ms (down to the microsecond), flat: start, end, start,
 * end … ascending, disjoint, never touching.
 */
export function businessIntervals(
  { hours, zone }: BusinessHours,
  from: number,
  to: number,
): Float64Array {
  if (from >= to) return new Float64Array(0);
  if (hours === null || hours.length === 0) return Float64Array.of(from, to);
  const pattern = weekOf(hours);
  const intervals: number[] = [];
  forEachOffset(zone ?? DEFAULT_ZONE, micros(from), micros(to), (start, end, offset) => {
    layOver(pattern, start, end, offset, intervals);
  });
  return new Float64Array(intervals.map((moment) => moment / 1000));
}

/** Appends the pattern's intervals in [start, end), where the wall clock shows UTC + offset. */
function layOver(
  pattern: readonly number[],
  start: number,
  end: number,
  offset: number,
  intervals: number[],
): void {
  const firstWeek = Math.floor((start + offset - MONDAY) / WEEK) * WEEK + MONDAY - offset;
  for (let week = firstWeek; week < end; week += WEEK) {
    for (let i = 0; i < pattern.length; i += 2) {
      const opens = Math.max(start, week + (pattern[i] ?? 0));
      const closes = Math.min(end, week + (pattern[i + 1] ?? 0));
      if (opens < closes) append(intervals, opens, closes);
    }
  }
}

/** The week that the rows describe: flat intervals of local µs since Monday, disjoint, ascending. */
function weekOf(hours: readonly OpeningHours[]): number[] {
  const rows: (readonly [start: number, end: number])[] = [];
  for (const { day, start, end } of hours) {
    const opens = day * DAY + timeOfDay(start);
    const closes = opens + openFor(timeOfDay(start), timeOfDay(end));
    // What runs past the end of Sunday is the beginning of Monday.
    rows.push([opens, Math.min(closes, WEEK)]);
    if (closes > WEEK) rows.push([0, closes - WEEK]);
  }
  rows.sort(([a], [b]) => a - b);
  const union: number[] = [];
  for (const [opens, closes] of rows) append(union, opens, closes);
  return union;
}

/** How far it is round the clock from start to end: past midnight if need be, a full day if equal. */
function openFor(start: number, end: number): number {
  const last = end >= LAST_MINUTE ? DAY : end;
  return (last - start + DAY) % DAY || DAY;
}

/** Adds an interval that begins no earlier than the last one did, joined to it where they meet. */
function append(union: number[], start: number, end: number): void {
  if (start >= end) return;
  const last = union.length - 1;
  if (start <= (union[last] ?? -Infinity)) {
    union[last] = Math.max(union[last] ?? end, end);
  } else {
    union.push(start, end);
  }
}

/** The times that occur, read: whole chains open and close at the same few. */
const times = new Map<string, number>();
const TIMES_MAX = 20_000;

/** Microseconds since midnight of "9:00", "09:00:30", "23:59:59.5" or "24:00". */
function timeOfDay(text: string): number {
  const known = times.get(text);
  if (known !== undefined) return known;
  const [hours, minutes, seconds = "0"] = text.split(":");
  const time = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  if (!(time >= 0 && time <= 86_400)) throw new RangeError(`Expected HH:MM:SS, got "${text}"`);
  if (times.size >= TIMES_MAX) times.clear();
  times.set(text, Math.round(time * SECOND));
  return Math.round(time * SECOND);
}
