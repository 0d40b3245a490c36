/**
 * From the readings of a bearing's axes to rounds, by which its wear is judged.
 *
 * Axes report one by one; together they are one round (`models/vibration/health.ts`). An axis that is
 * silent counts as it was last heard.
 */
import { worseOf } from "../events/measures.ts";
import type { Json } from "../events/vocabulary.ts";
import {
  FAULT_NAMES,
  type HealthState,
  LATEST,
  levelOf,
  type MachineClass,
  UNKNOWN_HEALTH,
  wearAfter,
  type Zone,
  zoneAfter,
} from "../models/vibration/mod.ts";
import type { Told } from "./bearing_assessment.ts";
import { AXIS_NAME_MAX } from "./vibration.ts";

/** Plain JSON. Moments are epoch ms. */
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

const AXES_MAX = 3;
export const WORST_ZONE = "Unacceptable";

export function newBearing(part: string, at: number): Bearing {
  return {
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
}

/** Takes a reading in, which changes the bearing in place; true where that made a round whole. */
export function takeReading(
  bearing: Bearing,
  { measured, data, at, machineClass }: {
    readonly measured: Measured;
    readonly data: Json;
    readonly at: number;
    readonly machineClass: MachineClass | undefined;
  },
): boolean {
  const axis = bearing.axes.find(({ name }) => name === measured.name);
  // A late reading is a fact, and no news of wear.
  if (axis !== undefined && at < axis.at) return false;
  noteFault(bearing, data);
  const { health } = bearing;
  if (axis?.heard) endRound(bearing);
  bearing.at = Math.max(bearing.at, at);
  joinRound(bearing, { ...measured, at, zone: zoneAfterReading(axis, data, machineClass) });
  if (bearing.axes.every(({ heard }) => heard)) endRound(bearing);
  return bearing.health !== health;
}

/** How much one axis vibrates. */
export interface Measured {
  readonly name: string;
  readonly level: number;
}

/** The level of one axis, by its acceleration where that was measured, else by its velocity. */
export function measuredIn(data: Json): Measured | undefined {
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
    axis.level = heard.level;
    axis.zone = heard.zone;
    axis.at = heard.at;
    axis.heard = true;
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
  let sum = 0;
  let worst: string | null = null;
  for (const axis of axes) {
    sum += axis.level;
    if (axis.heard && axis.zone !== null) {
      worst = worst === null ? axis.zone : worseOf("machine", worst, axis.zone);
    }
    axis.heard = false;
  }
  bearing.zone = worst;
  const { health, rounded } = bearing;
  const isWider = rounded !== axes.length;
  bearing.rounded = axes.length;
  const after = wearAfter(
    isWider ? { ...UNKNOWN_HEALTH, since: health.since } : health,
    at,
    sum / axes.length,
  );
  if (after === undefined) return;
  bearing.health = after;
  if (bearing.zone !== WORST_ZONE) {
    bearing.damaging = { rounds: 0, since: at };
  } else if (bearing.damaging !== null) {
    const { rounds, since } = bearing.damaging;
    bearing.damaging = { rounds: rounds + 1, since: rounds === 0 ? at : since };
  }
}

function noteFault({ faults }: Bearing, { fault, waveform }: Json): void {
  if ((fault ?? null) === null && (waveform ?? null) === null) return; // Nobody looked.
  const { name, confidence } = (fault ?? {}) as { name?: unknown; confidence?: unknown };
  const place = (FAULT_NAMES as readonly unknown[]).indexOf(name);
  faults.push([place, typeof confidence === "number" ? Math.round(100 * confidence) : 0]);
  if (faults.length > LATEST) faults.shift();
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
