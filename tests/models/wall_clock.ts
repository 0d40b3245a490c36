/**
 * Business time and uptime by another way of thinking: ask the wall clock at every step, and every
 * poll, what the contract says of that one moment. Slow, without any interval arithmetic.
 */
import type { BusinessHours, OpeningHours } from "../../models/business_hours.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

interface WallClock {
  /** 0 = Monday. */
  readonly day: number;
  /** Seconds since midnight. */
  readonly time: number;
}

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const clocks = new Map<string, Intl.DateTimeFormat>();
/** By zone and moment: the schedules under test share zones and weeks. */
const shown = new Map<string, Map<number, WallClock>>();

/** What a clock on the wall in this zone shows, by the runtime's own formatting. */
export function wallClockAt(zone: string, moment: number): WallClock {
  const inZone = shown.get(zone) ?? new Map<number, WallClock>();
  shown.set(zone, inZone);
  let clock = inZone.get(moment);
  if (clock === undefined) {
    // "Sun 02:05:00"
    const text = clockOf(zone).format(moment);
    clock = { day: DAYS.indexOf(text.slice(0, 3)), time: seconds(text.slice(4)) };
    inZone.set(moment, clock);
  }
  return clock;
}

function clockOf(zone: string): Intl.DateTimeFormat {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    clocks.set(zone, clock);
  }
  return clock;
}

/** Rules 1 to 3, for one moment. */
export function isOpen({ hours, zone }: BusinessHours, moment: number): boolean {
  if (hours === null || hours.length === 0) return true;
  const now = wallClockAt(zone ?? "America/Chicago", moment);
  return hours.some((row) => isWithin(row, now));
}

function isWithin({ day, start, end }: OpeningHours, now: WallClock): boolean {
  const from = seconds(start);
  const until = seconds(end) >= seconds("23:59:00") ? seconds("24:00:00") : seconds(end);
  if (from < until) return now.day === day && now.time >= from && now.time < until;
  const tomorrow = (day + 1) % 7;
  return (now.day === day && now.time >= from) || (now.day === tomorrow && now.time < until);
}

const read = new Map<string, number>();

function seconds(time: string): number {
  const known = read.get(time);
  if (known !== undefined) return known;
  const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
  read.set(time, (hours * 60 + minutes) * 60 + seconds);
  return (hours * 60 + minutes) * 60 + seconds;
}

/** The open time in [from, to), found by asking in the middle of every step; flat, as the engine's. */
export function openSteps(
  hours: BusinessHours,
  from: number,
  to: number,
  stepMs: number,
): Float64Array {
  const intervals: number[] = [];
  for (let at = from; at < to; at += stepMs) {
    if (!isOpen(hours, at + stepMs / 2)) continue;
    if (intervals.at(-1) === at) intervals[intervals.length - 1] = at + stepMs;
    else intervals.push(at, at + stepMs);
  }
  return Float64Array.from(intervals);
}

/** In any order. */
export type Poll = readonly [at: number, status: "active" | "inactive"];

/** Rules 4 and 6, for one moment. */
export function statusAt(polls: readonly Poll[], moment: number, stalenessMs: number): string {
  const distance = Math.min(...polls.map(([at]) => Math.abs(at - moment)));
  if (polls.length === 0 || distance > stalenessMs) return "unknown";
  const earlier = polls.map(([at]) => at).filter((at) => at <= moment);
  const speaking = earlier.length > 0 ? Math.max(...earlier) : Math.min(...polls.map(([at]) => at));
  const said = polls.filter(([at]) => at === speaking).map(([, status]) => status);
  return said.includes("inactive") ? "inactive" : "active";
}

/** Uptime in [from, to), by asking in the middle of every step. */
export function uptimeBySteps(
  polls: readonly Poll[],
  open: (moment: number) => boolean,
  { from, to, stepMs, stalenessMs }: {
    readonly from: number;
    readonly to: number;
    readonly stepMs: number;
    readonly stalenessMs: number;
  },
): { uptimeMs: number; downtimeMs: number; unknownMs: number } {
  const steps = { active: 0, inactive: 0, unknown: 0 };
  for (let at = from; at < to; at += stepMs) {
    const middle = at + stepMs / 2;
    if (open(middle)) steps[statusAt(polls, middle, stalenessMs) as keyof typeof steps]++;
  }
  return {
    uptimeMs: steps.active * stepMs,
    downtimeMs: steps.inactive * stepMs,
    unknownMs: steps.unknown * stepMs,
  };
}
