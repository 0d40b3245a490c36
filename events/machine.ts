/** What a factory machine says: what it is, which bearings it has, how they vibrate. */
import { z } from "zod";
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
