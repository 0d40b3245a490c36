/** What is said of a bearing's health: all of it, when it is due. */
import { formatInstant } from "../events/instant.ts";
import type { BearingAssessed, BearingEvent } from "../events/machine.ts";
import type { Json } from "../events/vocabulary.ts";
import {
  failureProbability,
  FAULT_NAMES,
  type Health,
  HORIZON_HOURS,
  METHOD,
  paceOf,
  type Remaining,
} from "../models/vibration/mod.ts";
import type { Bearing } from "./bearing_rounds.ts";

/** What was said last. */
export interface Told {
  readonly at: number;
  readonly growth: number;
  readonly alarm: boolean;
  readonly failed: boolean;
  readonly learned: boolean;
}

/** Said at least so often, by the bearings' own clock: the horizon is a week. */
const ASSESSED_EVERY_MS = 6 * 3_600_000;
/** A change by a tenth of what lies between two zones is told at once. */
const TOLD_GROWTH = 2.5 ** 0.1;
const HOUR_MS = 3_600_000;

export function toldBy({ growth, alarm, toLearn }: Json, at: number, failed: boolean): Told {
  return {
    at,
    growth: typeof growth === "number" ? growth : 1,
    alarm: alarm === true,
    failed,
    learned: toLearn === 0,
  };
}

export function isDue(
  { told, at }: Bearing,
  { toLearn, alarm, growth }: Health,
  failed: boolean,
): boolean {
  if (told === null || told.learned !== (toLearn === 0)) return true;
  if (told.alarm !== alarm || told.failed !== failed) return true;
  const change = growth / told.growth;
  return change > TOLD_GROWTH || change < 1 / TOLD_GROWTH || at - told.at >= ASSESSED_EVERY_MS;
}

export function assess(bearing: Bearing, health: Health, failed: boolean): BearingEvent {
  const { toLearn, index, growth, alarm, worseSince, ageMs, remaining } = health;
  const pace = paceOf(bearing.health, bearing.at);
  const data: BearingAssessed = {
    ...partIn(bearing.part),
    toLearn,
    index: short(index),
    growth: short(growth),
    alarm,
    worseSince: worseSince === null ? null : formatInstant(worseSince),
    zone: bearing.zone,
    fault: namedFault(bearing),
    ageHours: short(ageMs / HOUR_MS),
    remaining: remaining && inHours(remaining),
    atThisPace: pace && inHours(pace),
    probability: toLearn > 0 || failed ? null : short(failureProbability({ ageMs, remaining })),
    horizonHours: HORIZON_HOURS,
    model: METHOD,
  };
  return { type: "BearingAssessed", data, occurredAt: bearing.at };
}

/** What the latest verdicts say together, those that named nothing included. */
function namedFault({ faults }: Bearing): BearingAssessed["fault"] {
  const sums = FAULT_NAMES.map((name, place) => ({
    name,
    sum: faults.reduce((sum, [of, confidence]) => of === place ? sum + confidence : sum, 0),
  }));
  const best = sums.reduce((best, one) => one.sum > best.sum ? one : best);
  if (best.sum === 0) return null;
  return { name: best.name, confidence: short(best.sum / 100 / faults.length) };
}

export function nameOf(part: string): string {
  return part === "" ? "The machine" : `Bearing "${part}"`;
}

export function partIn(part: string): { part?: string } {
  return part === "" ? {} : { part };
}

function inHours({ expectedMs, earliestMs, latestMs }: Remaining): BearingAssessed["remaining"] {
  return {
    expectedHours: short(expectedMs / HOUR_MS),
    earliestHours: short(earliestMs / HOUR_MS),
    latestHours: latestMs === null ? null : short(latestMs / HOUR_MS),
  };
}

/** Four digits: what is told is no surer than that. */
function short(value: number): number {
  return Number(value.toPrecision(4));
}
