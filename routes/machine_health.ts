/** The health of a machine's bearings: how worn, since when, for how long still, and what is wrong. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { formatInstant, parseInstant } from "../events/instant.ts";
import { deviceOf } from "../events/vocabulary.ts";
import { listHealthPoints } from "../projections/bearing_assessments.ts";
import {
  type BearingHealth,
  getBearingHealth,
  listBearingHealth,
} from "../projections/bearing_health.ts";
import type { Deps } from "./deps.ts";
import type { OwnWrites } from "./own_writes.ts";
import {
  Probability,
  RemainingJson,
  remainingJson,
  riskLevelOf,
  RiskLevelSchema,
} from "./prediction_json.ts";
import { ProblemError } from "./problem.ts";
import { requireDevice } from "./require_device.ts";
import { createRouter } from "./router.ts";
import { IdSchema, Instant, instantOrNull, json, LimitQuery, problems } from "./schemas.ts";
import { windowOf, WindowQuery } from "./window.ts";

const TAGS = ["Machines"];
const MONTH_MS = 30 * 86_400_000;
/** How a machine that names no bearings is asked for as if it were one. */
const ITSELF = "-";

const Wear = z.number().min(0).max(1)
  .openapi({ description: "0 as it was when it was new to us, 1 worn out; it never falls." });
const Growth = z.number().openapi({ description: "Its vibration beside what is normal for it." });

const HealthJson = z.object({
  machine: z.string(),
  bearing: z.string().nullable()
    .openapi({ description: `Null for a machine that names none: asked for as \`${ITSELF}\`.` }),
  assessed_at: Instant.nullable()
    .openapi({ description: "Null until it is heard, and again after it was renewed." }),
  state: z.enum(["learning", "normal", "worse", "alarm", "failed"]).nullable(),
  readings_to_learn: z.int().nullable()
    .openapi({ description: "Still needed before anything can be said." }),
  index: Wear.nullable(),
  growth: Growth.nullable(),
  worse_since: Instant.nullable(),
  zone: z.string().nullable().openapi({ description: "ISO 20816, by the worst of its axes." }),
  fault: z.object({ name: z.string(), confidence: z.number() }).nullable()
    .openapi({ description: "What most of the latest readings with samples name." }),
  age_hours: z.number().nullable().openapi({ description: "Since its first reading." }),
  remaining: RemainingJson.nullable().openapi({
    description: "Until it fails: the median, and where 95 of 100 lie. Null while nothing has " +
      "changed significantly.",
  }),
  at_this_pace: RemainingJson.nullable()
    .openapi({ description: "Until worn out, if it went on as it does." }),
  probability: Probability.nullable().openapi({ description: "Of a failure within the horizon." }),
  risk_level: RiskLevelSchema.nullable(),
  horizon_hours: z.number().nullable(),
  model: z.string().nullable(),
  failure: z.object({ began_at: Instant, code: z.string() }).nullable(),
  renewed_at: Instant.nullable(),
}).openapi("BearingHealth");

const PointJson = z.object({
  at: Instant,
  index: Wear,
  growth: Growth,
  alarm: z.boolean(),
  probability: Probability.nullable(),
});

const all = createRoute({
  method: "get",
  path: "/machines/{id}/health",
  operationId: "getMachineHealth",
  summary: "How each bearing of a machine is",
  tags: TAGS,
  request: { params: z.object({ id: IdSchema }) },
  responses: {
    200: json(
      z.object({
        machine: z.string(),
        status: z.string().nullable().openapi({ description: "The worst zone of its bearings." }),
        index: Wear.nullable().openapi({ description: "Of the bearing that is most worn." }),
        bearings: z.array(HealthJson),
      }),
      "Its bearings, by name",
    ),
    ...problems(404, 422, 503),
  },
});

