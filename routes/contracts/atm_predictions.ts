/** The failure of an ATM foretold on demand, under the ATM monitoring's own paths and names. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { formatInstant } from "../../events/instant.ts";
import type { Factor } from "../../events/inference.ts";
import { FAILURE_MODEL_STREAM } from "../../events/model.ts";
import { deviceOf } from "../../events/vocabulary.ts";
import type { FailureCard } from "../../models/failure/card.ts";
import { listModels } from "../../projections/models.ts";
import { highestRisks } from "../../projections/risks.ts";
import { boundedBody } from "../body.ts";
import type { Deps } from "../deps.ts";
import { Probability, riskLevelOf, RiskLevelSchema } from "../prediction_json.ts";
import { createRouter } from "../router.ts";
import { Instant, json, jsonBody, LimitQuery, problems } from "../schemas.ts";
import { type AtmClaim, claimsOf, type NoClaim } from "./atm_claims.ts";
import { AtmId } from "./atms.ts";

const TAGS = ["ATM monitoring"];
const BODY_BYTES_MAX = 128 * 1024;
const ATMS_MAX = 1_000;
/** The features are defined over so many hours. */
const HISTORY_HOURS = 24;
const HIGH_RISK = 0.7;
const CRITICAL_RISK = 0.8;

const FactorJson = z.object({
  feature: z.string(),
  importance: z.number().nullable().openapi({
    description: "The feature's share in all that the model has learned.",
  }),
  value: z.number().nullable().openapi({ description: "Null where it was not known." }),
  contribution: z.number().openapi({ description: "What it added to the log-odds." }),
});

const AtmPredictionJson = z.object({
  atm_id: z.string(),
  prediction_available: z.boolean(),
  reason: z.string().nullable().openapi({ description: "Why none is available." }),
  failure_probability: Probability.nullable()
    .openapi({ description: "Of a failure that begins within the horizon." }),
  confidence: Probability.nullable().openapi({ description: "|p − 0.5| · 2" }),
  risk_level: RiskLevelSchema.nullable(),
  risk_factors: z.array(FactorJson).openapi({ description: "The five that moved it most." }),
  horizon_hours: z.number().nullable(),
  model: z.string().nullable().openapi({ description: "SHA-256." }),
  simulated: z.boolean().nullable()
    .openapi({ description: "Whether the model knows only simulated ATMs." }),
  timestamp: Instant,
}).openapi("AtmPrediction");
type AtmPredictionJson = z.infer<typeof AtmPredictionJson>;

const predict = createRoute({
  method: "post",
  path: "/predictions/failure",
  middleware: boundedBody(BODY_BYTES_MAX),
  operationId: "predictAtmFailure",
  summary: "How likely one ATM is to fail within the next hours, and why",
  tags: TAGS,
  request: {
    body: jsonBody(z.object({
      atm_id: AtmId,
      history_hours: z.literal(HISTORY_HOURS, {
        error: `the model sees the last ${HISTORY_HOURS} hours, no more and no less`,
      }).default(HISTORY_HOURS),
    })),
  },
  responses: {
    200: json(AtmPredictionJson, "The prediction, or why there is none"),
    ...problems(400, 413, 415, 422, 503),
  },
});

const bulk = createRoute({
  method: "post",
  path: "/predictions/bulk",
  middleware: boundedBody(BODY_BYTES_MAX),
  operationId: "predictAtmFailures",
  summary: "The same for up to 1,000 ATMs, in the order asked",
  tags: TAGS,
  request: { body: jsonBody(z.object({ atm_ids: z.array(AtmId).min(1).max(ATMS_MAX) })) },
  responses: {
    200: json(
      z.object({
        predictions: z.array(AtmPredictionJson),
        total: z.int(),
        successful: z.int(),
        failed: z.int().openapi({ description: "Without a prediction." }),
        high_risk_count: z.int().openapi({ description: `Above ${HIGH_RISK}.` }),
        critical_risk_count: z.int().openapi({ description: `Above ${CRITICAL_RISK}.` }),
        processing_time_ms: z.number(),
        throughput_per_second: z.number(),
      }),
      "Predictions",
    ),
    ...problems(400, 413, 415, 422, 503),
  },
});

const highRisk = createRoute({
  method: "get",
  path: "/predictions/high-risk",
  operationId: "listHighRiskAtms",
  summary: "ATMs likely to fail by their latest score, the likeliest first",
  description: "Every ATM is scored each quarter of an hour; a score says nothing beyond its " +
    "horizon, nor of an ATM that has failed or was serviced since.",
  tags: TAGS,
  request: {
    query: z.object({
      threshold: z.string().default(String(HIGH_RISK))
        .refine((text) => /^\d*\.?\d+$/.test(text) && Number(text) <= 1, {
          message: "expected a number from 0 to 1",
        })
        .transform(Number)
        .openapi({ type: "number", minimum: 0, maximum: 1, default: HIGH_RISK }),
      limit: LimitQuery(20, 1_000),
    }),
  },
  responses: {
    200: json(
      z.object({
        atms: z.array(z.object({
          atm_id: z.string(),
          failure_probability: Probability,
          confidence: Probability,
          risk_level: RiskLevelSchema,
          horizon_hours: z.number(),
          model: z.string(),
          timestamp: Instant.openapi({ description: "Of the score." }),
        })),
        count: z.int(),
        threshold: z.number(),
        limit: z.int(),
        timestamp: Instant,
      }),
      "ATMs at risk",
    ),
    ...problems(422, 503),
  },
});

