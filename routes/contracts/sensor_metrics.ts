/** The sensor platform's own metrics, by the names its users know. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Feed } from "../../events/feed.ts";
import { DAY_MS } from "../../events/instant.ts";
import type { Sql } from "../../events/log/database.ts";
import { sumSensors } from "../../projections/sensors.ts";

/** A sensor may say any type; more than these are counted as one. */
const TYPES_MAX = 50;

export interface SensorMetrics {
  /** Seconds from the arrival of a reading over HTTP until it is recorded and scored. */
  readonly processing: Histogram;
}

export function createSensorMetrics(
  { sql, feed, register, now }: {
    readonly sql: Sql;
    readonly feed: Feed;
    readonly register: Registry;
    readonly now: () => number;
  },
): SensorMetrics {
  const registers = [register];
  const data = new Counter({
    name: "sensor_data_total",
    help: "Readings recorded since start",
    labelNames: ["sensor_type"],
    registers,
  });
  const anomalies = new Counter({
    name: "anomalies_detected_total",
    help: "Anomalies detected since start, by their severity when detected",
    labelNames: ["severity"],
    registers,
  });
  const types = new Set<string>();

  function labelOf(type: unknown): string {
    if (typeof type !== "string") return "unknown";
    if (types.size < TYPES_MAX) types.add(type);
    return types.has(type) ? type : "other";
  }

  feed.subscribe((events) => {
    const counts = new Map<unknown, number>();
    for (const { type, data } of events) {
      if (type === "ReadingReported") {
        counts.set(data.sensor_type, (counts.get(data.sensor_type) ?? 0) + 1);
      } else if (type === "AnomalyDetected") {
        anomalies.inc({ severity: String(data.severity) });
      }
    }
    for (const [type, count] of counts) data.inc({ sensor_type: labelOf(type) }, count);
  });

  new Gauge({
    name: "active_sensors_count",
    help: "Sensors heard from in the last 24 hours",
    registers,
    async collect() {
      this.set((await sumSensors(sql, now() - DAY_MS)).active);
    },
  });

  const processing = new Histogram({
    name: "data_processing_seconds",
    help: "Time until a reading that came by HTTP is recorded and scored",
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
    registers,
  });
  return { processing };
}
