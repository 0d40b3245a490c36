/** What is foretold of devices: predictions and what came of them, and how likely each is to fail. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { DAY_MS, formatInstant } from "../events/instant.ts";
import { getPrediction, listPredictions, OUTCOMES } from "../projections/predictions.ts";
import { listScores } from "../projections/risk_scores.ts";
import { currentRisks } from "../projections/risks.ts";
import { answerCsv, pagesOrCsv } from "./csv.ts";
import type { Deps } from "./deps.ts";
import {
  PREDICTION_COLUMNS,
  PredictionJson,
  predictionJson,
  Probability,
  RemainingJson,
  remainingJson,
  riskLevelOf,
  RiskLevelSchema,
} from "./prediction_json.ts";
import { ProblemError } from "./problem.ts";
import { requireDevice } from "./require_device.ts";
import { createRouter } from "./router.ts";
import {
  addressOf,
  DeviceParams,
  IdSchema,
  Instant,
  InstantQuery,
  json,
  KindSchema,
  LimitQuery,
  NextCursor,
  PageQuery,
  problems,
} from "./schemas.ts";
import { refuseEmpty, windowOf, WindowQuery } from "./window.ts";

const TAGS = ["Predictions"];

const list = createRoute({
  method: "get",
  path: "/predictions",
  operationId: "listPredictions",
  summary: "Foretold failures, the newest first",
  description: "JSON comes in pages; CSV streams all there are, without their reasons.",
  tags: TAGS,
  request: {
    query: z.object({
      state: z.enum(["open", "cleared", "all"]).default("open"),
      kind: KindSchema.optional(),
      id: IdSchema.optional(),
      outcome: z.enum([...OUTCOMES, "undecided"]).optional().openapi({
        description: "`miss` lists failures that were not foretold, whatever the state.",
      }),
      model: z.string().min(1).max(200).optional(),
      from: InstantQuery.optional().openapi({ description: "Foretold at this moment or later." }),
      to: InstantQuery.optional().openapi({ description: "Foretold before this moment." }),
      format: z.enum(["json", "csv"]).default("json"),
      ...PageQuery(100, 1_000),
    }),
  },
  responses: {
    200: pagesOrCsv(z.object({ predictions: z.array(PredictionJson), next: NextCursor })),
    ...problems(422, 503),
  },
});

const one = createRoute({
  method: "get",
  path: "/predictions/{prediction}",
  operationId: "getPrediction",
  summary: "One prediction, with its reasons and what came of it",
  tags: TAGS,
  request: { params: z.object({ prediction: z.string().min(1).max(300) }) },
  responses: { 200: json(PredictionJson, "The prediction"), ...problems(404, 422, 503) },
});

const ScoreJson = z.object({
  at: Instant,
  part: z.string().nullable(),
  probability: Probability,
  risk_level: RiskLevelSchema,
  model: z.string(),
}).openapi("RiskScore");

const risk = createRoute({
  method: "get",
  path: "/devices/{kind}/{id}/risk",
  operationId: "getDeviceRisk",
  summary: "How likely a device is to fail, now and over time",
  tags: TAGS,
  request: {
    params: DeviceParams,
    query: z.object({
      ...WindowQuery("A day"),
      part: z.string().min(1).max(64).optional(),
      limit: LimitQuery(1_000, 10_000).openapi({ description: "The newest are kept." }),
    }),
  },
  responses: {
    200: json(
      z.object({
        kind: z.string(),
        id: z.string(),
        from: Instant,
        to: Instant,
        current: z.array(ScoreJson.extend({
          until: Instant.openapi({ description: "When it says nothing any more." }),
          remaining: RemainingJson.nullable(),
        })).openapi({ description: "Of each part; none where nothing is known of now." }),
        scores: z.array(ScoreJson).openapi({ description: "Oldest first." }),
      }),
      "The scores",
    ),
    ...problems(404, 422, 503),
  },
});

export function predictionRoutes(
  { sql, now, stopping }: Pick<Deps, "sql" | "now" | "stopping">,
): OpenAPIHono {
  const app = createRouter();

  app.openapi(list, async (c) => {
    const { format, ...query } = addressOf(c.req.valid("query"));
    refuseEmpty(query);
    const asked = { ...query, ...(query.outcome === "miss" && { state: "all" as const }) };
    if (format === "csv") {
      return await answerCsv(c, {
        name: "predictions",
        columns: PREDICTION_COLUMNS,
        stopping,
        async page(limit, cursor) {
          const found = await listPredictions(sql, { ...asked, limit, cursor });
          return { rows: found.predictions.map(predictionJson), next: found.next };
        },
      }) as never; // The route's type only knows how JSON is answered.
    }
    const { predictions, next } = await listPredictions(sql, asked);
    return c.json({ predictions: predictions.map(predictionJson), next: next ?? null }, 200);
  });

  app.openapi(one, async (c) => {
    const { prediction } = c.req.valid("param");
    const found = await getPrediction(sql, prediction);
    if (found === undefined) {
      throw new ProblemError(404, "prediction-unknown", `There is no prediction "${prediction}"`);
    }
    return c.json(predictionJson(found), 200);
  });

  app.openapi(risk, async (c) => {
    const { kind, id } = addressOf(c.req.valid("param"));
    const { part, limit, ...query } = c.req.valid("query");
    const window = windowOf(query, now(), DAY_MS);
    const [current, scores] = await Promise.all([
      currentRisks(sql, kind, id, now()),
      listScores(sql, { kind, id, part, limit, ...window }),
    ]);
    if (current.length === 0 && scores.length === 0) await requireDevice(sql, kind, id);
    return c.json({
      kind,
      id,
      from: formatInstant(window.from),
      to: formatInstant(window.to),
      current: current.filter((latest) => part === undefined || latest.part === part)
        .map(({ until, remaining, ...latest }) => ({
          ...scoreJson(latest),
          until: formatInstant(until),
          remaining: remaining && remainingJson(remaining),
        })),
      scores: scores.map(scoreJson),
    }, 200);
  });

  return app;
}

function scoreJson(
  { at, part, probability, model }: {
    readonly at: number;
    readonly part: string;
    readonly probability: number;
    readonly model: string;
  },
): z.infer<typeof ScoreJson> {
  return {
    at: formatInstant(at),
    part: part || null,
    probability,
    risk_level: riskLevelOf(probability),
    model,
  };
}
