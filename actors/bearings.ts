/**
 * The health of a machine's bearings, part by part.
 *
 * A bearing's axes report one by one; together they are one round, and a round is what wear is judged
 * by (`models/vibration/health.ts`). An axis that is silent counts as it was last heard. What is new
 * of a part is said after its round: an alarm raised or cleared, a failure, an assessment.
 *
 * A bearing has failed when it is worn out, by its level, or when it has been in zone D for as many
 * rounds in a row as it takes to be no outlier, having been better before. It fails once: until
 * somebody says that it was renewed, or it vibrates as it did when it was healthy, for wear does not
 * heal.
 */
import type { DeviceEvent } from "../events/device.ts";
import type { Event, NewEvent } from "../events/event.ts";
import type { FailureEvent } from "../events/inference.ts";
import { formatInstant } from "../events/instant.ts";
import type { BearingAssessed, BearingEvent } from "../events/machine.ts";
import { worseOf } from "../events/measures.ts";
import { storable } from "../events/text.ts";
import type { Json } from "../events/vocabulary.ts";
import {
  failureProbability,
  FAULT_NAMES,
  type Health,
  healthOf,
  type HealthState,
  HORIZON_HOURS,
  LATEST,
  levelOf,
  type MachineClass,
  METHOD,
  paceOf,
  type Remaining,
  UNKNOWN_HEALTH,
  wearAfter,
  type Zone,
  zoneAfter,
} from "../models/vibration/mod.ts";
import { clearAlarm, type OpenAlarms, raiseAlarm } from "./alarm.ts";
import { type CommandInput, CommandRejectedError } from "./decider.ts";
import { AXIS_NAME_MAX } from "./vibration.ts";

/** Plain JSON. Moments are epoch ms. */
export interface Bearings {
  readonly known: Bearing[];
  /** The part whose round the latest reading has made whole; null where it has not. */
  judged: string | null;
  /** Parts that had to make room for the latest reading. */
  left: string[];
}

export interface Bearing {
  /** Empty for the machine itself. */
  readonly part: string;
  health: HealthState;
  /** Of its newest reading. */
  at: number;
  readonly axes: Axis[];
  /** Of how many axes the rounds were from which its health is known. */
  rounded: number;
  /** The worst of its latest round; null where nobody could tell. */
  zone: string | null;
  /** Rounds in a row in zone D, and since when; null before it was heard in a better one. */
  damaging: { rounds: number; since: number } | null;
  /** The latest verdicts: place among the names, -1 for none, and confidence in hundredths. */
  readonly faults: [name: number, confidence: number][];
  failed: boolean;
  /** What was said of it last. */
  told: Told | null;
}

interface Axis {
  readonly name: string;
  level: number;
  /** With hysteresis. */
  zone: string | null;
  at: number;
  /** In the round that goes on. */
  heard: boolean;
}

interface Told {
  readonly at: number;
  readonly growth: number;
  readonly alarm: boolean;
  readonly failed: boolean;
  readonly learned: boolean;
}

/** Machines with more bearings have the health of those heard last: the state has a bound. */
export const BEARINGS_MAX = 16;
const AXES_MAX = 3;
/** Said at least so often, by the bearings' own clock: the horizon is a week. */
const ASSESSED_EVERY_MS = 6 * 3_600_000;
/** A change by a tenth of what lies between two zones is told at once. */
const TOLD_GROWTH = 2.5 ** 0.1;
const HOUR_MS = 3_600_000;
const HEALTHY_GROWTH = 2.5 / 1.5;
const WORST_ZONE = "Unacceptable";

export function noBearings(): Bearings {
  return { known: [], judged: null, left: [] };
}

/** Takes in a reading, or what was said of a part. Changes `bearings` in place. */
export function noteBearings(
  bearings: Bearings,
  event: Event,
  machineClass: MachineClass | undefined,
): void {
  bearings.judged = null;
  bearings.left.length = 0;
  const { type, data } = event;
  switch (type) {
    case "VibrationReported":
      noteReading(bearings, event, machineClass);
      return;
    case "BearingAssessed": {
      const bearing = bearingIn(bearings, textOf(data.part));
      if (bearing) bearing.told = toldBy(data, event.occurredAt, bearing.failed);
      return;
    }
    case "FailureObserved": {
      const bearing = bearingIn(bearings, textOf(data.part));
      if (bearing) bearing.failed = true;
      return;
    }
    case "PartRenewed": {
      const place = bearings.known.findIndex(({ part }) => part === textOf(data.part));
      if (place >= 0) bearings.known.splice(place, 1);
    }
  }
}

function toldBy({ growth, alarm, toLearn }: Json, at: number, failed: boolean): Told {
  return {
    at,
    growth: typeof growth === "number" ? growth : 1,
    alarm: alarm === true,
    failed,
    learned: toLearn === 0,
  };
}

