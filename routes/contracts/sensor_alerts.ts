/** What was wrong with sensors: alerts to be dealt with, and each anomaly explained. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { by, OPERATOR } from "../../events/by.ts";
import { SEVERITIES } from "../../events/device.ts";
import { formatInstant } from "../../events/instant.ts";
import { readStreamBetween } from "../../events/log/query.ts";
import type { AnomalyFound } from "../../events/sensor.ts";
import { streamOf } from "../../events/vocabulary.ts";
import { type Alert, getAlert, listAlerts, parseAlertId } from "../../projections/alerts.ts";
import { listReadings, readingsAfter } from "../../projections/readings.ts";
import { boundedBody } from "../body.ts";
import type { Deps } from "../deps.ts";
import { order } from "../orders.ts";
import type { OwnWrites } from "../own_writes.ts";
import { ProblemError } from "../problem.ts";
import { createRouter } from "../router.ts";
import {
  IdSchema,
  Instant,
  json,
  LimitQuery,
  OffsetQuery,
  optionalBody,
  problems,
} from "../schemas.ts";
import { AlertJson, alertJson, ReadingJson, readingJson } from "./sensor_json.ts";

/** Readings shown before an anomaly and after it. */
const READINGS_AROUND = 50;
/** Of a long anomaly the last readings are shown; `/sensors/data` has them all. */
const READINGS_WITHIN = 500;
const FINDINGS_MAX = 100;
/** Readings of one moment: what lies before it begins just before that. */
const MICROSECOND = 0.001;

const AlertParam = z.object({
  id: z.string().max(80).openapi({ example: "S1.3" }),
});

const list = createRoute({
  method: "get",
  path: "/sensors/alerts",
  operationId: "listSensorAlerts",
  summary: "Anomalies of sensors, the newest first",
  tags: ["Sensors"],
  request: {
    query: z.object({
      sensor_id: IdSchema.optional(),
      severity: z.enum(SEVERITIES).optional(),
      resolved: z.enum(["true", "false"]).optional(),
      limit: LimitQuery(100, 10_000),
      offset: OffsetQuery,
    }),
  },
  responses: { 200: json(z.array(AlertJson), "The alerts"), ...problems(422, 503) },
});

const RESOLUTION_BYTES_MAX = 4 * 1024;

const resolve = createRoute({
  method: "post",
  path: "/sensors/alerts/{id}/resolve",
  operationId: "resolveSensorAlert",
  summary: "Somebody has dealt with it; doing so again changes nothing",
  tags: ["Sensors"],
  middleware: boundedBody(RESOLUTION_BYTES_MAX),
  request: { params: AlertParam, body: optionalBody(z.object({ by })) },
  responses: {
    200: json(AlertJson, "The alert, resolved"),
    ...problems(400, 404, 409, 413, 415, 422, 503),
  },
});

const Finding = z.object({
  timestamp: Instant,
  value: z.number(),
  score: z.number(),
  threshold: z.number(),
  severity: z.enum(SEVERITIES),
  expected: z.number().nullable(),
  lower: z.number().nullable(),
  upper: z.number().nullable(),
  reason: z.string(),
  detectors: z.array(z.object({ name: z.string(), score: z.number(), reason: z.string() })),
}).openapi("AnomalyFinding");

const ExplanationJson = AlertJson.extend({
  findings: z.array(Finding).openapi({
    description: "What was found when: what came, what was expected, which detectors say so.",
  }),
  readings: z.object({
    before: z.array(ReadingJson),
    within: z.array(ReadingJson),
    after: z.array(ReadingJson),
  }).openapi({ description: "In order of time." }),
}).openapi("AnomalyExplanation");

const explain = createRoute({
  method: "get",
  path: "/anomalies/{id}",
  operationId: "explainAnomaly",
  summary:
    "Why we think so: what was expected, what came, who found it, and the readings around it",
  tags: ["Sensors"],
  request: { params: AlertParam },
  responses: { 200: json(ExplanationJson, "The explanation"), ...problems(404, 503) },
});

