/** How the sensors and the platform itself are doing, in the sensor platform's words. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { DAY_MS, formatInstant } from "../../events/instant.ts";
import { uptimeShare } from "../../events/log/runs.ts";
import { countAnomalies } from "../../projections/readings.ts";
import { listSensors, type Sensor, sumSensors } from "../../projections/sensors.ts";
import type { Deps } from "../deps.ts";
import type { OwnWrites } from "../own_writes.ts";
import { createRouter } from "../router.ts";
import { Instant, json, NextCursor, PageQuery, problems } from "../schemas.ts";

/** A sensor that was silent for longer is stale. */
const HEALTHY_MS = 3_600_000;

const stats = createRoute({
  method: "get",
  path: "/monitoring/stats",
  operationId: "getSensorStats",
  summary: "All sensors in figures",
  tags: ["Sensors"],
  responses: {
    200: json(
      z.object({
        total_data_points: z.int(),
        total_anomalies: z.int(),
        active_sensors: z.int().openapi({ description: "Heard from in the last 24 hours." }),
        recent_anomalies_24h: z.int(),
        anomaly_rate_percent: z.number(),
        platform_uptime_percent: z.number().openapi({
          description: "Of the last 24 hours, or of the time since the first start; measured.",
        }),
        timestamp: Instant,
      }),
      "The figures",
    ),
    ...problems(503),
  },
});

const SensorStatus = z.object({
  sensor_id: z.string(),
  sensor_type: z.string().nullable(),
  location: z.string().nullable(),
  status: z.enum(["healthy", "stale"]),
  last_seen: Instant,
  seconds_since_last_seen: z.number(),
  latest_value: z.number(),
  latest_timestamp: Instant,
  unit: z.string().nullable(),
  latest_is_anomaly: z.boolean(),
  latest_anomaly_score: z.number().nullable(),
  total_readings: z.int(),
  anomaly_count: z.int(),
}).openapi("SensorStatus");

const status = createRoute({
  method: "get",
  path: "/monitoring/sensors/status",
  operationId: "listSensorStatus",
  summary: "Every sensor: healthy or stale, its newest value and its counts",
  tags: ["Sensors"],
  request: { query: z.object(PageQuery(1_000, 10_000)) },
  responses: {
    200: json(
      z.object({
        sensors: z.array(SensorStatus),
        total: z.int(),
        next: NextCursor,
        timestamp: Instant,
      }),
      "A page of sensors, by id",
    ),
    ...problems(422, 503),
  },
});

const Health = z.object({
  status: z.enum(["healthy", "unhealthy"]),
  version: z.string(),
  timestamp: Instant,
  services: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })),
}).openapi("PlatformHealth");

const health = createRoute({
  method: "get",
  path: "/monitoring/health",
  operationId: "getMonitoringHealth",
  summary: "Whether the platform does its work; says which part does not",
  tags: ["Sensors"],
  responses: { 200: json(Health, "It does"), 503: json(Health, "Some part does not") },
});

const metrics = createRoute({
  method: "get",
  path: "/monitoring/metrics",
  operationId: "getMonitoringMetrics",
  summary: "Metrics in the text format of Prometheus",
  tags: ["Sensors"],
  responses: { 200: { description: "Metrics", content: { "text/plain": { schema: z.string() } } } },
});

export type SensorMonitoringDeps =
  & Pick<Deps, "sql" | "now" | "readiness" | "version" | "register">
  & { readonly ownWrites: OwnWrites };

export function sensorMonitoringRoutes(deps: SensorMonitoringDeps): OpenAPIHono {
  const { sql, now, register, ownWrites } = deps;
  const app = createRouter();
  app.use("/monitoring/*", ownWrites.beforeReading);

  app.openapi(stats, async (c) => {
    const at = now();
    const [totals, recent, uptime] = await Promise.all([
      sumSensors(sql, at - DAY_MS),
      countAnomalies(sql, at - DAY_MS),
      uptimeShare(sql, at - DAY_MS, at),
    ]);
    const { readings, anomalies } = totals;
    return c.json({
      total_data_points: readings,
      total_anomalies: anomalies,
      active_sensors: totals.active,
      recent_anomalies_24h: recent,
      anomaly_rate_percent: readings === 0 ? 0 : rounded(100 * anomalies / readings),
      // Who answers is up, though nobody has noted it yet.
      platform_uptime_percent: rounded(100 * (uptime ?? 1)),
      timestamp: formatInstant(at),
    }, 200);
  });

  app.openapi(status, async (c) => {
    const at = now();
    const [page, { sensors: total }] = await Promise.all([
      listSensors(sql, c.req.valid("query")),
      sumSensors(sql, at),
    ]);
    return c.json({
      sensors: page.sensors.map((sensor) => statusJson(sensor, at)),
      total,
      next: page.next ?? null,
      timestamp: formatInstant(at),
    }, 200);
  });

  app.openapi(health, async (c) => {
    const found = await healthJson(deps);
    return c.json(found, found.status === "healthy" ? 200 : 503);
  });

  app.openapi(
    metrics,
    async (c) => c.text(await register.metrics(), 200, { "content-type": register.contentType }),
  );

  return app;
}

async function healthJson(
  { readiness, version, now }: Pick<Deps, "readiness" | "version" | "now">,
): Promise<z.infer<typeof Health>> {
  const { ok, parts } = await readiness();
  return {
    status: ok ? "healthy" : "unhealthy",
    version,
    timestamp: formatInstant(now()),
    services: { ...parts },
  };
}

function statusJson(sensor: Sensor, now: number): z.infer<typeof SensorStatus> {
  const silentMs = Math.max(0, now - sensor.lastSeenAt);
  return {
    sensor_id: sensor.sensorId,
    sensor_type: sensor.sensorType,
    location: sensor.location,
    status: silentMs < HEALTHY_MS ? "healthy" : "stale",
    last_seen: formatInstant(sensor.lastSeenAt),
    seconds_since_last_seen: Math.round(silentMs / 1000),
    latest_value: sensor.lastValue,
    latest_timestamp: formatInstant(sensor.lastAt),
    unit: sensor.unit,
    latest_is_anomaly: sensor.lastAnomaly,
    latest_anomaly_score: sensor.lastScore,
    total_readings: sensor.readings,
    anomaly_count: sensor.anomalies,
  };
}

/** To hundredths of a percent, never up to a whole that it is not. */
function rounded(percent: number): number {
  return Math.floor(percent * 100) / 100;
}
