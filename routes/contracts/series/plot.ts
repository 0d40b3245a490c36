/** What a model looks like over its data: a picture, or the numbers behind it. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { isAnomaly } from "../../../models/three_sigma.ts";
import { type Series, unpackSample } from "../../../models/training_sample.ts";
import { readSample, type SeriesModel } from "../../../projections/series_models.ts";
import type { Deps } from "../../deps.ts";
import { createRouter } from "../../router.ts";
import { IdSchema, json, problems } from "../../schemas.ts";
import type { Drawing } from "./chart.ts";
import type { HeavyWork } from "./heavy_work.ts";
import { modelOf } from "./models.ts";

const FORMATS = { png: "image/png", svg: "image/svg+xml", json: "application/json" } as const;
type Format = keyof typeof FORMATS;

const Plot = z.object({
  series_id: z.string(),
  model_version: z.string(),
  data_points: z.array(z.object({
    timestamp: z.number().openapi({ type: "integer", format: "int64" }),
    value: z.number(),
    is_anomaly: z.boolean(),
    deviation: z.number().openapi({ description: "From the mean, in standard deviations." }),
  })),
  model_stats: z.object({
    mean: z.number(),
    std: z.number(),
    threshold: z.number(),
    sided: z.string(),
    lower_bound: z.number().nullable(),
    upper_bound: z.number(),
    min: z.number(),
    max: z.number(),
    data_digest: z.string(),
  }),
  summary: z.object({
    total_points: z.int(),
    shown_points: z.int().openapi({
      description: "Of more than 2,000 points those that keep the shape, and the anomalies.",
    }),
    anomaly_count: z.int(),
    anomaly_rate: z.number(),
    start: z.number().openapi({ type: "integer", format: "int64" }),
    end: z.number().openapi({ type: "integer", format: "int64" }),
  }),
});

const picture = { schema: z.string().openapi({ format: "binary" }) };

const plot = createRoute({
  method: "get",
  path: "/plot",
  operationId: "plotSeries",
  summary: "A model over the data it was fitted to: PNG, SVG or JSON by `Accept`",
  tags: ["3-sigma series"],
  request: {
    query: z.object({
      series_id: IdSchema,
      version: z.string().optional(),
      format: z.enum(["png", "svg", "json"]).optional()
        .openapi({ description: "Instead of `Accept`." }),
    }),
  },
  responses: {
    200: {
      description: "Data, mean, the band of what is usual, anomalies marked",
      content: {
        "image/png": picture,
        "image/svg+xml": picture,
        ...json(Plot, "").content,
      },
    },
    ...problems(404, 422, 503),
  },
});

export function plotRoutes(
  { series, sql }: Pick<Deps, "series" | "sql">,
  work: HeavyWork,
): OpenAPIHono {
  const app = createRouter();

  app.openapi(plot, async (c) => {
    const { series_id: seriesId, version, format = accepted(c) } = c.req.valid("query");
    await series.models.fresh();
    const model = modelOf(series.models, seriesId, version);
    const sample = await readSample(sql, model);
    if (sample === undefined) throw new Error(`${seriesId} ${model.modelVersion} has no sample`);
    const points = unpackSample(sample);
    const body = format === "json"
      ? JSON.stringify(numbersOf(model, points))
      : await work.draw(drawingOf(model, points), format === "png");
    return new Response(body, {
      headers: {
        "content-type": FORMATS[format],
        "vary": "Accept",
        // A version never changes; which one is the newest does.
        "cache-control": version === undefined ? "no-cache" : "max-age=86400",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
      },
    });
  });

  return app;
}

function accepted(c: Context): Format {
  const type = accepts(c, {
    header: "Accept",
    supports: Object.values(FORMATS),
    default: FORMATS.png,
  });
  return (Object.keys(FORMATS) as Format[]).find((name) => FORMATS[name] === type) ?? "png";
}

/** -Infinity where only what is above the mean counts. */
function bandOf({ mean, sd, threshold, sided }: SeriesModel): { lower: number; upper: number } {
  const width = threshold * sd;
  return { lower: sided === "upper" ? -Infinity : mean - width, upper: mean + width };
}

/** JSON whose int64 keep every digit. */
function numbersOf(model: SeriesModel, { timestamps, values }: Series): unknown {
  const { mean, sd, threshold, sided, min, max, digest, points, anomalies } = model;
  const { lower, upper } = bandOf(model);
  return {
    series_id: model.seriesId,
    model_version: model.modelVersion,
    data_points: Array.from(values, (value, i) => ({
      timestamp: rawJson(String(timestamps[i])),
      value,
      is_anomaly: isAnomaly(model, value),
      deviation: (value - mean) / sd,
    })),
    model_stats: {
      mean,
      std: sd,
      threshold,
      sided,
      lower_bound: Number.isFinite(lower) ? lower : null,
      upper_bound: upper,
      min,
      max,
      data_digest: digest,
    },
    summary: {
      total_points: points,
      shown_points: values.length,
      anomaly_count: anomalies,
      anomaly_rate: anomalies / points,
      start: rawJson(model.from),
      end: rawJson(model.to),
    },
  };
}

/** Newer than TypeScript's description of JSON. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

function drawingOf(model: SeriesModel, { timestamps, values }: Series): Drawing {
  const all = Array.from(values, (value, i) => [Number(timestamps[i]), value] as const);
  const { seriesId, modelVersion, points, anomalies, sd, threshold, sided } = model;
  const shown = values.length === points ? "" : `, ${values.length.toLocaleString("en")} shown`;
  return {
    title: `${seriesId}, model ${modelVersion}`,
    subtitle: `${points.toLocaleString("en")} points${shown}; ${
      anomalies.toLocaleString("en")
    } beyond ${threshold} deviations of ${Number(sd.toPrecision(4))}${
      sided === "upper" ? " above the mean" : ""
    }`,
    points: all,
    anomalies: all.filter(([, value]) => isAnomaly(model, value)),
    unitMs: unitOf(timestamps.at(-1) ?? 0n),
    mean: model.mean,
    ...bandOf(model),
  };
}

/** Seconds, milli-, micro- or nanoseconds since 1970, as far as such a number tells. */
function unitOf(newest: bigint): number | undefined {
  const magnitude = Number(newest);
  if (magnitude < 1e8) return undefined; // Before 1973 in seconds: rather a counter.
  if (magnitude < 1e11) return 1_000;
  if (magnitude < 1e14) return 1;
  if (magnitude < 1e17) return 1e-3;
  return 1e-6;
}
