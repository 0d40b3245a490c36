/** Models trained of a series: asking for one, watching it being trained, and what came of it. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { by, OPERATOR } from "../../events/by.ts";
import { formatInstant } from "../../events/instant.ts";
import { readReadings } from "../../events/log/readings.ts";
import { streamOf } from "../../events/vocabulary.ts";
import { EPOCHS_LIMIT, EPOCHS_MAX } from "../../models/lstm/limits.ts";
import { listModels, type TrainedModel } from "../../projections/models.ts";
import type { Deps } from "../deps.ts";
import { order } from "../orders.ts";
import { ProblemError, unknownDevice } from "../problem.ts";
import { createRouter } from "../router.ts";
import { IdSchema, Instant, InstantQuery, json, optionalBody, problems } from "../schemas.ts";
import {
  findModel,
  MODEL_FILE,
  modelFileResponse,
  modelJson,
  ModelSchema,
  Sha256,
} from "../trained_model.ts";
import { ASKED_FOR, askFor, SeedField, trainingJson, TrainingSchema } from "./training_json.ts";

const TAGS = ["Models"];

const SeriesParams = z.object({ id: IdSchema });
const ModelParams = SeriesParams.extend({ model: Sha256 });

const train = createRoute({
  method: "post",
  path: "/series/{id}/train",
  operationId: "trainSeries",
  summary: "Train a forecaster (LSTM) on what this sensor has reported",
  description: "Takes minutes; one training runs at a time. The model is put in force where it " +
    "beats the naive forecasts on readings it has not seen, or where `force` says so.",
  tags: TAGS,
  request: {
    params: SeriesParams,
    body: optionalBody(z.object({
      seed: SeedField,
      epochs: z.int().min(1).max(EPOCHS_LIMIT).default(EPOCHS_MAX)
        .openapi({ description: "At most; it stops where it gets no better." }),
      force: z.boolean().default(false),
    })),
  },
  responses: { 202: ASKED_FOR, ...problems(400, 404, 415, 422, 503) },
});

const job = createRoute({
  method: "get",
  path: "/trainings/{training}",
  operationId: "getTraining",
  summary: "How far a training is, and what came of it",
  tags: TAGS,
  request: { params: z.object({ training: z.uuid() }) },
  responses: { 200: json(TrainingSchema, "The training"), ...problems(404, 422) },
});

const jobs = createRoute({
  method: "get",
  path: "/trainings",
  operationId: "listTrainings",
  summary: "Trainings asked of this process, newest first",
  tags: TAGS,
  responses: { 200: json(z.object({ trainings: z.array(TrainingSchema) }), "Trainings") },
});

const models = createRoute({
  method: "get",
  path: "/series/{id}/models",
  operationId: "listSeriesModels",
  summary: "Models trained of a series, newest first",
  tags: TAGS,
  request: { params: SeriesParams },
  responses: {
    200: json(z.object({ models: z.array(ModelSchema) }), "Models"),
    ...problems(404, 422, 503),
  },
});

const card = createRoute({
  method: "get",
  path: "/series/{id}/models/{model}",
  operationId: "getSeriesModel",
  summary: "A model's card",
  tags: TAGS,
  request: { params: ModelParams },
  responses: { 200: json(ModelSchema, "The model"), ...problems(404, 422, 503) },
});

const file = createRoute({
  method: "get",
  path: "/series/{id}/models/{model}/onnx",
  operationId: "getSeriesModelFile",
  summary: "A model as an ONNX file",
  tags: TAGS,
  request: { params: ModelParams },
  responses: { 200: MODEL_FILE, ...problems(404, 422, 503) },
});

const promote = createRoute({
  method: "post",
  path: "/series/{id}/models/{model}/promote",
  operationId: "promoteSeriesModel",
  summary: "Put a model in force, whatever is said of it",
  tags: TAGS,
  request: { params: ModelParams, body: optionalBody(z.object({ by })) },
  responses: { 200: json(ModelSchema, "In force now"), ...problems(404, 409, 422, 503) },
});

const forecast = createRoute({
  method: "get",
  path: "/series/{id}/forecast",
  operationId: "getSeriesForecast",
  summary: "What the next reading of a series should be, by the model in force",
  tags: TAGS,
  request: {
    params: SeriesParams,
    query: z.object({
      at: InstantQuery.optional().openapi({ description: "When it will come; now by default." }),
    }),
  },
  responses: {
    200: json(
      z.object({
        series: z.string(),
        at: Instant,
        expected: z.number(),
        lower: z.number(),
        upper: z.number(),
        model: Sha256,
      }),
      "Of 100 readings 99 should lie between `lower` and `upper`",
    ),
    ...problems(404, 422, 503),
  },
});

export function trainingRoutes(
  { sql, publisher, training, foretell, now }: Pick<
    Deps,
    "sql" | "publisher" | "training" | "foretell" | "now"
  >,
): OpenAPIHono {
  const app = createRouter();

  app.openapi(train, async (c) => {
    const { id } = c.req.valid("param");
    await requireSensor(id);
    const { seed = 1, epochs = EPOCHS_MAX, force = false } = c.req.valid("json");
    const wanted = { series: id, seed, epochsMax: epochs, force, by: OPERATOR };
    return c.json(askFor(c, training, { kind: "lstm", ...wanted }), 202);
  });

  app.openapi(job, (c) => {
    const { training: id } = c.req.valid("param");
    const found = training.find(id);
    if (found === undefined) {
      throw new ProblemError(404, "training-unknown", `This process knows no training "${id}"`);
    }
    return c.json(trainingJson(found), 200);
  });

  app.openapi(jobs, (c) => c.json({ trainings: training.list().map(trainingJson) }, 200));

  app.openapi(models, async (c) => {
    const { id } = c.req.valid("param");
    const found = await listModels(sql, streamOf("sensor", id));
    if (found.length === 0) await requireSensor(id);
    return c.json({ models: found.map(modelJson) }, 200);
  });

  app.openapi(card, async (c) => {
    const { id, model } = c.req.valid("param");
    return c.json(modelJson(await modelOf(id, model)), 200);
  });

  app.openapi(file, async (c) => {
    const { id, model } = c.req.valid("param");
    await modelOf(id, model);
    return await modelFileResponse(sql, model);
  });

  app.openapi(promote, async (c) => {
    const { id, model } = c.req.valid("param");
    await modelOf(id, model);
    const { by = OPERATOR } = c.req.valid("json");
    const body = { command: "PromoteModel", model, by };
    await order(publisher, { kind: "sensor", id, body, now: now() });
    return c.json(modelJson(await modelOf(id, model)), 200);
  });

  app.openapi(forecast, async (c) => {
    const { id } = c.req.valid("param");
    const { at = now() } = c.req.valid("query");
    const foretold = foretell(streamOf("sensor", id), at);
    if (foretold === undefined) {
      await requireSensor(id);
      throw new ProblemError(
        404,
        "nothing-foretold",
        `Nothing is foretold of series "${id}" for ${
          formatInstant(at)
        }: it has no model in force, too few readings in a row, or the moment is too far from its last`,
      );
    }
    const { expected, error, model } = foretold;
    return c.json({
      series: id,
      at: formatInstant(at),
      expected,
      lower: expected - error,
      upper: expected + error,
      model,
    }, 200);
  });

  /** Asks the log, which has a reading as soon as whoever sent it was answered. */
  async function requireSensor(id: string): Promise<void> {
    if ((await readReadings(sql, id, 1)).length === 0) throw unknownDevice("sensor", id);
  }

  function modelOf(id: string, sha256: string): Promise<TrainedModel> {
    return findModel(sql, streamOf("sensor", id), sha256, `of series "${id}"`);
  }

  return app;
}
