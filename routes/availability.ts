/** How long one device was up, down or unknown, over any window. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { DAY_MS, formatInstant } from "../events/instant.ts";
import { deviceAvailability } from "../projections/availability.ts";
import type { Deps } from "./deps.ts";
import { requireDevice } from "./require_device.ts";
import { createRouter } from "./router.ts";
import { addressOf, DeviceParams, Instant, json, problems } from "./schemas.ts";
import { windowOf, WindowQuery } from "./window.ts";

const route = createRoute({
  method: "get",
  path: "/devices/{kind}/{id}/availability",
  operationId: "getDeviceAvailability",
  summary: "Uptime, downtime and unknown time, with the intervals they are made of",
  tags: ["Devices"],
  request: {
    params: DeviceParams,
    query: z.object({
      ...WindowQuery("A day"),
      staleness_seconds: z.string()
        .refine((text) => /^\d{1,9}(?:\.\d+)?$/.test(text) && Number(text) > 0, {
          message: "expected a positive number of seconds",
        })
        .transform(Number).optional().openapi({
          type: "number",
          description:
            "Time farther than this after an observation (of a store: from any) is unknown.",
        }),
    }),
  },
  responses: {
    200: json(
      z.object({
        kind: z.string(),
        id: z.string(),
        from: Instant,
        to: Instant.openapi({ description: "The window is cut at now." }),
        uptime_seconds: z.number(),
        downtime_seconds: z.number(),
        unknown_seconds: z.number(),
        closed_seconds: z.number()
          .openapi({ description: "Outside a store's business hours; counts for nothing." }),
        availability: z.number().nullable()
          .openapi({ description: "Uptime as a share of the time known; null without any." }),
        staleness_seconds: z.number().nullable(),
        seconds_by_status: z.record(z.string(), z.number()),
        intervals: z.array(z.object({
          from: Instant,
          to: Instant,
          status: z.string().nullable(),
          condition: z.enum(["up", "down", "unknown", "closed"]),
        })),
      }),
      "The whole window: up + down + unknown + closed",
    ),
    ...problems(404, 422, 503),
  },
});

export function availabilityRoutes({ sql, now }: Pick<Deps, "sql" | "now">): OpenAPIHono {
  const app = createRouter();

  app.openapi(route, async (c) => {
    const { kind, id } = addressOf(c.req.valid("param"));
    const query = c.req.valid("query");
    const window = windowOf(query, now(), DAY_MS);
    await requireDevice(sql, kind, id);
    const stalenessMs = query.staleness_seconds === undefined
      ? undefined
      : query.staleness_seconds * 1000;
    const answer = await deviceAvailability(sql, { kind, id, ...window, now: now(), stalenessMs });
    return c.json({
      kind,
      id,
      from: formatInstant(answer.from),
      to: formatInstant(answer.to),
      uptime_seconds: answer.uptimeMs / 1000,
      downtime_seconds: answer.downtimeMs / 1000,
      unknown_seconds: answer.unknownMs / 1000,
      closed_seconds: answer.closedMs / 1000,
      availability: answer.availability,
      staleness_seconds: answer.stalenessMs === null ? null : answer.stalenessMs / 1000,
      seconds_by_status: Object.fromEntries(
        Object.entries(answer.byStatus).map(([status, ms]) => [status, ms / 1000]),
      ),
      intervals: answer.intervals.map(({ from, to, status, condition }) => ({
        from: formatInstant(from),
        to: formatInstant(to),
        status: status ?? null,
        condition,
      })),
    }, 200);
  });

  return app;
}
