/** A history becomes a model: an order to the series' actor, answered after the commit. */
import type { Context } from "hono";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { fitKey, type FitSeriesModel, SIDES } from "../../../events/series.ts";
import { formatInstant } from "../../../events/instant.ts";
import type { SeriesModel } from "../../../projections/series_models.ts";
import { JSON_TYPES, mediaType, readBody, textOf } from "../../body.ts";
import type { Deps } from "../../deps.ts";
import { order } from "../../orders.ts";
import { createRouter } from "../../router.ts";
import { IdSchema, Instant, json, problems } from "../../schemas.ts";
import { readFit } from "./fit_body.ts";
import { checkSeriesId } from "./models.ts";
import type { HeavyWork } from "./heavy_work.ts";
import { readSmallBody } from "./small_body.ts";

/** About three million points. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;
/** A larger one is read on a thread of its own: predictions must not wait for it. */
const HEAVY_BYTES = 512 * 1024;

const fit = createRoute({
  method: "post",
  path: "/fit/{series_id}",
  operationId: "fitSeries",
  summary: "Fit a 3-sigma model to a series' history",
  description: "The same data with the same options is the model there is. Up to 64 MiB.",
  tags: ["3-sigma series"],
  requestBody: {
    required: true,
    content: {
      "application/json": {
        schema: {
          type: "object",
          required: ["timestamps", "values"],
          properties: {
            timestamps: {
              type: "array",
              minItems: 2,
              items: { type: "integer", format: "int64" },
              description: "Unix time, strictly increasing.",
            },
            values: { type: "array", minItems: 2, items: { type: "number" } },
            threshold: { type: "number", exclusiveMinimum: 0, default: 3 },
            sided: { type: "string", enum: [...SIDES], default: "both" },
          },
        },
        example: { timestamps: [1609459200, 1609459260, 1609459320], values: [20.1, 20.3, 19.9] },
      },
    },
  },
  request: { params: z.object({ series_id: IdSchema }) },
  responses: {
    200: json(
      z.object({
        series_id: z.string(),
        version: z.string(),
        model_version: z.string().openapi({ description: "The same as `version`." }),
        points_used: z.int(),
        timestamp: Instant.openapi({ description: "When it was fitted." }),
      }),
      "In the log, and used by the next prediction anywhere",
    ),
    ...problems(400, 409, 413, 415, 422, 503),
  },
});

export function fitRoutes(
  { series, publisher, now }: Pick<Deps, "series" | "publisher" | "now">,
  work: HeavyWork,
): OpenAPIHono {
  const app = createRouter();
  const { models, usage } = series;

  app.openapi(fit, async (c) => {
    const startedAt = performance.now();
    const { series_id: seriesId } = c.req.valid("param");
    mediaType(c, JSON_TYPES);
    const asked = await readAsked(c);
    const model = await known(seriesId, asked) ?? await make(seriesId, asked);
    usage.trained((performance.now() - startedAt) / 1000);
    return c.json({
      series_id: seriesId,
      version: model.modelVersion,
      model_version: model.modelVersion,
      points_used: model.points,
      timestamp: formatInstant(model.fittedAt),
    }, 200);
  });

  async function readAsked(c: Context): Promise<FitSeriesModel> {
    const text = await readSmallBody(c, HEAVY_BYTES);
    if (text !== undefined) return readFit(text);
    const body = await readBody(c, BODY_BYTES_MAX);
    return body.length > HEAVY_BYTES ? await work.readFit(body) : readFit(textOf(body));
  }

  async function known(seriesId: string, asked: FitSeriesModel): Promise<SeriesModel | undefined> {
    checkSeriesId(seriesId);
    await models.fresh();
    return models.findSame(seriesId, fitKey(asked));
  }

  async function make(seriesId: string, asked: FitSeriesModel): Promise<SeriesModel> {
    await order(publisher, {
      kind: "sensor",
      id: seriesId,
      body: { command: "FitSeriesModel", ...asked },
      now: now(),
    });
    const made = await known(seriesId, asked);
    if (made === undefined) throw new Error(`The log has no trace of a fit of "${seriesId}"`);
    return made;
  }

  return app;
}
