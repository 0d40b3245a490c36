/** What a factory machine says: what it is, which bearings it has, how they vibrate. */
import { z } from "zod";
import type { NewEvent } from "./event.ts";
import type { Remaining } from "./inference.ts";
import { waveformIn } from "./waveform.ts";

/** ISO 20816 zones A, B, C, D. */
export const MACHINE_STATUSES = ["Normal", "Satisfactory", "Alert", "Unacceptable"] as const;
export const MACHINE_CLASSES = ["I", "II", "III", "IV"] as const;

const text = z.string().max(200).nullish();
const magnitude = z.number().min(0).nullish();

/** Tens of thousands of samples are looked at in one go, and wrong in one sentence. */
const numbers = z.custom<readonly number[]>(
  (value) => Array.isArray(value) && value.every((item) => typeof item === "number"),
  "expected an array of numbers",
);

/** A reading tells at least one of these; one without any would pass for a healthy machine. */
const CONTENTS = [
  "status",
  "acceleration",
  "velocity",
  "temperature",
  "fftData",
  "rawData",
] as const;

/** Body of `devices.machine.<id>.registered`. */
export const MachineRegistered = z.object({
  _id: text,
  machineName: text,
  customer: text,
  area: text,
  subarea: text,
  machineType: text,
  machineClass: z.enum(MACHINE_CLASSES).nullish(),
  status: z.enum(MACHINE_STATUSES).nullish(),
  ingestedDate: z.string().nullish(),
  timestamp: z.string().nullish(),
});

/** Body of `devices.machine.<id>.bearing`. Lengths in one unit of your choice; angle in degrees. */
export const MachineBearing = z.object({
  _id: text,
  machineId: text,
  bearingLocation: text,
  bearingType: text,
  position: text,
  status: z.enum(MACHINE_STATUSES).nullish(),
  geometry: z.object({
    balls: z.int().min(1),
    ballDiameter: z.number().positive(),
    pitchDiameter: z.number().positive(),
    contactAngle: z.number().min(-90).max(90).nullish(),
  }).nullish(),
  timestamp: z.string().nullish(),
});

/** Body of `devices.machine.<id>.reading`: raw samples, computed values, or both. */
export const MachineReading = z.object({
  _id: text,
  machineId: text,
  bearingId: z.string().max(64).nullish(),
  timestamp: z.string().nullish(),
  status: z.enum(MACHINE_STATUSES).nullish(),
  Axis_Id: z.string().max(50).nullish(),
  acceleration: z.object({
    rms: magnitude,
    peak: magnitude,
    crestFactor: magnitude,
    kurtosis: z.number().nullish(),
  }).nullish(),
  velocity: z.object({ rms: magnitude, peak: magnitude, crestFactor: magnitude }).nullish(),
  temperature: z.number().nullish(),
  fftData: z.object({
    frequencies: numbers.nullish(),
    amplitudes: numbers.nullish(),
    dominantFrequency: z.number().nullish(),
  }).nullish(),
  rawData: z.union([numbers, z.string()], "expected an array of numbers, or base64").nullish(),
  encoding: z.enum(["int16", "float32"]).nullish(),
  scale: z.number().positive().nullish(),
  SR: z.number().positive().nullish(),
  rpm: z.number().min(0).nullish(),
  fMax: z.number().positive().nullish(),
}).refine((reading) => CONTENTS.some((field) => (reading[field] ?? null) !== null), {
  error: `expected at least one of ${CONTENTS.join(", ")}`,
}).refine((reading) => typeof reading.rawData !== "string" || waveformIn(reading) !== undefined, {
  path: ["rawData"],
  error:
    'expected base64 of finite little-endian numbers, with "encoding" float32, or int16 and "scale"',
});
export type MachineReading = z.infer<typeof MachineReading>;

/**
 * What a machine's actor says of a bearing's health; recorded in the machine's stream. A machine that
 * names no bearings is one part itself, without a name.
 */
export type BearingEvent =
  /** Every few hours, and at once where it has changed. */
  | NewEvent<"BearingAssessed", BearingAssessed>
  /** Another bearing is in its place, with a health of its own to be learned. */
  | NewEvent<"PartRenewed", {
    part?: string;
    /** Null where its vibration alone shows it. */
    by: string | null;
  }>;

export type BearingAssessed = Readonly<{
  part?: string;
  /** Readings still to be heard before anything can be said. */
  toLearn: number;
  /** 0 as it was when it was new to us, 1 worn out; falls only where the part is renewed. */
  index: number;
  /** Its vibration beside what is normal for it. */
  growth: number;
  alarm: boolean;
  /** Since when it has clearly been worse than normal, ISO 8601. */
  worseSince: string | null;
  /** Of its worst axis, with hysteresis; null where neither the sender nor its class tells it. */
  zone: string | null;
  /** What most of the latest readings name, and how surely. */
  fault: Readonly<{ name: string; confidence: number }> | null;
  /** Since its first reading. */
  ageHours: number;
  /** Until failure; null while nothing has changed significantly. */
  remaining: Remaining | null;
  /** Until worn out if it goes on as it does; null where it does not get worse. */
  atThisPace: Remaining | null;
  /** Of a failure within the horizon; null while it is learned, and once it has failed. */
  probability: number | null;
  horizonHours: number;
  /** The method and its version. */
  model: string;
}>;
