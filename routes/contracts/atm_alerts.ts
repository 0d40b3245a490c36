/** Alerts of ATMs: what is wrong, and who deals with it. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { by } from "../../events/by.ts";
import { ALARM_REASONS, SEVERITIES } from "../../events/device.ts";
import { DAY_MS, formatInstant } from "../../events/instant.ts";
import {
  type AlertGroup,
  type AtmAlert,
  countAtmAlerts,
  getAtmAlert,
  groupAtmAlerts,
  listAtmAlerts,
  parseAtmAlertId,
} from "../../projections/atm_alerts.ts";
import { boundedForm } from "../body.ts";
import { countBy, Counts } from "../counts.ts";
import type { Deps } from "../deps.ts";
import { type OrderDeps, orderShown } from "../orders.ts";
import { ProblemError } from "../problem.ts";
import { requireDevice } from "../require_device.ts";
import { createRouter } from "../router.ts";
import { refuseEmpty } from "../window.ts";
import {
  IdSchema,
  Instant,
  InstantQuery,
  json,
  jsonBody,
  LimitQuery,
  PageNumberQuery,
  problems,
} from "../schemas.ts";
import { ALERT_STATUSES, AtmAlertJson, atmAlertJson } from "./atm_alert_json.ts";
import { AtmId } from "./atms.ts";

const TAGS = ["ATM monitoring"];

const list = createRoute({
  method: "get",
  path: "/alerts",
  operationId: "listAtmAlerts",
  summary: "Alerts of ATMs, the newest first",
  tags: TAGS,
  request: {
    query: z.object({
      status: z.enum(ALERT_STATUSES).optional(),
      severity: z.enum(SEVERITIES).optional(),
      alert_type: z.enum(ALARM_REASONS).optional(),
      atm_id: IdSchema.optional(),
      from: InstantQuery.optional(),
      to: InstantQuery.optional(),
      page: PageNumberQuery,
      limit: LimitQuery(50, 1_000),
    }),
  },
  responses: {
    200: json(
      z.object({
        alerts: z.array(AtmAlertJson),
        total: z.int(),
        page: z.int(),
        limit: z.int(),
        pages: z.int(),
      }),
      "A page of alerts",
    ),
    ...problems(422, 503),
  },
});

const create = createRoute({
  method: "post",
  path: "/alerts",
  middleware: boundedForm,
  operationId: "createAtmAlert",
  summary: "Reports trouble at an ATM that its own reports do not show",
  description: "One such alert per ATM is open at a time, of the type `reported`.",
  tags: TAGS,
  request: {
    body: jsonBody(z.object({
      atm_id: AtmId,
      severity: z.enum(SEVERITIES),
      message: z.string().min(1).max(500),
      by,
    })),
  },
  responses: {
    201: json(AtmAlertJson, "The alert"),
    ...problems(400, 404, 409, 413, 415, 422, 503),
  },
});

const stats = createRoute({
  method: "get",
  path: "/alerts/stats",
  operationId: "getAtmAlertStats",
  summary: "Alerts in numbers: those of the last days, and all that are open",
  tags: TAGS,
  request: { query: z.object({ days: LimitQuery(30, 366) }) },
  responses: {
    200: json(
      z.object({
        days: z.int(),
        total: z.int(),
        active: z.int(),
        acknowledged: z.int(),
        resolved: z.int(),
        last_24h: z.int(),
        by_severity: Counts,
        by_type: Counts,
        open_by_severity: Counts,
        avg_resolution_minutes: z.number().nullable(),
        timestamp: Instant,
      }),
      "Counts",
    ),
    ...problems(422, 503),
  },
});

const AlertParam = z.object({
  id: z.string().max(120).openapi({ example: "ATM-0042.low-cash.1767268800000" }),
});

const get = createRoute({
  method: "get",
  path: "/alerts/{id}",
  operationId: "getAtmAlert",
  summary: "One alert",
  tags: TAGS,
  request: { params: AlertParam },
  responses: { 200: json(AtmAlertJson, "The alert"), ...problems(404, 422, 503) },
});

const update = createRoute({
  method: "put",
  path: "/alerts/{id}",
  middleware: boundedForm,
  operationId: "updateAtmAlert",
  summary: "Somebody has seen to it, or has dealt with it",
  description: "What is resolved by hand is not told again within its rule's cooldown, unless it " +
    "gets severer.",
  tags: TAGS,
  request: {
    params: AlertParam,
    body: jsonBody(z.object({ status: z.enum(["acknowledged", "resolved"]), by })),
  },
  responses: {
    200: json(AtmAlertJson, "As it is now"),
    ...problems(400, 404, 409, 413, 415, 422, 503),
  },
});

export type AtmAlertDeps = Pick<Deps, "sql"> & OrderDeps;

export function atmAlertRoutes(deps: AtmAlertDeps): OpenAPIHono {
  const { sql, now } = deps;
  const app = createRouter();

  app.openapi(list, async (c) => {
    const { atm_id: atmId, alert_type: reason, page, limit, ...rest } = c.req.valid("query");
    refuseEmpty(rest);
    const filter = { ...rest, reason, atmId: atmId?.toUpperCase() };
    const [alerts, total] = await Promise.all([
      listAtmAlerts(sql, { ...filter, page, limit }),
      countAtmAlerts(sql, filter),
    ]);
    return c.json({
      alerts: alerts.map(atmAlertJson),
      total,
      page,
      limit,
      pages: Math.ceil(total / limit),
    }, 200);
  });

  app.openapi(create, async (c) => {
    const { atm_id, ...said } = c.req.valid("json");
    const atmId = atm_id.toUpperCase();
    await requireDevice(sql, "atm", atmId);
    await orderShown(deps, { kind: "atm", id: atmId, body: { command: "RaiseAlarm", ...said } });
    const [alert] = await listAtmAlerts(sql, { atmId, reason: "reported", page: 0, limit: 1 });
    if (alert === undefined) throw new Error(`The alert reported for ATM "${atmId}" is not there`);
    return c.json(atmAlertJson(alert), 201);
  });

  app.openapi(stats, async (c) => {
    const { days } = c.req.valid("query");
    const groups = await groupAtmAlerts(sql, { since: now() - days * DAY_MS, now: now() });
    const resolved = groups.filter(({ status }) => status === "resolved");
    const open = groups.filter(({ status }) => status !== "resolved");
    const minutes = resolved.reduce((sum, { resolvedMinutes }) => sum + resolvedMinutes, 0);
    return c.json({
      days,
      total: sumOf(groups),
      active: sumOf(open.filter(({ status }) => status === "active")),
      acknowledged: sumOf(open.filter(({ status }) => status === "acknowledged")),
      resolved: sumOf(resolved),
      last_24h: groups.reduce((sum, { last24Hours }) => sum + last24Hours, 0),
      by_severity: countBy(groups, ({ severity }) => severity, SEVERITIES),
      by_type: countBy(groups, ({ reason }) => reason),
      open_by_severity: countBy(open, ({ severity }) => severity, SEVERITIES),
      avg_resolution_minutes: resolved.length === 0
        ? null
        : Math.round(100 * minutes / sumOf(resolved)) / 100,
      timestamp: formatInstant(now()),
    }, 200);
  });

  app.openapi(get, async (c) => c.json(atmAlertJson(await find(c.req.valid("param").id)), 200));

  app.openapi(update, async (c) => {
    const { id } = c.req.valid("param");
    const { status, by } = c.req.valid("json");
    const { atmId, reason, resolvedAt } = await find(id);
    if (resolvedAt !== null && status === "acknowledged") {
      throw new ProblemError(409, "alert-resolved", "The alert is resolved already");
    }
    if (resolvedAt === null) {
      const command = status === "resolved" ? "ResolveAlarm" : "AcknowledgeAlarm";
      await orderShown(deps, { kind: "atm", id: atmId, body: { command, reason, by } });
    }
    return c.json(atmAlertJson(await find(id)), 200);
  });

  async function find(id: string): Promise<AtmAlert> {
    const name = parseAtmAlertId(id);
    const alert = name && await getAtmAlert(sql, { ...name, atmId: name.atmId.toUpperCase() });
    if (alert !== undefined) return alert;
    throw new ProblemError(404, "alert-unknown", `There is no alert "${id}"`);
  }

  return app;
}

function sumOf(groups: readonly AlertGroup[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}