export interface SensorAlertDeps extends Pick<Deps, "sql" | "publisher" | "now"> {
  readonly ownWrites: OwnWrites;
}

export function sensorAlertRoutes(deps: SensorAlertDeps): OpenAPIHono {
  const { sql, ownWrites } = deps;
  const app = createRouter();
  app.use("/sensors/alerts", ownWrites.beforeReading);
  app.use("/anomalies/*", ownWrites.beforeReading);

  app.openapi(list, async (c) => {
    const { sensor_id: sensorId, severity, resolved, limit, offset } = c.req.valid("query");
    const found = await listAlerts(sql, {
      sensorId,
      severity,
      resolved: resolved === undefined ? undefined : resolved === "true",
      limit,
      offset,
    });
    return c.json(found.map(alertJson), 200);
  });

  app.openapi(resolve, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(alertJson(await resolveAlert(deps, id, c.req.valid("json").by)), 200);
  });

  app.openapi(explain, async (c) => {
    const alert = await findAlert(deps, c.req.valid("param").id);
    const [findings, readings] = await Promise.all([findingsOf(alert), readingsAround(alert)]);
    return c.json({ ...alertJson(alert), findings, readings }, 200);
  });

  async function findingsOf(alert: Alert): Promise<z.infer<typeof Finding>[]> {
    const stream = streamOf("sensor", alert.sensorId);
    const stretch = { from: alert.startedAt, to: alert.lastAt + MICROSECOND, limit: FINDINGS_MAX };
    const events = await Promise.all(
      ["AnomalyDetected", "AnomalyWorsened"].map((type) =>
        readStreamBetween(sql, stream, { type, ...stretch })
      ),
    );
    return events.flat()
      .filter(({ data }) => data.episode === alert.episode)
      .sort((a, b) => a.occurredAt - b.occurredAt || a.version - b.version)
      .map(({ data, occurredAt }) => findingJson(data as AnomalyFound, occurredAt));
  }

  async function readingsAround({ sensorId, startedAt, lastAt }: Alert) {
    const [before, within, after] = await Promise.all([
      listReadings(sql, { sensorId, to: startedAt - MICROSECOND, limit: READINGS_AROUND }),
      listReadings(sql, { sensorId, from: startedAt, to: lastAt, limit: READINGS_WITHIN }),
      readingsAfter(sql, sensorId, lastAt, READINGS_AROUND),
    ]);
    return {
      before: before.reverse().map(readingJson),
      within: within.reverse().map(readingJson),
      after: after.map(readingJson),
    };
  }

  return app;
}

function findingJson(found: AnomalyFound, at: number): z.infer<typeof Finding> {
  const { episode: _, startedAt: __, detectors, ...fields } = found;
  return { timestamp: formatInstant(at), ...fields, detectors: [...detectors] };
}

async function findAlert({ sql }: Pick<Deps, "sql">, id: string): Promise<Alert> {
  const place = parseAlertId(id);
  const alert = place && await getAlert(sql, place);
  if (alert !== undefined) return alert;
  throw new ProblemError(404, "alert-unknown", `There is no alert "${id.slice(0, 80)}"`);
}

/** Resolves with the alert as it is then. Throws ProblemError. */
export async function resolveAlert(
  deps: SensorAlertDeps,
  id: string,
  by = OPERATOR,
): Promise<Alert> {
  const { publisher, ownWrites, now } = deps;
  await ownWrites.shown();
  const { sensorId, episode } = await findAlert(deps, id);
  const body = { command: "ResolveAnomaly", episode, by };
  const { events } = await order(publisher, { kind: "sensor", id: sensorId, body, now: now() });
  ownWrites.note(events);
  await ownWrites.shown();
  return await findAlert(deps, id);
}