const one = createRoute({
  method: "get",
  path: "/machines/{id}/bearings/{bearing}/health",
  operationId: "getBearingHealth",
  summary: "How a bearing is, and how it came to that",
  description: "A point every six hours, and where it changed.",
  tags: TAGS,
  request: {
    params: z.object({ id: IdSchema, bearing: z.string().min(1).max(64) }),
    query: z.object({
      ...WindowQuery("30 days"),
      limit: LimitQuery(1_000, 10_000).openapi({ description: "The newest are kept." }),
    }),
  },
  responses: {
    200: json(
      HealthJson.extend({
        from: Instant,
        to: Instant,
        points: z.array(PointJson).openapi({ description: "Oldest first." }),
      }),
      "The bearing",
    ),
    ...problems(404, 422, 503),
  },
});

export function machineHealthRoutes(
  { sql, now, ownWrites }: Pick<Deps, "sql" | "now"> & { readonly ownWrites: OwnWrites },
): OpenAPIHono {
  const app = createRouter();
  app.use("/machines/*", ownWrites.beforeReading);

  app.openapi(all, async (c) => {
    const { id } = c.req.valid("param");
    const [machine, rows] = await Promise.all([
      requireDevice(sql, "machine", id),
      listBearingHealth(sql, id),
    ]);
    const bearings = rows.map(healthJson);
    const worn = bearings.flatMap(({ index }) => index ?? []);
    return c.json({
      machine: id,
      status: machine.status,
      index: worn.length === 0 ? null : Math.max(...worn),
      bearings,
    }, 200);
  });

  app.openapi(one, async (c) => {
    const { id: machineId, bearing } = c.req.valid("param");
    const { limit, ...query } = c.req.valid("query");
    const part = bearing === ITSELF ? "" : bearing;
    const health = await getBearingHealth(sql, machineId, part);
    if (health === undefined) {
      await requireDevice(sql, "machine", machineId);
      throw new ProblemError(
        404,
        "bearing-unknown",
        `Machine "${machineId}" has no bearing "${bearing}"`,
      );
    }
    const window = windowOf(query, now(), MONTH_MS);
    const points = await listHealthPoints(sql, { machineId, part, ...window, limit });
    return c.json({
      ...healthJson(health),
      from: formatInstant(window.from),
      to: formatInstant(window.to),
      points: points.map(({ at, wear, ...point }) => ({
        at: formatInstant(at),
        index: wear,
        ...point,
      })),
    }, 200);
  });

  return app;
}

function healthJson(health: BearingHealth): z.infer<typeof HealthJson> {
  const { stream, part, assessed, failureAt, failureCode } = health;
  const probability = assessed?.probability ?? null;
  const since = assessed?.worseSince ? parseInstant(assessed.worseSince) : undefined;
  return {
    machine: deviceOf(stream).id,
    bearing: part === "" ? null : part,
    assessed_at: instantOrNull(health.assessedAt),
    state: stateOf(health),
    readings_to_learn: assessed?.toLearn ?? null,
    index: assessed?.index ?? null,
    growth: assessed?.growth ?? null,
    worse_since: instantOrNull(since ?? null),
    zone: assessed?.zone ?? null,
    fault: assessed?.fault ?? null,
    age_hours: assessed?.ageHours ?? null,
    remaining: assessed?.remaining ? remainingJson(assessed.remaining) : null,
    at_this_pace: assessed?.atThisPace ? remainingJson(assessed.atThisPace) : null,
    probability,
    risk_level: probability === null ? null : riskLevelOf(probability),
    horizon_hours: assessed?.horizonHours ?? null,
    model: assessed?.model ?? null,
    failure: failureAt === null
      ? null
      : { began_at: formatInstant(failureAt), code: failureCode ?? "" },
    renewed_at: instantOrNull(health.renewedAt),
  };
}

function stateOf({ assessed, failureAt }: BearingHealth): z.infer<typeof HealthJson>["state"] {
  if (failureAt !== null) return "failed";
  if (assessed === null) return null;
  if (assessed.toLearn > 0) return "learning";
  if (assessed.alarm) return "alarm";
  return assessed.worseSince === null ? "normal" : "worse";
}
