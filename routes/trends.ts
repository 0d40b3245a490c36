/** What one metric of one device did, per minute, hour or day. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { formatInstant } from "../events/instant.ts";
import { listMetrics, readTrend, type Resolution } from "../projections/trends.ts";
import type { Deps } from "./deps.ts";
import { invalid } from "./problem.ts";
import { requireDevice } from "./require_device.ts";
import { createRouter } from "./router.ts";
import { addressOf, DeviceParams, Instant, json, LimitQuery, problems } from "./schemas.ts";
import { windowOf, WindowQuery } from "./window.ts";

const RESOLUTIONS = { minute: 60, hour: 3_600, day: 86_400 } as const;

/** What `resolution` may be, both as a word and as the bucket's width. */
const SPELLINGS: Readonly<Record<string, keyof typeof RESOLUTIONS>> = {
  minute: "minute",
  "1m": "minute",
  hour: "hour",
  "1h": "hour",
  day: "day",
  "1d": "day",
};

const BUCKETS_BY_DEFAULT = 120;

const trend = createRoute({
  method: "get",
  path: "/devices/{kind}/{id}/trends",
  operationId: "getDeviceTrend",
  summary: "One metric over time: count, mean, min, max and last per bucket",
  tags: ["Devices"],
  request: {
    params: DeviceParams,
    query: z.object({
      metric: z.string().min(1).max(200).openapi({ example: "cash_level_percent" }),
      resolution: z.enum(["minute", "hour", "day", "1m", "1h", "1d"]).default("hour"),
      ...WindowQuery(`${BUCKETS_BY_DEFAULT} buckets`),
      limit: LimitQuery(1_000, 10_000)
        .openapi({ description: "The newest points are kept where there are more." }),
    }),
  },
  responses: {
    200: json(
      z.object({
        kind: z.string(),
        id: z.string(),
        metric: z.string(),
        resolution: z.enum(["minute", "hour", "day"]),
        from: Instant,
        to: Instant,
        points: z.array(z.object({
          at: Instant.openapi({ description: "Start of the bucket." }),
          count: z.int(),
          mean: z.number(),
          min: z.number(),
          max: z.number(),
          last: z.number(),
        })),
      }),
      "Points in order of time; a bucket without readings is absent",
    ),
    ...problems(404, 422, 503),
  },
});

const metrics = createRoute({
  method: "get",
  path: "/devices/{kind}/{id}/metrics",
  operationId: "listDeviceMetrics",
  summary: "The metrics a device ever reported",
  tags: ["Devices"],
  request: { params: DeviceParams },
  responses: {
    200: json(z.object({ metrics: z.array(z.string()) }), "Names, in order"),
    ...problems(404, 422, 503),
  },
});

export function trendRoutes(
  { sql, now, trendMinutesDays }: Pick<Deps, "sql" | "now" | "trendMinutesDays">,
): OpenAPIHono {
  const app = createRouter();

  app.openapi(trend, async (c) => {
    const { kind, id } = addressOf(c.req.valid("param"));
    const query = c.req.valid("query");
    const resolution = SPELLINGS[query.resolution] ?? "hour";
    const seconds: Resolution = RESOLUTIONS[resolution];
    const window = windowOf(query, now(), BUCKETS_BY_DEFAULT * seconds * 1000);
    // The bucket that `from` falls into belongs to the answer.
    const from = Math.floor(window.from / (seconds * 1000)) * seconds * 1000;
    const points = await readTrend(sql, {
      kind,
      id,
      metric: query.metric,
      resolution: seconds,
      from,
      to: window.to,
      limit: query.limit,
      minutesDays: trendMinutesDays,
    });
    if (points.length === 0) await requireMetric(kind, id, query.metric);
    return c.json({
      kind,
      id,
      metric: query.metric,
      resolution,
      from: formatInstant(from),
      to: formatInstant(window.to),
      points: points.map((point) => ({ ...point, at: formatInstant(point.at) })),
    }, 200);
  });

  /** Tells a metric without readings in this window from one that does not exist. */
  async function requireMetric(kind: string, id: string, metric: string): Promise<void> {
    const known = await knownMetrics(kind, id);
    if (known.includes(metric)) return;
    throw invalid(
      "query",
      "metric",
      known.length === 0
        ? `${kind} "${id}" has not reported any metric`
        : `${kind} "${id}" has never reported "${metric}"; it reports ${known.join(", ")}`,
    );
  }

  app.openapi(metrics, async (c) => {
    const { kind, id } = addressOf(c.req.valid("param"));
    return c.json({ metrics: await knownMetrics(kind, id) }, 200);
  });

  async function knownMetrics(kind: string, id: string): Promise<string[]> {
    const known = await listMetrics(sql, kind, id);
    if (known.length === 0) await requireDevice(sql, kind, id);
    return known;
  }

  return app;
}
