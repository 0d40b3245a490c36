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
 * Anomalies of one sensor are numbered from 1: readings that are taken for anomalies one soon after
 * the other belong to one, which begins, has a peak, and ends.
 */
export type AnomalyEvent =
  /** The reading before this event is an anomaly. Moments are the reading's own. */
  | NewEvent<"AnomalyDetected", AnomalyFound>
  /** Its last reading was at `lastAt`; what came after is as it should be. */
  | NewEvent<"AnomalyEnded", { episode: number; lastAt: string }>
  | NewEvent<"AnomalyResolved", { episode: number; by: string }>;

export type AnomalyFound = Readonly<{
  episode: number;
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
