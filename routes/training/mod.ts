/** Models trained of a series: asking for one, watching it being trained, and what came of it. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { formatInstant } from "../../events/instant.ts";
import { readReadings } from "../../events/log/readings.ts";
import { streamOf } from "../../events/vocabulary.ts";
import { EPOCHS_LIMIT, EPOCHS_MAX } from "../../models/lstm/limits.ts";
import type { FailureCard } from "../../models/failure/card.ts";
import type { LstmCard } from "../../models/lstm/card.ts";
import { listModels, type TrainedModel } from "../../projections/models.ts";
import type { Deps } from "../deps.ts";
import { order } from "../orders.ts";
import { ProblemError, unavailable, unknownDevice } from "../problem.ts";
import { createRouter } from "../router.ts";
import {
  Fields,
  IdSchema,
  Instant,
  instantOrNull,
  InstantQuery,
  json,
  problems,
} from "../schemas.ts";
import type { TrainingJob, TrainingJobs, TrainingOrder } from "./jobs.ts";
import { MODEL_FILE_HEADERS, modelFile } from "./model_file.ts";

const TAGS = ["Models"];
const SEED_MAX = 2 ** 31 - 1;

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256 in lower-case hex");
const SeriesParams = z.object({ id: IdSchema });
const ModelParams = SeriesParams.extend({ model: Sha256 });

const LstmProgress = z.object({
  epoch: z.int(),
  epochs_max: z.int(),
  share_of_epoch: z.number(),
  loss: z.number(),
});
/** Of `doing`; what is read is ATMs. */
const FailureProgressSchema = z.object({
  doing: z.enum(["reading", "searching", "calibrating", "growing"]),
  done: z.int(),
  of: z.int(),
});

export const TrainingSchema = z.object({
  id: z.uuid(),
  kind: z.enum(["lstm", "failure"]),
  series: z.string().nullable().openapi({ description: "Null where it is of the whole fleet." }),
  state: z.enum(["waiting", "running", "done", "failed"]),
  asked_at: Instant,
  ended_at: Instant.nullable(),
  progress: z.union([LstmProgress, FailureProgressSchema]).nullable(),
  model: z.object({ sha256: Sha256, promoted: z.boolean(), verdict: z.string() }).nullable(),
  problem: z.string().nullable(),
}).openapi("Training");

export const ModelSchema = z.object({
  sha256: Sha256,
  kind: z.string(),
  trained_at: Instant,
  promoted_at: Instant.nullable(),
  in_force: z.boolean(),
  card: Fields.openapi({ description: "Training range, parameters, loss curve, hold-out errors." }),
}).openapi("TrainedModel");

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
    body: {
      required: false,
      content: {
        "application/json": {
          schema: z.object({
            seed: z.int().min(0).max(SEED_MAX).default(1),
            epochs: z.int().min(1).max(EPOCHS_LIMIT).default(EPOCHS_MAX)
              .openapi({ description: "At most; it stops where it gets no better." }),
            force: z.boolean().default(false),
          }),
        },
      },
    },
  },
  responses: {
    202: json(TrainingSchema, "Asked for; `Location` tells how far it is"),
    ...problems(400, 404, 415, 422, 503),
  },
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
  responses: {
    200: {
      description: "The file, whose SHA-256 is the model's name",
      content: {
        "application/octet-stream": { schema: { type: "string" as const, format: "binary" } },
      },
    },
    ...problems(404, 422, 503),
  },
});

const promote = createRoute({
  method: "post",
  path: "/series/{id}/models/{model}/promote",
  operationId: "promoteSeriesModel",
  summary: "Put a model in force, whatever is said of it",
  tags: TAGS,
  request: {
    params: ModelParams,
    body: {
      required: false,
      content: {
        "application/json": {
          schema: z.object({ by: z.string().min(1).max(100).default("operator") }),
        },
      },
    },
  },
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
    const { seed = 1, epochs = EPOCHS_MAX, force = false } = c.req.valid("json") ?? {};
    const wanted = { series: id, seed, epochsMax: epochs, force, by: "operator" };
    const asked = askFor(training, { kind: "lstm", ...wanted });
    c.header("Location", `/api/v1/trainings/${asked.id}`);
    return c.json(asked, 202);
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
    return c.json(modelJson(await findModel(id, model)), 200);
  });

  app.openapi(file, async (c) => {
    const { id, model } = c.req.valid("param");
    await findModel(id, model);
    return c.body(await modelFile(sql, model), 200, MODEL_FILE_HEADERS);
  });

  app.openapi(promote, async (c) => {
    const { id, model } = c.req.valid("param");
    await findModel(id, model);
    const { by = "operator" } = c.req.valid("json") ?? {};
    const body = { command: "PromoteModel", model, by };
    await order(publisher, { kind: "sensor", id, body, now: now() });
    return c.json(modelJson(await findModel(id, model)), 200);
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

  async function findModel(id: string, sha256: string): Promise<TrainedModel> {
    const found = (await listModels(sql, streamOf("sensor", id)))
      .find((model) => model.sha256 === sha256);
    if (found !== undefined) return found;
    throw new ProblemError(
      404,
      "model-unknown",
      `No model ${sha256} was trained of series "${id}"`,
    );
  }

  return app;
}

/** Throws ProblemError where too many wait. */
export function askFor(
  training: TrainingJobs,
  wanted: TrainingOrder,
): z.infer<typeof TrainingSchema> {
  const asked = training.ask(wanted);
  if (asked !== undefined) return trainingJson(asked);
  throw unavailable("trainings-waiting", "Too many trainings are waiting; try again later");
}

function trainingJson(
  { id, order, state, askedAt, endedAt, progress, model, problem }: TrainingJob,
): z.infer<typeof TrainingSchema> {
  return {
    id,
    kind: order.kind,
    series: order.kind === "lstm" ? order.series : null,
    state,
    asked_at: formatInstant(askedAt),
    ended_at: instantOrNull(endedAt),
    progress: progress && progressJson(progress),
    model: model && {
      sha256: model.sha256,
      promoted: model.promote,
      verdict: verdictOf(model.card),
    },
    problem,
  };
}

function progressJson(
  progress: NonNullable<TrainingJob["progress"]>,
): NonNullable<z.infer<typeof TrainingSchema>["progress"]> {
  if ("doing" in progress) return progress;
  const { epoch, epochsMax, share, loss } = progress;
  return { epoch, epochs_max: epochsMax, share_of_epoch: share, loss };
}

function verdictOf(card: LstmCard | FailureCard): string {
  return card.kind === "lstm" ? card.verdict : card.comparison?.verdict ?? "";
}

export function modelJson(
  { sha256, kind, trainedAt, promotedAt, inForce, card }: TrainedModel,
): z.infer<typeof ModelSchema> {
  return {
    sha256,
    kind,
    trained_at: formatInstant(trainedAt),
    promoted_at: instantOrNull(promotedAt),
    in_force: inForce,
    card,
  };
}
