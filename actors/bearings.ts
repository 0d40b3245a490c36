/**
 * The health of a machine's bearings, part by part. What is new of one is said after its round
 * (`bearing_rounds.ts`): an alarm raised or cleared, a failure, an assessment.
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
import type { BearingEvent } from "../events/machine.ts";
import { storable } from "../events/text.ts";
import { type Health, healthOf, LATEST, type MachineClass } from "../models/vibration/mod.ts";
import { clearAlarm, type OpenAlarms, raiseAlarm } from "./alarm.ts";
import { assess, isDue, nameOf, partIn, toldBy } from "./bearing_assessment.ts";
import {
  type Bearing,
  measuredIn,
  newBearing,
  takeReading,
  textOf,
  WORST_ZONE,
} from "./bearing_rounds.ts";
import { type CommandInput, CommandRejectedError } from "./decider.ts";

/** Plain JSON. Moments are epoch ms. */
export interface Bearings {
  /** A new list for every one that is new: one that is added to keeps room for many. */
  known: readonly Bearing[];
  /** The part whose round the latest reading has made whole; null where it has not. */
  judged: string | null;
  /** Parts that had to make room for the latest reading. */
  left: string[];
}

/** Machines with more bearings have the health of those heard last: the state has a bound. */
export const BEARINGS_MAX = 16;

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
      bearings.known = bearings.known.filter(({ part }) => part !== textOf(data.part));
    }
  }
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
  if (takeReading(bearing, { measured, data, at, machineClass })) bearings.judged = part;
}

/** The bearing that was heard longest ago makes room. */
function begin(bearings: Bearings, part: string, at: number): Bearing {
  const { known } = bearings;
  const bearing = newBearing(part, at);
  if (known.length < BEARINGS_MAX) {
    bearings.known = known.concat([bearing]);
    return bearing;
  }
  const leaving = known.reduce((oldest, other) => other.at < oldest.at ? other : oldest);
  bearings.left.push(leaving.part);
  bearings.known = [...known.filter((other) => other !== leaving), bearing];
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
  if (bearing.failed && health.worseSince === null && bearing.zone !== WORST_ZONE) {
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

function bearingIn({ known }: Bearings, part: string): Bearing | undefined {
  return known.find((bearing) => bearing.part === part);
}
