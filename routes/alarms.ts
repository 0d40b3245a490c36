/** What needs somebody now, and what did. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { ALARM_REASONS, SEVERITIES } from "../events/device.ts";
import { formatInstant } from "../events/instant.ts";
import { type Alarm, listAlarms } from "../projections/alarms.ts";
import type { Deps } from "./deps.ts";
import { createRouter } from "./router.ts";
import {
  addressOf,
  IdSchema,
  Instant,
  instantOrNull,
  json,
  KindSchema,
  NextCursor,
  PageQuery,
  problems,
} from "./schemas.ts";

const AlarmJson = z.object({
  kind: z.string(),
  id: z.string(),
  reason: z.string(),
  severity: z.string(),
  message: z.string(),
  state: z.enum(["open", "acknowledged", "cleared"]),
  raised_at: Instant,
  acknowledged_at: Instant.nullable(),
  acknowledged_by: z.string().nullable(),
  cleared_at: Instant.nullable(),
}).openapi("Alarm");

function alarmJson(alarm: Alarm): z.infer<typeof AlarmJson> {
  return {
    kind: alarm.kind,
    id: alarm.id,
    reason: alarm.reason,
    severity: alarm.severity,
    message: alarm.message,
    state: alarm.clearedAt !== null
      ? "cleared"
      : alarm.acknowledgedAt !== null
      ? "acknowledged"
      : "open",
    raised_at: formatInstant(alarm.raisedAt),
    acknowledged_at: instantOrNull(alarm.acknowledgedAt),
    acknowledged_by: alarm.acknowledgedBy,
    cleared_at: instantOrNull(alarm.clearedAt),
  };
}

const list = createRoute({
  method: "get",
  path: "/alarms",
  operationId: "listAlarms",
  summary: "Alarms, the newest first",
  tags: ["Alarms"],
  request: {
    query: z.object({
      state: z.enum(["open", "cleared", "all"]).default("open")
        .openapi({ description: "An acknowledged alarm is open until it is cleared." }),
      kind: KindSchema.optional(),
      id: IdSchema.optional(),
      reason: z.enum([...ALARM_REASONS, "trend"]).optional()
        .openapi({ description: "`trend` is those of all parts, `trend:DE` and the like." }),
      severity: z.enum(SEVERITIES).optional(),
      ...PageQuery(100, 1_000),
    }),
  },
  responses: {
    200: json(z.object({ alarms: z.array(AlarmJson), next: NextCursor }), "A page of alarms"),
    ...problems(422, 503),
  },
});

export function alarmRoutes({ sql }: Pick<Deps, "sql">): OpenAPIHono {
  const app = createRouter();

  app.openapi(list, async (c) => {
    const { alarms, next } = await listAlarms(sql, addressOf(c.req.valid("query")));
    return c.json({ alarms: alarms.map(alarmJson), next: next ?? null }, 200);
  });

  return app;
}
