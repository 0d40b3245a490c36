/**
 * The models that serve a whole fleet: which there are, what is known of each, which is in force,
 * and how it comes to be another. (Those of one series are under `/series/{id}/models`.)
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { by, OPERATOR } from "../events/by.ts";
import { FAILURE_MODEL, FAILURE_MODEL_STREAM, FLEET_MODELS } from "../events/model.ts";
import { DAY_MS } from "../events/instant.ts";
import { MODEL_KIND } from "../events/vocabulary.ts";
import { listModels, type TrainedModel } from "../projections/models.ts";
import type { Deps } from "./deps.ts";
import { order } from "./orders.ts";
import { invalid, ProblemError } from "./problem.ts";
import { createRouter } from "./router.ts";
import { Instant, InstantBody, json, optionalBody, problems } from "./schemas.ts";
import {
  findModel,
  MODEL_FILE,
  modelFileResponse,
  modelJson,
  ModelSchema,
  Sha256,
} from "./trained_model.ts";
import { DAYS_LEARNED_FROM, TRIALS_MAX } from "./training/failure.ts";
import { ASKED_FOR, askFor, SeedField } from "./training/training_json.ts";
import { windowOf } from "./window.ts";

const TAGS = ["Models"];

const Params = z.object({ model: Sha256 });
const Order = optionalBody(z.object({ by }));

const Learned = z.object({ from: Instant, to: Instant, rows: z.int(), failures: z.int() });
const AboutSchema = z.object({
  simulated: z.boolean().openapi({ description: "Trained on simulated ATMs, not on this log's." }),
  source: z.string(),
  learned: Learned,
  judged: z.record(
    z.string(),
    z.object({
      rows: z.int(),
      base_rate: z.number(),
      pr_auc: z.number().nullable(),
      calibration_error: z.number(),
    }),
  ).openapi({ description: "By what it had not learned from." }),
  verdict: z.string().nullable(),
});

const SummarySchema = z.object({
  sha256: Sha256,
  kind: z.string(),
  trained_at: Instant.openapi({ description: "When the log heard of it." }),
  promoted_at: Instant.nullable(),
  in_force: z.boolean(),
  about: AboutSchema.nullable().openapi({ description: "Null where its card cannot be read." }),
}).openapi("FleetModel");

/** What a summary takes from a card. */
const Card = z.object({
  simulated: z.boolean(),
  source: z.string(),
  data: Learned,
  judged: z.record(
    z.string(),
    z.object({
      rows: z.int(),
      baseRate: z.number(),
      prAuc: z.number().nullable(),
      calibrationError: z.number(),
    }),
  ),
  comparison: z.object({ verdict: z.string() }).nullable(),
});

const list = createRoute({
  method: "get",
  path: "/models",
  operationId: "listModels",
  summary: "Models of the whole fleet, newest first",
  tags: TAGS,
  request: {
    query: z.object({ kind: z.enum(FLEET_MODELS as [string]).default(FAILURE_MODEL) }),
  },
  responses: {
    200: json(z.object({ models: z.array(SummarySchema) }), "Models"),
    ...problems(422, 503),
  },
});

const card = createRoute({
  method: "get",
  path: "/models/{model}",
  operationId: "getModel",
  summary: "A model's card",
  description: "Data range, label, base rate, metrics on rows it had not learned from, " +
    "reliability, importances. The page is `/#/models/<sha256>`.",
  tags: TAGS,
  request: { params: Params },
  responses: { 200: json(ModelSchema, "The model"), ...problems(404, 422, 503) },
});

const file = createRoute({
  method: "get",
  path: "/models/{model}/onnx",
  operationId: "getModelFile",
  summary: "A model as an ONNX file",
  tags: TAGS,
  request: { params: Params },
  responses: { 200: MODEL_FILE, ...problems(404, 422, 503) },
});

const promote = createRoute({
  method: "post",
  path: "/models/{model}/promote",
  operationId: "promoteModel",
  summary: "Put a model in force, whatever is said of it",
  tags: TAGS,
  request: { params: Params, body: Order },
  responses: { 200: json(ModelSchema, "In force now"), ...problems(404, 409, 415, 422, 503) },
});

const rollBack = createRoute({
  method: "post",
  path: "/models/failure/rollback",
  operationId: "rollBackFailureModel",
  summary: "Put the model in force again that was before this one",
  tags: TAGS,
  request: { body: Order },
  responses: { 200: json(ModelSchema, "In force now"), ...problems(409, 415, 422, 503) },
});

