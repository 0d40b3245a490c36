/** For any store and stretch of time: how long it was up, and everything that rests on. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { formatInstant } from "../events/instant.ts";
import { type Evidence, evidenceOf } from "../reports/evidence.ts";
import { businessMs } from "../reports/files.ts";
import { durationMs } from "../reports/request.ts";
import type { Deps } from "./deps.ts";
import { invalid, ProblemError } from "./problem.ts";
import {
  contradictionsIn,
  Duration,
  periodOf,
  ReportInstant,
  ReportNow,
} from "./report_schemas.ts";
import { createRouter } from "./router.ts";
import { IdSchema, Instant, json, problems } from "./schemas.ts";

const Span = z.object({ from: Instant, to: Instant });

const EvidenceJson = z.object({
  store_id: z.string(),
  as_of: Instant.nullable(),
  now: Instant,
  from: Instant,
  to: Instant.openapi({ description: "Never later than `now`." }),
  timezone: z.string().nullable().openapi({ description: "Null: America/Chicago is taken." }),
  hours: z.array(z.object({ day: z.int(), start: z.string(), end: z.string() })).nullable()
    .openapi({ description: "Null: open around the clock. Day 0 is Monday." }),
  staleness_seconds: z.number().nullable(),
  business_seconds: z.number(),
  uptime_seconds: z.number(),
  downtime_seconds: z.number(),
  unknown_seconds: z.number(),
  business: z.array(Span).openapi({ description: "The business time of the window." }),
  polls: z.array(z.object({ at: Instant, status: z.enum(["active", "inactive"]) })).openapi({
    description: "In the window, led by the last one before; else the first one after.",
  }),
  intervals: z.array(Span.extend({ condition: z.enum(["up", "down", "unknown", "closed"]) }))
    .openapi({ description: "The whole window, without a gap." }),
}).openapi("UptimeEvidence");

const route = createRoute({
  method: "get",
  path: "/stores/{id}/uptime",
  operationId: "getStoreUptime",
  summary: "One store's uptime with its evidence: hours, polls, and what follows from them",
  tags: ["Reports"],
  request: {
    params: z.object({ id: IdSchema }),
    query: z.object({
      from: ReportInstant.optional(),
      to: ReportInstant.optional().openapi({ description: "With `from`; `now` by default." }),
      window: Duration.optional().openapi({ description: "Ends at `now`; 7d by default." }),
      now: ReportNow.optional(),
      staleness: Duration.optional()
        .openapi({ description: "Time farther than this from any poll is unknown." }),
      asOf: ReportInstant.optional().openapi({
        description: "Answers as a report would have at that moment: from what the log had then.",
      }),
    }),
  },
  responses: { 200: json(EvidenceJson, "The evidence"), ...problems(404, 422, 503) },
});

export function storeUptimeRoutes({ sql }: Pick<Deps, "sql">): OpenAPIHono {
  const app = createRouter();

  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    const { from, to, window, now, staleness, asOf } = c.req.valid("query");
    const [contradiction] = contradictionsIn({ from, to }, "window", window);
    if (contradiction !== undefined) throw invalid("query", ...contradiction);
    const evidence = await evidenceOf(sql, {
      id,
      now: now ?? null,
      period: periodOf({ from, to }),
      window: window ?? "7d",
      stalenessMs: staleness === undefined ? null : durationMs(staleness) ?? null,
      asOf: asOf ?? null,
    });
    if (evidence === undefined) {
      const when = asOf === undefined ? "was never" : `had not been by ${formatInstant(asOf)}`;
      throw new ProblemError(404, "store-never-polled", `The store "${id}" ${when} polled`);
    }
    return c.json({
      store_id: id,
      as_of: asOf === undefined ? null : formatInstant(asOf),
      staleness_seconds: staleness === undefined ? null : (durationMs(staleness) ?? 0) / 1000,
      ...evidenceJson(evidence),
    }, 200);
  });

  return app;
}

function evidenceJson(
  { now, window, schedule, polls, business, availability }: Evidence,
): Omit<z.infer<typeof EvidenceJson>, "store_id" | "as_of" | "staleness_seconds"> {
  return {
    now: formatInstant(now),
    from: formatInstant(window.from),
    to: formatInstant(window.to),
    timezone: schedule.zone,
    hours: schedule.hours?.map((row) => ({ ...row })) ?? null,
    business_seconds: businessMs(availability) / 1000,
    uptime_seconds: availability.uptimeMs / 1000,
    downtime_seconds: availability.downtimeMs / 1000,
    unknown_seconds: availability.unknownMs / 1000,
    business: Array.from({ length: business.length / 2 }, (_, i) => ({
      from: formatInstant(business[2 * i] ?? 0),
      to: formatInstant(business[2 * i + 1] ?? 0),
    })),
    polls: polls.map(({ at, status }) => ({ at: formatInstant(at), status })),
    intervals: availability.intervals.map(({ from, to, condition }) => ({
      from: formatInstant(from),
      to: formatInstant(to),
      condition,
    })),
  };
}