function noteReading(
  bearings: Bearings,
  { data, occurredAt, recordedAt }: Event,
  machineClass: MachineClass | undefined,
): void {
  const measured = measuredIn(data);
  if (measured === undefined) return;
  // A clock ahead of ours must not make everything that follows late.
  const at = Math.min(occurredAt, recordedAt);
  // Names that a database would show alike are one part: so they are wherever it is answered for.
  const part = storable(textOf(data.bearingId));
  const bearing = bearingIn(bearings, part) ?? begin(bearings, part, at);
  const axis = bearing.axes.find(({ name }) => name === measured.name);
  // A late reading is a fact, and no news of wear.
  if (axis !== undefined && at < axis.at) return;
  noteFault(bearing, data);
  const { health } = bearing;
  if (axis?.heard) endRound(bearing);
  bearing.at = Math.max(bearing.at, at);
  joinRound(bearing, { ...measured, at, zone: zoneAfterReading(axis, data, machineClass) });
  if (bearing.axes.every(({ heard }) => heard)) endRound(bearing);
  if (bearing.health !== health) bearings.judged = part;
}

interface Measured {
  readonly name: string;
  readonly level: number;
}

/** The level of one axis, by its acceleration where that was measured, else by its velocity. */
function measuredIn(data: Json): Measured | undefined {
  if (data.rpm === 0) return undefined; // It stands still.
  for (const quantity of ["acceleration", "velocity"]) {
    const { rms, peak } = (data[quantity] ?? {}) as { rms?: unknown; peak?: unknown };
    if (typeof rms !== "number") continue;
    const magnitudes = typeof peak === "number" ? [rms, peak] : [rms];
    const level = levelOf(magnitudes);
    const axis = textOf(data.Axis_Id).slice(0, AXIS_NAME_MAX);
    // What is measured otherwise is another axis: its numbers cannot be compared.
    return level === undefined
      ? undefined
      : { name: `${axis}/${quantity[0]}${magnitudes.length}`, level };
  }
  return undefined;
}

/**
 * By its own velocity where the machine's class is known: what a sender calls the status of a reading
 * may be that of the whole machine.
 */
function zoneAfterReading(
  axis: Axis | undefined,
  { velocity, status }: Json,
  machineClass: MachineClass | undefined,
): string | null {
  const rms = (velocity as Json | null | undefined)?.rms;
  if (typeof rms === "number" && machineClass !== undefined) {
    return zoneAfter(axis?.zone as Zone | undefined, rms, machineClass);
  }
  return typeof status === "string" ? status : null;
}

function joinRound({ axes, health }: Bearing, heard: Omit<Axis, "heard">): void {
  const axis = axes.find(({ name }) => name === heard.name);
  if (axis !== undefined) {
    Object.assign(axis, heard, { heard: true });
    return;
  }
  // What was learned of the others says nothing of this one: while it is learned, it begins anew.
  if (health.normal !== null || axes.length === AXES_MAX) return;
  axes.push({ ...heard, heard: true });
  for (const known of axes) known.heard = true;
}

/** What all axes say together, the silent ones what they said last. */
function endRound(bearing: Bearing): void {
  const { axes, at } = bearing;
  const level = axes.reduce((sum, axis) => sum + axis.level, 0) / axes.length;
  bearing.zone = worstOf(axes.flatMap(({ heard, zone }) => heard && zone !== null ? [zone] : []));
  for (const axis of axes) axis.heard = false;
  const { health, rounded } = bearing;
  const isWider = rounded !== axes.length;
  bearing.rounded = axes.length;
  const after = wearAfter(isWider ? { ...UNKNOWN_HEALTH, since: health.since } : health, at, level);
  if (after === undefined) return;
  bearing.health = after;
  if (bearing.zone !== WORST_ZONE) {
    bearing.damaging = { rounds: 0, since: at };
  } else if (bearing.damaging !== null) {
    const { rounds, since } = bearing.damaging;
    bearing.damaging = { rounds: rounds + 1, since: rounds === 0 ? at : since };
  }
}

function worstOf(zones: readonly string[]): string | null {
  return zones.reduce<string | null>(
    (worst, zone) => worst === null ? zone : worseOf("machine", worst, zone),
    null,
  );
}