const train = createRoute({
  method: "post",
  path: "/models/failure/train",
  operationId: "trainFailureModel",
  summary: "Train a failure model on what the ATMs of this log have reported",
  description: "Takes minutes; one training runs at a time. The last quarter of the time is kept " +
    "aside, and the model in force judged by it as well; the new one takes its place where it " +
    "ranks better (PR-AUC) and is as well calibrated, or where `force` says so.",
  tags: TAGS,
  request: {
    body: optionalBody(z.object({
      from: InstantBody.optional()
        .openapi({ description: `${DAYS_LEARNED_FROM} days before \`to\` by default.` }),
      to: InstantBody.optional().openapi({ description: "Now by default." }),
      trials: z.int().min(0).max(TRIALS_MAX).default(0)
        .openapi({ description: "Parameters to try beside the usual ones." }),
      seed: SeedField,
      force: z.boolean().default(false),
    })),
  },
  responses: { 202: ASKED_FOR, ...problems(400, 415, 422, 503) },
});

export function modelRoutes(
  { sql, publisher, training, now }: Pick<Deps, "sql" | "publisher" | "training" | "now">,
): OpenAPIHono {
  const app = createRouter();

  app.openapi(list, async (c) => {
    const models = await listModels(sql, FAILURE_MODEL_STREAM);
    return c.json({ models: models.map(summaryJson) }, 200);
  });

  app.openapi(train, (c) => {
    const { trials = 0, seed = 1, force = false, ...range } = c.req.valid("json");
    const { from, to } = windowOf(range, now(), DAYS_LEARNED_FROM * DAY_MS);
    if (from >= now()) throw invalid("body", "from", "expected a moment in the past");
    const wanted = { from, to, trials, seed, force, by: OPERATOR };
    return c.json(askFor(c, training, { kind: "failure", ...wanted }), 202);
  });

  app.openapi(rollBack, async (c) => {
    const { by = OPERATOR } = c.req.valid("json");
    const inForce = (await listModels(sql, FAILURE_MODEL_STREAM)).find(({ inForce }) => inForce);
    if (inForce === undefined) {
      throw new ProblemError(409, "no-model-before", "No failure model is in force");
    }
    await obey({ command: "RollBackModel", model: inForce.sha256, by });
    const models = await listModels(sql, FAILURE_MODEL_STREAM);
    const now = models.find(({ inForce }) => inForce) ?? inForce;
    return c.json(modelJson(now), 200);
  });

  app.openapi(card, async (c) => {
    const { model } = c.req.valid("param");
    return c.json(modelJson(await modelOf(model)), 200);
  });

  app.openapi(file, async (c) => {
    const { model } = c.req.valid("param");
    await modelOf(model);
    return await modelFileResponse(sql, model);
  });

  app.openapi(promote, async (c) => {
    const { model } = c.req.valid("param");
    await modelOf(model);
    const { by = OPERATOR } = c.req.valid("json");
    await obey({ command: "PromoteModel", model, by });
    return c.json(modelJson(await modelOf(model)), 200);
  });

  async function obey(body: object): Promise<void> {
    await order(publisher, { kind: MODEL_KIND, id: FAILURE_MODEL, body, now: now() });
  }

  function modelOf(sha256: string): Promise<TrainedModel> {
    return findModel(sql, FAILURE_MODEL_STREAM, sha256, "of the fleet");
  }

  return app;
}

function summaryJson(model: TrainedModel): z.infer<typeof SummarySchema> {
  const { card, ...told } = modelJson(model);
  return { ...told, about: aboutJson(card) };
}

/** A card comes with an order, and anybody may have written that. */
function aboutJson(told: unknown): z.infer<typeof AboutSchema> | null {
  const { data: card } = Card.safeParse(told);
  if (card === undefined) return null;
  const { simulated, source, data, judged, comparison } = card;
  return {
    simulated,
    source,
    learned: data,
    judged: Object.fromEntries(
      Object.entries(judged).map(([split, { rows, baseRate, prAuc, calibrationError }]) => [
        split,
        { rows, base_rate: baseRate, pr_auc: prAuc, calibration_error: calibrationError },
      ]),
    ),
    verdict: comparison?.verdict ?? null,
  };
}
