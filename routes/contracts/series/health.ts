/** How the 3-sigma service is doing: what it has, how fast it is, how much it is asked. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { formatInstant } from "../../../events/instant.ts";
import {
  HOUR_MS,
  HOURS_KEPT,
  predictionsEver,
  usageByHour,
  usageByModel,
} from "../../../projections/series_usage.ts";
import type { SeriesModels } from "../../../projections/series_models.ts";
import type { Deps } from "../../deps.ts";
import { createRouter } from "../../router.ts";
import { Instant, json, LimitQuery, problems } from "../../schemas.ts";

const Latency = z.object({
  avg: z.number().nullable(),
  p95: z.number().nullable(),
  count: z.int(),
}).openapi({ description: "Of this process since its start; null before the first." });

const healthcheck = createRoute({
  method: "get",
  path: "/healthcheck",
  operationId: "getSeriesHealth",
  summary: "Series trained, and how long predictions and fits take",
  tags: ["3-sigma series"],
  responses: {
    200: json(
      z.object({
        status: z.literal("ok"),
        series_trained: z.int(),
        models_trained: z.int(),
        inference_latency_ms: Latency,
        training_latency_ms: Latency,
      }),
      "In milliseconds",
    ),
    ...problems(503),
  },
});

const list = createRoute({
  method: "get",
  path: "/models",
  operationId: "listFittedModels",
  summary: "Every series with its models, oldest version first",
  tags: ["3-sigma series"],
  responses: {
    200: json(
      z.object({
        models: z.array(z.object({ series_id: z.string(), versions: z.array(z.string()) })),
        total_series: z.int(),
        total_models: z.int(),
      }),
      "By series",
    ),
    ...problems(503),
  },
});

const throughput = createRoute({
  method: "get",
  path: "/metrics/throughput",
  operationId: "getSeriesThroughput",
  summary: "Predictions hour by hour",
  tags: ["3-sigma series"],
  request: { query: z.object({ hours: LimitQuery(24, HOURS_KEPT) }) },
  responses: {
    200: json(
      z.object({
        hours: z.int(),
        total_predictions: z.int(),
        predictions_per_hour: z.number(),
        throughput: z.array(
          z.object({ hour: Instant, predictions: z.int(), anomalies: z.int() }),
        ).openapi({ description: "Hours with predictions; the last is the current one." }),
      }),
      "The hours asked for, the current one included; across restarts",
    ),
    ...problems(422, 503),
  },
});

const modelUsage = createRoute({
  method: "get",
  path: "/metrics/model-usage",
  operationId: "getSeriesModelUsage",
  summary: "The models that are asked most",
  tags: ["3-sigma series"],
  request: { query: z.object({ limit: LimitQuery(100, 1_000) }) },
  responses: {
    200: json(
      z.object({
        total_predictions: z.int(),
        model_usage: z.array(z.object({
          series_id: z.string(),
          model_version: z.string(),
          predictions: z.int(),
          anomalies: z.int(),
          last_used: Instant,
        })),
      }),
      "Most asked first",
    ),
    ...problems(422, 503),
  },
});

export function seriesHealthRoutes(
  { series, sql, now }: Pick<Deps, "series" | "sql" | "now">,
): OpenAPIHono {
  const app = createRouter();
  const { models, usage } = series;

  app.openapi(healthcheck, async (c) => {
    await models.fresh();
    return c.json({
      status: "ok" as const,
      series_trained: models.all().size,
      models_trained: countModels(models),
      inference_latency_ms: await usage.inference(),
      training_latency_ms: await usage.training(),
    }, 200);
  });

  app.openapi(list, async (c) => {
    await models.fresh();
    return c.json({
      models: [...models.all()]
        .map(([series_id, all]) => ({
          series_id,
          versions: all.map(({ modelVersion }) => modelVersion),
        }))
        .sort((a, b) => a.series_id < b.series_id ? -1 : 1),
      total_series: models.all().size,
      total_models: countModels(models),
    }, 200);
  });

  app.openapi(throughput, async (c) => {
    const { hours } = c.req.valid("query");
    await usage.flush();
    const thisHour = now() - now() % HOUR_MS;
    const used = await usageByHour(sql, thisHour - (hours - 1) * HOUR_MS);
    const total = used.reduce((sum, { predictions }) => sum + predictions, 0);
    return c.json({
      hours,
      total_predictions: total,
      predictions_per_hour: total / hours,
      throughput: used.map(({ hour, ...counts }) => ({ hour: formatInstant(hour), ...counts })),
    }, 200);
  });

  app.openapi(modelUsage, async (c) => {
    const { limit } = c.req.valid("query");
    await usage.flush();
    const [total, used] = await Promise.all([predictionsEver(sql), usageByModel(sql, limit)]);
    return c.json({
      total_predictions: total,
      model_usage: used.map(({ seriesId, modelVersion, predictions, anomalies, lastUsedAt }) => ({
        series_id: seriesId,
        model_version: modelVersion,
        predictions,
        anomalies,
        last_used: formatInstant(lastUsedAt),
      })),
    }, 200);
  });

  return app;
}

function countModels(models: SeriesModels): number {
  return models.all().values().reduce((sum, { length }) => sum + length, 0);
}
