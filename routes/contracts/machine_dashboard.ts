/** What the plant's dashboard shows: counts of readings, by status, hour and day. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { dateOf, DAY_MS, formatInstant } from "../../events/instant.ts";
import { streamOf } from "../../events/vocabulary.ts";
import { countByKind } from "../../projections/devices.ts";
import { countBearings } from "../../projections/bearings.ts";
import { listMachines } from "../../projections/machines.ts";
import { countByDay, countByHourOfDay, countStatuses } from "../../projections/vibration_counts.ts";
import type { Deps } from "../deps.ts";
import type { OwnWrites } from "../own_writes.ts";
import { createRouter } from "../router.ts";
import { json, problems } from "../schemas.ts";
import { spanOf, SpanQuery } from "./machine_json.ts";

const TAGS = ["Machines"];

const StatusCountsJson = z.record(z.string(), z.int())
  .openapi({ example: { Normal: 90, Satisfactory: 7, Alert: 2, Unacceptable: 1 } });

const kpis = createRoute({
  method: "get",
  path: "/api/dashboard/kpis",
  operationId: "getMachineKpis",
  summary: "How many readings found which status",
  description: "A reading without status counts in the total only.",
  tags: TAGS,
  request: { query: SpanQuery },
  responses: {
    200: json(z.object({ total_readings: z.int(), status_counts: StatusCountsJson }), "Counts"),
    ...problems(422, 503),
  },
});

const hourly = createRoute({
  method: "get",
  path: "/api/dashboard/trends/hourly",
  operationId: "getMachineHours",
  summary: "Readings by the hour of the day they were taken in, UTC",
  tags: TAGS,
  responses: {
    200: json(z.array(z.object({ hour: z.int(), count: z.int() })), "The 24 hours"),
    ...problems(503),
  },
});

const byStatus = createRoute({
  method: "get",
  path: "/api/dashboard/trends/status",
  operationId: "getMachineStatusTrend",
  summary: "Readings by day (UTC) and status",
  description: "Days without a reading are left out; a span counts the days it touches.",
  tags: TAGS,
  request: {
    query: SpanQuery.extend({
      customer: z.string().min(1).max(200).optional()
        .openapi({ description: "The whole name, in any case." }),
    }),
  },
  responses: {
    200: json(z.array(z.object({ date: z.string(), status_counts: StatusCountsJson })), "The days"),
    ...problems(422, 503),
  },
});

const stats = createRoute({
  method: "get",
  path: "/api/stats",
  operationId: "getMachineStats",
  summary: "How much there is of everything",
  tags: TAGS,
  responses: {
    200: json(
      z.object({
        total_machines: z.int(),
        total_bearings: z.int(),
        total_readings: z.int(),
        status_counts: StatusCountsJson,
      }),
      "Counts",
    ),
    ...problems(503),
  },
});

export function machineDashboardRoutes(
  { sql, ownWrites }: Pick<Deps, "sql"> & { readonly ownWrites: OwnWrites },
): OpenAPIHono {
  const app = createRouter();
  app.use("/api/dashboard/*", ownWrites.beforeReading);
  app.use("/api/stats", ownWrites.beforeReading);

  app.openapi(kpis, async (c) => {
    const { total, byStatus } = await countStatuses(sql, spanOf(c.req.valid("query")));
    return c.json({ total_readings: total, status_counts: byStatus }, 200);
  });

  app.openapi(hourly, async (c) => c.json(await countByHourOfDay(sql), 200));

  app.openapi(byStatus, async (c) => {
    const { customer, ...dates } = c.req.valid("query");
    const span = spanOf(dates);
    const streams = customer === undefined ? undefined : await streamsOf(customer);
    const days = await countByDay(sql, { ...span, streams });
    const trend = days.map(({ day, counts }) => ({
      date: dateOf(formatInstant(day * DAY_MS)),
      status_counts: counts.byStatus,
    }));
    return c.json(trend, 200);
  });

  async function streamsOf(customer: string): Promise<string[]> {
    const machines = await listMachines(sql, { customer });
    return machines
      .filter((machine) => machine.customer?.toLowerCase() === customer.toLowerCase())
      .map(({ id }) => streamOf("machine", id));
  }

  app.openapi(stats, async (c) => {
    const [kinds, bearings, { total, byStatus }] = await Promise.all([
      countByKind(sql),
      countBearings(sql),
      countStatuses(sql, {}),
    ]);
    return c.json({
      total_machines: kinds.machine ?? 0,
      total_bearings: bearings,
      total_readings: total,
      status_counts: byStatus,
    }, 200);
  });

  return app;
}
