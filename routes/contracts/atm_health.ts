/** How well each ATM has been in the last hours, as one number. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { formatInstant } from "../../events/instant.ts";
import { type AtmReports, healthScore } from "../../models/atm_health.ts";
import type { Deps } from "../deps.ts";
import { requireDevice } from "../require_device.ts";
import { createRouter } from "../router.ts";
import { IdSchema, Instant, json, LimitQuery, problems } from "../schemas.ts";
import { readHistory } from "./atm_history.ts";

const health = createRoute({
  method: "get",
  path: "/atms/{id}/health",
  operationId: "getAtmHealth",
  summary: "How well an ATM has been, 0 to 100; 50 where nothing is known",
  description:
    "40 · online ratio + 30 · (1 − error ratio) + 15 − processor penalty + 15 − memory " +
    "penalty; a penalty grows from 0 at a mean use of 80 % to 15 at 100 %.",
  tags: ["ATM monitoring"],
  request: { params: z.object({ id: IdSchema }), query: z.object({ hours: LimitQuery(24, 168) }) },
  responses: {
    200: json(
      z.object({
        atm_id: z.string(),
        hours: z.int(),
        health_score: z.number(),
        data_points: z.int(),
        online_ratio: z.number().nullable(),
        error_ratio: z.number().nullable(),
        cpu_mean: z.number().nullable(),
        memory_mean: z.number().nullable(),
        timestamp: Instant,
      }),
      "The score, and what it is made of",
    ),
    ...problems(404, 422, 503),
  },
});

export function atmHealthRoutes({ sql, now }: Pick<Deps, "sql" | "now">): OpenAPIHono {
  const app = createRouter();

  app.openapi(health, async (c) => {
    const id = c.req.valid("param").id.toUpperCase();
    const { hours } = c.req.valid("query");
    const reports = await readHistory(sql, id, { hours, now: now() });
    const told = summarise(reports.map((text) => JSON.parse(text)));
    if (told.count === 0) await requireDevice(sql, "atm", id);
    const ratio = (part: number) => told.count === 0 ? null : part / told.count;
    return c.json({
      atm_id: id,
      hours,
      health_score: healthScore(told),
      data_points: told.count,
      online_ratio: ratio(told.online),
      error_ratio: ratio(told.error),
      cpu_mean: told.cpu,
      memory_mean: told.memory,
      timestamp: formatInstant(now()),
    }, 200);
  });

  return app;
}

function summarise(reports: readonly Record<string, unknown>[]): AtmReports {
  return {
    count: reports.length,
    online: reports.filter(({ status }) => status === "online").length,
    error: reports.filter(({ status }) => status === "error").length,
    cpu: meanOf(reports, "cpu_usage_percent"),
    memory: meanOf(reports, "memory_usage_percent"),
  };
}

function meanOf(reports: readonly Record<string, unknown>[], field: string): number | null {
  const values = reports.map((report) => report[field]).filter((value) =>
    typeof value === "number"
  );
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
