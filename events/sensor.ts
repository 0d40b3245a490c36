/** What a sensor says, one value at one moment; and what was found in what it says. */
import { z } from "zod";
import type { Severity } from "./device.ts";
import type { NewEvent } from "./event.ts";

/** Body of `devices.sensor.<id>.reading`. */
export const SensorReading = z.object({
  sensor_id: z.string().min(1).max(50).nullish(),
  sensor_type: z.string().min(1).max(50).nullish(),
  value: z.number(),
  unit: z.string().max(20).nullish(),
  location: z.string().max(100).nullish(),
  metadata: z.unknown().optional(),
  timestamp: z.string().nullish(),
});
export type SensorReading = z.infer<typeof SensorReading>;

/**
 * Anomalies of one sensor are numbered from 1. One begins with the reading that gives it away, may
 * get worse, has a peak, and ends when readings have been as they should be for a while.
 */
export type AnomalyEvent =
  /** The reading recorded just before is an anomaly: a new one, or part of one that goes on. */
  | NewEvent<"AnomalyDetected", AnomalyFound>
  /** With that reading the anomaly has become severer than was said of it before. */
  | NewEvent<"AnomalyWorsened", AnomalyFound>
  | NewEvent<"AnomalyEnded", AnomalyPast>
  | NewEvent<"AnomalyResolved", { episode: number; by: string }>;

/** Moments are the readings' own, ISO 8601 in UTC. */
export type AnomalyPast = Readonly<{
  episode: number;
  startedAt: string;
  peakAt: string;
  peakScore: number;
  peakValue: number;
  /** Of the last reading that was out of the ordinary. */
  lastAt: string;
}>;

export type AnomalyFound = Readonly<{
  episode: number;
  /** When this anomaly began; for its first reading its own moment. */
  startedAt: string;
  value: number;
  /** How unusual the value is, 0 to 1, and from where on that is an anomaly. */
  score: number;
  threshold: number;
  severity: Severity;
  /** What was expected instead; null where no detector says. */
  expected: number | null;
  lower: number | null;
  upper: number | null;
  /** A sentence. */
  reason: string;
  /** Who found it, the surest first. */
  detectors: readonly Readonly<{ name: string; score: number; reason: string }>[];
}>;
