/** How often what was foretold came true, and what that was worth. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { DAY_MS, formatInstant } from "../events/instant.ts";
import { KINDS } from "../events/vocabulary.ts";
import { type DayCounts, readDayCounts } from "../projections/scoreboard.ts";
import { emptyCounts, type Worth, worthOf } from "../projections/scoreboard_counts.ts";
import type { Deps } from "./deps.ts";
import { Probability } from "./prediction_json.ts";
import { createRouter } from "./router.ts";
import { Instant, json, KindSchema, problems } from "./schemas.ts";
import { windowOf, WindowQuery } from "./window.ts";

const BY_DEFAULT_MS = 30 * DAY_MS;
const YEARS_MAX_MS = 3_660 * DAY_MS;

const Share = Probability.nullable();
const Hours = z.number().nullable();

const WorthJson = z.object({
  predictions: z.int(),
  hits: z.int(),
  false_alarms: z.int(),
  misses: z.int().openapi({ description: "Failures that nobody was warned of." }),
  serviced: z.int().openapi({
    description: "Serviced before it could fail: neither right nor wrong.",
  }),
  undecided: z.int(),
  failures: z.int().openapi({ description: "Foretold or not." }),
  precision: Share.openapi({ description: "Hits among hits and false alarms." }),
  recall: Share.openapi({ description: "Failures that were foretold, among all." }),
  lead_time_hours: z.object({ median: Hours, p10: Hours, p90: Hours })
    .openapi({ description: "From prediction to failure, within five per cent." }),
  alarms_per_device_week: z.number().nullable().openapi({
    description: "Predictions for each week in which a device, or a part of one, was scored.",
  }),
  scores: z.int(),
  decided_scores: z.int().openapi({ description: "Of which it is known what came of them." }),
  brier: z.number().nullable(),
  calibration_error: z.number().nullable().openapi({ description: "Expected, over these bins." }),
  calibration: z.array(z.object({
    from: z.number(),
    to: z.number(),
    mean_probability: Share,
    share_failed: Share,
    count: z.int(),
  })),
}).openapi("Worth");

const scoreboard = createRoute({
  method: "get",
  path: "/predictions/scoreboard",
  operationId: "getScoreboard",
  summary: "How often what was foretold came true, in all, by model and over time",
  description: "Counted by whole days, UTC: of a prediction the day it was made, of a failure " +
    "that was not foretold the day it began, of a score its own.",
  tags: ["Predictions"],
  request: {
    query: z.object({
      kind: KindSchema.optional(),
      model: z.string().min(1).max(200).optional(),
      ...WindowQuery("30 days"),
      step: z.enum(["day", "week"]).default("day"),
    }),
  },
  responses: {
    200: json(
      z.object({
        from: Instant,
        to: Instant,
        totals: WorthJson,
        by_model: z.array(WorthJson.extend({ kind: z.string(), model: z.string().nullable() }))
          .openapi({ description: "Null is of failures before which nothing was scored." }),
        over_time: z.array(WorthJson.omit({ calibration: true }).extend({ from: Instant })),
      }),
      "The scoreboard",
    ),
    ...problems(422, 503),
  },
});

export function scoreboardRoutes({ sql, now }: Pick<Deps, "sql" | "now">): OpenAPIHono {
  const app = createRouter();

  app.openapi(scoreboard, async (c) => {
    const { kind, model, step, ...query } = c.req.valid("query");
    const window = windowOf(query, now(), BY_DEFAULT_MS);
    const to = Math.ceil(window.to / DAY_MS);
    const from = Math.max(Math.floor(window.from / DAY_MS), to - YEARS_MAX_MS / DAY_MS);
    const counted = await readDayCounts(sql, KINDS, { kind, model, from, to });
    const steps = groupedBy(counted, ({ day }) => startOf(day, step));
    const models = groupedBy(counted, ({ kind, model }) => `${kind} ${model}`);
    return c.json({
      from: formatInstant(from * DAY_MS),
      to: formatInstant(to * DAY_MS),
      totals: worthJson(worthOf(sumOf(counted))),
      by_model: [...models.values()].map((days) => ({
        kind: days[0]?.kind ?? "",
        model: days[0]?.model || null,
        ...worthJson(worthOf(sumOf(days))),
      })),
      over_time: [...steps].map(([start, days]) => {
        const { calibration: _, ...worth } = worthJson(worthOf(sumOf(days)));
        return { from: formatInstant(start * DAY_MS), ...worth };
      }),
    }, 200);
  });

  return app;
}

/** The first day of its week, a Monday; or the day itself. Days since 1970, a Thursday. */
function startOf(day: number, step: "day" | "week"): number {
  return step === "day" ? day : day - (day + 3) % 7;
}

function groupedBy<Key>(
  days: readonly DayCounts[],
  keyOf: (day: DayCounts) => Key,
): Map<Key, DayCounts[]> {
  return Map.groupBy(days, keyOf);
}

function sumOf(days: readonly DayCounts[]): number[] {
  const sum = emptyCounts();
  for (const { counts } of days) {
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (counts[i] as number);
  }
  return sum;
}

function worthJson(worth: Worth): z.infer<typeof WorthJson> {
  return {
    predictions: worth.predictions,
    hits: worth.hits,
    false_alarms: worth.falseAlarms,
    misses: worth.misses,
    serviced: worth.serviced,
    undecided: worth.undecided,
    failures: worth.failures,
    precision: worth.precision,
    recall: worth.recall,
    lead_time_hours: worth.leadTimeHours,
    alarms_per_device_week: worth.alarmsPerDeviceWeek,
    scores: worth.scores,
    decided_scores: worth.decidedScores,
    brier: worth.brier,
    calibration_error: worth.calibrationError,
    calibration: worth.calibration.map(({ from, to, count, meanProbability, shareFailed }) => ({
      from,
      to,
      mean_probability: meanProbability,
      share_failed: shareFailed,
      count,
    })),
  };
}