function noteFault({ faults }: Bearing, { fault, waveform }: Json): void {
  if ((fault ?? null) === null && (waveform ?? null) === null) return; // Nobody looked.
  const { name, confidence } = (fault ?? {}) as { name?: unknown; confidence?: unknown };
  const place = (FAULT_NAMES as readonly unknown[]).indexOf(name);
  faults.push([place, typeof confidence === "number" ? Math.round(100 * confidence) : 0]);
  if (faults.length > LATEST) faults.shift();
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

/** The bearing that was heard longest ago makes room. */
function begin(bearings: Bearings, part: string, at: number): Bearing {
  const { known, left } = bearings;
  if (known.length === BEARINGS_MAX) {
    const place = known.reduce(
      (oldest, { at }, i) => at < (known[oldest]?.at ?? at) ? i : oldest,
      0,
    );
    left.push(...known.splice(place, 1).map(({ part }) => part));
  }
  const bearing: Bearing = {
    part,
    health: UNKNOWN_HEALTH,
    at,
    axes: [],
    rounded: 0,
    zone: null,
    damaging: null,
    faults: [],
    failed: false,
    told: null,
  };
  known.push(bearing);
  return bearing;
}

/** What follows from the reading that was just taken in. */
export function concludeRound(
  { known, judged, left }: Bearings,
  { alarms, decommissioned, at }: {
    readonly alarms: OpenAlarms;
    readonly decommissioned: boolean;
    /** Of the reading. */
    readonly at: number;
  },
): readonly NewEvent[] {
  const gone = left.flatMap((part) => clearAlarm(alarms, trendReason(part), at));
  const bearing = known.find(({ part }) => part === judged);
  if (bearing === undefined || decommissioned) return gone;
  const health = healthOf(bearing.health, bearing.at);
  const alarm = followAlarm(bearing, health, alarms);
  if (bearing.failed && health.growth < HEALTHY_GROWTH && bearing.zone !== WORST_ZONE) {
    return [...gone, ...alarm, renewed(bearing.part, null, bearing.at)];
  }
  const failure = bearing.failed ? undefined : failureOf(bearing, health);
  const failed = bearing.failed || failure !== undefined;
  const events: NewEvent[] = [...gone, ...alarm, ...(failure ? [failure] : [])];
  if (!isDue(bearing, health, failed)) return events;
  return [...events, assess(bearing, health, failed)];
}

/** The reason of the trend alarm of a part: each has its own, so each is raised and cleared once. */
export function trendReason(part: string): "trend" | `trend:${string}` {
  return part === "" ? "trend" : `trend:${part}`;
}

function followAlarm(
  { part, at }: Bearing,
  { alarm, growth }: Health,
  open: OpenAlarms,
): readonly DeviceEvent[] {
  const reason = trendReason(part);
  if (!alarm) return clearAlarm(open, reason, at);
  if (open[reason]) return [];
  const message = `${nameOf(part)} vibrates ${growth.toFixed(1)} times as much as is normal for it`;
  return [raiseAlarm({ reason, severity: "high", message }, at)];
}

function failureOf(
  { part, at, damaging }: Bearing,
  { index }: Health,
): FailureEvent | undefined {
  const isDamaging = damaging !== null && damaging.rounds >= LATEST;
  if (index < 1 && !isDamaging) return undefined;
  const [beganAt, code] = isDamaging ? [damaging.since, "zone-d"] : [at, "worn-out"];
  const data = { ...partIn(part), beganAt: formatInstant(beganAt), code };
  return { type: "FailureObserved", data, occurredAt: at };
}

function isDue(
  { told, at }: Bearing,
  { toLearn, alarm, growth }: Health,
  failed: boolean,
): boolean {
  if (told === null || told.learned !== (toLearn === 0)) return true;
  if (told.alarm !== alarm || told.failed !== failed) return true;
  const change = growth / told.growth;
  return change > TOLD_GROWTH || change < 1 / TOLD_GROWTH || at - told.at >= ASSESSED_EVERY_MS;
}

function assess(bearing: Bearing, health: Health, failed: boolean): BearingEvent {
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

/** Somebody has put another bearing in its place. */
export function decideRenewal(
  bearings: Bearings | undefined,
  alarms: OpenAlarms,
  { data, at }: CommandInput,
): readonly NewEvent[] {
  const part = storable(textOf(data.part));
  if (bearings === undefined || bearingIn(bearings, part) === undefined) {
    throw new CommandRejectedError(
      "no-such-part",
      `${nameOf(part)} has not reported: there is nothing to be learned anew`,
    );
  }
  return [renewed(part, String(data.by), at), ...clearAlarm(alarms, trendReason(part), at)];
}

function renewed(part: string, by: string | null, at: number): BearingEvent {
  return { type: "PartRenewed", data: { ...partIn(part), by }, occurredAt: at };
}

export function nameOf(part: string): string {
  return part === "" ? "The machine" : `Bearing "${part}"`;
}

function inHours({ expectedMs, earliestMs, latestMs }: Remaining): BearingAssessed["remaining"] {
  return {
    expectedHours: short(expectedMs / HOUR_MS),
    earliestHours: short(earliestMs / HOUR_MS),
    latestHours: latestMs === null ? null : short(latestMs / HOUR_MS),
  };
}

function bearingIn({ known }: Bearings, part: string): Bearing | undefined {
  return known.find((bearing) => bearing.part === part);
}

function partIn(part: string): { part?: string } {
  return part === "" ? {} : { part };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Four digits: what is told is no surer than that. */
function short(value: number): number {
  return Number(value.toPrecision(4));
}