export type AtmPredictionDeps = Pick<Deps, "sql" | "foretelling" | "now">;

export function atmPredictionRoutes(deps: AtmPredictionDeps): OpenAPIHono {
  const { sql, now } = deps;
  const app = createRouter();
  const importancesOf = createImportances(deps);

  async function predictAll(ids: readonly string[]): Promise<AtmPredictionJson[]> {
    const at = now();
    const claims = await claimsOf(deps, ids.map((id) => id.toUpperCase()), at);
    // Two, where another model was put in force meanwhile.
    const models = new Set(claims.flatMap((claim) => "model" in claim ? [claim.model] : []));
    const importances = new Map<string, Importances>();
    for (const model of models) importances.set(model, await importancesOf(model));
    const timestamp = formatInstant(at);
    return claims.map((claim) => ({
      ...predictionOf(claim, "model" in claim ? importances.get(claim.model) : undefined),
      timestamp,
    }));
  }

  app.openapi(predict, async (c) => {
    const [prediction] = await predictAll([c.req.valid("json").atm_id]);
    return c.json(prediction as AtmPredictionJson, 200);
  });

  app.openapi(bulk, async (c) => {
    const began = performance.now();
    const predictions = await predictAll(c.req.valid("json").atm_ids);
    const ms = performance.now() - began;
    const above = (threshold: number) =>
      predictions.filter(({ failure_probability: p }) => p !== null && p > threshold).length;
    const successful = predictions.filter((prediction) => prediction.prediction_available).length;
    return c.json({
      predictions,
      total: predictions.length,
      successful,
      failed: predictions.length - successful,
      high_risk_count: above(HIGH_RISK),
      critical_risk_count: above(CRITICAL_RISK),
      processing_time_ms: Math.round(ms * 1000) / 1000,
      throughput_per_second: Math.round(predictions.length / ms * 1000),
    }, 200);
  });

  app.openapi(highRisk, async (c) => {
    const { threshold, limit } = c.req.valid("query");
    const risks = await highestRisks(sql, { kind: "atm", threshold, limit, now: now() });
    const atms = risks.map(({ stream, at, probability, horizonHours, model }) => ({
      atm_id: deviceOf(stream).id,
      failure_probability: probability,
      confidence: confidenceOf(probability),
      risk_level: riskLevelOf(probability),
      horizon_hours: horizonHours,
      model,
      timestamp: formatInstant(at),
    }));
    const timestamp = formatInstant(now());
    return c.json({ atms, count: atms.length, threshold, limit, timestamp }, 200);
  });

  return app;
}

function confidenceOf(probability: number): number {
  return Math.abs(probability - 0.5) * 2;
}

const REASONS: Readonly<Record<NoClaim["reason"], string>> = {
  "no-model": "There is no failure model in force",
  "unknown": "There is no such ATM",
  "decommissioned": "The ATM is decommissioned",
  "no-data": "The ATM has reported nothing in the last 24 hours",
  "silent": "The ATM has been silent for more than half an hour",
  "down": "The ATM is out of service or in maintenance: there is nothing left to foretell",
  "history-too-short": "The ATM has reported for less than an hour",
};

type Importances = ReadonlyMap<string, number>;

function predictionOf(
  claim: AtmClaim | NoClaim,
  importances: Importances | undefined,
): Omit<AtmPredictionJson, "timestamp"> {
  if ("reason" in claim) {
    return {
      atm_id: claim.id,
      prediction_available: false,
      reason: REASONS[claim.reason],
      failure_probability: null,
      confidence: null,
      risk_level: null,
      risk_factors: [],
      horizon_hours: null,
      model: null,
      simulated: null,
    };
  }
  const { id, probability, factors, horizonHours, model, simulated } = claim;
  return {
    atm_id: id,
    prediction_available: true,
    reason: null,
    failure_probability: probability,
    confidence: confidenceOf(probability),
    risk_level: riskLevelOf(probability),
    risk_factors: factors.map((factor) => factorJson(factor, importances)),
    horizon_hours: horizonHours,
    model,
    simulated,
  };
}

function factorJson(
  { feature, value, contribution }: Factor,
  importances: Importances | undefined,
): z.infer<typeof FactorJson> {
  return { feature, importance: importances?.get(feature) ?? null, value, contribution };
}

/** What the card of a model says of each feature; read once while it is the one that answers. */
function createImportances({ sql }: Pick<Deps, "sql">): (model: string) => Promise<Importances> {
  let known: { readonly model: string; readonly importances: Importances } | undefined;
  return async (model) => {
    if (known?.model === model) return known.importances;
    const models = await listModels(sql, FAILURE_MODEL_STREAM);
    const card = models.find(({ sha256 }) => sha256 === model)?.card as FailureCard | undefined;
    const importances = new Map(
      card?.importances?.map(({ feature, share }) => [feature, share] as const),
    );
    known = { model, importances };
    return importances;
  };
}
