/** What the ATM monitoring's users send and read of telemetry, under its own paths and names. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Publisher } from "../../events/bus/publisher.ts";
import { formatInstant, parseInstant } from "../../events/instant.ts";
import { activityStats } from "../../projections/activity.ts";
import { listAtmAlerts } from "../../projections/atm_alerts.ts";
import { countByKind } from "../../projections/devices.ts";
import type { Deps } from "../deps.ts";
import { ingest, type IngestOptions } from "../ingest.ts";
import { invalid, refused } from "../problem.ts";
import { requireDevice } from "../require_device.ts";
import { createRouter } from "../router.ts";
import {
  Fields,
  IdSchema,
  Instant,
  instantOrNull,
  json,
  LimitQuery,
  problems,
} from "../schemas.ts";
import { AtmAlertJson, atmAlertJson } from "./atm_alert_json.ts";
import { readHistory } from "./atm_history.ts";

export const AtmTelemetryAccepted = z.object({
  success: z.literal(true),
  message: z.string(),
  atm_id: z.string(),
  timestamp: z.string(),
}).openapi("AtmTelemetryAccepted");

export interface AtmReport {
  readonly body: unknown;
  readonly messageId: string | undefined;
  readonly now: number;
}

/** The body of one ATM's report, posted without saying that it is one. */
export async function acceptAtmTelemetry(
  publisher: Publisher,
  { body, messageId, now }: AtmReport,
  options: IngestOptions,
): Promise<z.infer<typeof AtmTelemetryAccepted>> {
  if (typeof body !== "object" || body === null) {
    throw invalid("body", "", "expected an array of messages, or the report of an ATM");
  }
  const { atm_id: atmId, timestamp } = body as Record<string, unknown>;
  if (typeof atmId !== "string") throw invalid("body", "atm_id", "expected the id of an ATM");
  const payload = new TextEncoder().encode(JSON.stringify(body));
  const incoming = { kind: "atm", id: atmId, message: "telemetry", payload, messageId };
  const result = await ingest(publisher, incoming, now, options);
  if (!result.ok) throw refused(result, payload);
  const id = atmId.toUpperCase();
  return {
    success: true,
    message: result.duplicate || result.outcome === "repeat"
      ? `Telemetry of ${id} was already known`
      : `Telemetry of ${id} accepted`,
    atm_id: id,
    timestamp: formatInstant(parseInstant(String(timestamp)) ?? now),
  };
}

const history = createRoute({
  method: "get",
  path: "/telemetry/{id}/history",
  operationId: "getAtmHistory",
  summary: "What one ATM reported in the last hours, the newest first",
  tags: ["ATM monitoring"],
  request: { params: z.object({ id: IdSchema }), query: z.object({ hours: LimitQuery(24, 168) }) },
  responses: {
    200: json(
      z.object({
        atm_id: z.string(),
        hours: z.int(),
        data_points: z.int(),
        history: z.array(Fields),
      }),
      "The reports, as they were sent",
    ),
    ...problems(404, 422, 503),
  },
});

const stats = createRoute({
  method: "get",
  path: "/telemetry/stats",
  operationId: "getAtmTelemetryStats",
  summary: "How much the ATMs have reported",
  tags: ["ATM monitoring"],
  responses: {
    200: json(
      z.object({
        total_records: z.int(),
        unique_atms: z.int(),
        oldest_record: Instant.nullable(),
        newest_record: Instant.nullable(),
        records_last_hour: z.int(),
        records_last_24h: z.int(),
        avg_per_hour: z.number(),
        timestamp: Instant,
      }),
      "Counts of reports",
    ),
    ...problems(503),
  },
});

const recentAlerts = createRoute({
  method: "get",
  path: "/telemetry/alerts/recent",
  operationId: "listRecentAtmAlerts",
  summary: "Alerts of ATMs, the newest first",
  tags: ["ATM monitoring"],
  request: { query: z.object({ limit: LimitQuery(50, 1_000) }) },
  responses: {
    200: json(
      z.object({
        alerts: z.array(AtmAlertJson),
        total: z.int(),
        timestamp: Instant,
      }),
      "The newest alerts",
    ),
    ...problems(422, 503),
  },
});

export function atmTelemetryRoutes({ sql, now }: Pick<Deps, "sql" | "now">): OpenAPIHono {
  const app = createRouter();

  app.openapi(history, async (c) => {
    const id = c.req.valid("param").id.toUpperCase();
    const { hours } = c.req.valid("query");
    const reports = await readHistory(sql, id, { hours, now: now() });
    if (reports.length === 0) await requireDevice(sql, "atm", id);
    // Of thousands of reports none is looked into: they are passed on as they are.
    const head = JSON.stringify({ atm_id: id, hours, data_points: reports.length }).slice(0, -1);
    return c.body(`${head},"history":[${reports.join(",")}]}`, 200, {
      "content-type": "application/json",
    }) as never; // The route's type only knows how JSON is answered.
  });

  app.openapi(stats, async (c) => {
    const [activity, devices] = await Promise.all([
      activityStats(sql, "atm", now()),
      countByKind(sql),
    ]);
    return c.json({
      total_records: activity.reports,
      unique_atms: devices.atm ?? 0,
      oldest_record: instantOrNull(activity.oldest),
      newest_record: instantOrNull(activity.newest),
      records_last_hour: activity.lastHour,
      records_last_24h: activity.last24Hours,
      avg_per_hour: Math.round(activity.averagePerHour * 100) / 100,
      timestamp: formatInstant(now()),
    }, 200);
  });

  app.openapi(recentAlerts, async (c) => {
    const { limit } = c.req.valid("query");
    const alerts = await listAtmAlerts(sql, { page: 0, limit });
    return c.json({
      alerts: alerts.map(atmAlertJson),
      total: alerts.length,
      timestamp: formatInstant(now()),
    }, 200);
  });

  return app;
}
