/** Is this value an anomaly? Answered from memory, by the model that is asked or the newest. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { parseLossless } from "../../../events/json.ts";
import { isAnomaly, scoreOf } from "../../../models/three_sigma.ts";
import { JSON_TYPES, mediaType, readBody, textOf } from "../../body.ts";
import type { Deps } from "../../deps.ts";
import { createRouter } from "../../router.ts";
import { IdSchema, json, problems } from "../../schemas.ts";
import { readObject, wrong } from "./fit_body.ts";
import { toInt64 } from "./int64.ts";
import { modelOf } from "./models.ts";
import { readSmallBody } from "./small_body.ts";

const BODY_BYTES_MAX = 64 * 1024;

const predict = createRoute({
  method: "post",
  path: "/predict/{series_id}",
  operationId: "predictSeries",
  summary: "Whether a value is an anomaly of its series",
  tags: ["3-sigma series"],
  requestBody: {
    required: true,
    content: {
      "application/json": {
        schema: {
          type: "object",
          required: ["timestamp", "value"],
          properties: {
            timestamp: { type: ["string", "integer"], description: "Unix time, 64 bits." },
            value: { type: "number" },
          },
        },
        example: { timestamp: "1609459500", value: 21.5 },
      },
    },
  },
  request: {
    params: z.object({ series_id: IdSchema }),
    query: z.object({
      version: z.string().optional().openapi({ description: "The newest where none is named." }),
    }),
  },
  responses: {
    200: json(
      z.object({
        anomaly: z.boolean(),
        model_version: z.string(),
        timestamp: z.string(),
        score: z.number().openapi({ description: "Standard deviations off the mean." }),
      }),
      "Said by the model named",
    ),
    ...problems(400, 404, 413, 415, 422, 503),
  },
});

export function predictRoutes({ series, now }: Pick<Deps, "series" | "now">): OpenAPIHono {
  const app = createRouter();
  const { models, usage } = series;

  // Described here, but not validated by the router: this is asked tens of thousands of times a
  // second, and everything there is to check is checked below.
  app.openAPIRegistry.registerPath(predict);
  app.post("/predict/:series_id", async (c) => {
    const startedAt = performance.now();
    mediaType(c, JSON_TYPES);
    const text = await readSmallBody(c, BODY_BYTES_MAX) ??
      textOf(await readBody(c, BODY_BYTES_MAX));
    const { value, timestamp } = questionOf(text);
    const looking = models.fresh();
    if (looking !== undefined) await looking;
    const model = modelOf(models, c.req.param("series_id"), c.req.query("version"));
    const anomaly = isAnomaly(model, value);
    usage.predicted(model, anomaly, now(), (performance.now() - startedAt) / 1000);
    return c.json({
      anomaly,
      model_version: model.modelVersion,
      timestamp,
      score: scoreOf(model, value),
    });
  });

  return app;
}

function questionOf(text: string): { value: number; timestamp: string } {
  const { value, timestamp } = readObject(text);
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw wrong("not-a-number", `"value" is ${JSON.stringify(value)}: expected a finite number`);
  }
  if (Number.isSafeInteger(timestamp)) return { value, timestamp: String(timestamp) };
  const exact = typeof timestamp === "number"
    ? (parseLossless(text) as { timestamp: unknown }).timestamp
    : timestamp;
  const moment = toInt64(exact);
  if (moment !== undefined) return { value, timestamp: String(moment) };
  throw wrong(
    "bad-timestamp",
    `"timestamp" is ${JSON.stringify(timestamp)}: expected Unix time, a whole number of 64 bits`,
  );
}
