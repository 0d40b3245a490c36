/** Readings and alerts as the sensor platform's users know them. */
import { z } from "@hono/zod-openapi";
import { SEVERITIES } from "../../events/device.ts";
import { formatInstant } from "../../events/instant.ts";
import type { AnomalyFound } from "../../events/sensor.ts";
import { type Alert, alertId } from "../../projections/alerts.ts";
import type { Reading } from "../../projections/readings.ts";
import { Instant, instantOrNull } from "../schemas.ts";

export const ReadingJson = z.object({
  id: z.string().openapi({
    example: "S1@42",
    description: "The sensor, and the version of the event in its stream.",
  }),
  sensor_id: z.string(),
  sensor_type: z.string().nullable(),
  timestamp: Instant,
  value: z.number(),
  unit: z.string().nullable(),
  location: z.string().nullable(),
  is_anomaly: z.boolean(),
  anomaly_score: z.number().nullable().openapi({
    description: "0 to 1; null for a reading from before readings were scored.",
  }),
}).openapi("SensorReading");

export function readingId({ sensorId, version }: Pick<Reading, "sensorId" | "version">): string {
  return `${sensorId}@${version}`;
}

export function readingJson(reading: Reading): z.infer<typeof ReadingJson> {
  return {
    id: readingId(reading),
    sensor_id: reading.sensorId,
    sensor_type: reading.sensorType,
    timestamp: formatInstant(reading.at),
    value: reading.value,
    unit: reading.unit,
    location: reading.location,
    is_anomaly: reading.anomaly,
    anomaly_score: reading.score,
  };
}

export const AlertJson = z.object({
  id: z.string().openapi({
    example: "S1.3",
    description: "The sensor, and which of its anomalies.",
  }),
  sensor_id: z.string(),
  alert_type: z.string().openapi({ description: "The detector that was the surest." }),
  severity: z.enum(SEVERITIES),
  message: z.string(),
  anomaly_score: z.number(),
  sensor_value: z.number().openapi({ description: "At the peak, as is the score." }),
  threshold: z.number().openapi({ description: "The score from which on it is an anomaly." }),
  timestamp: Instant.openapi({ description: "Of its first odd reading." }),
  peak_at: Instant,
  last_at: Instant,
  ended_at: Instant.nullable(),
  detections: z.int(),
  resolved: z.boolean(),
  resolved_at: Instant.nullable(),
  resolved_by: z.string().nullable(),
}).openapi("SensorAlert");

export function alertJson(alert: Alert): z.infer<typeof AlertJson> {
  const { peak } = alert;
  return {
    id: alertId(alert),
    sensor_id: alert.sensorId,
    alert_type: alertType(peak),
    severity: peak.severity,
    message: peak.reason,
    anomaly_score: peak.score,
    sensor_value: peak.value,
    threshold: peak.threshold,
    timestamp: formatInstant(alert.startedAt),
    peak_at: formatInstant(alert.peakAt),
    last_at: formatInstant(alert.lastAt),
    ended_at: instantOrNull(alert.endedAt),
    detections: alert.detections,
    resolved: alert.resolvedAt !== null,
    resolved_at: instantOrNull(alert.resolvedAt),
    resolved_by: alert.resolvedBy,
  };
}

export function alertType({ detectors }: AnomalyFound): string {
  return detectors[0]?.name ?? "ensemble";
}
