/** How reports are asked for and described over HTTP. */
import { z } from "@hono/zod-openapi";
import { formatInstant } from "../events/instant.ts";
import { fileName } from "../reports/files.ts";
import { type Report, STATES } from "../reports/jobs.ts";
import type { Recurring } from "../reports/recurring.ts";
import {
  DURATION,
  DURATION_MAX_MS,
  durationMs,
  FORMATS,
  MOMENT_MAX,
  MOMENT_MIN,
  type ReportRequest,
  SUMMARY,
} from "../reports/request.ts";
import { IdSchema, Instant, instantOrNull, momentBy, parseInQuery } from "./schemas.ts";

/** A moment a report may be asked about, as epoch ms. */
export const ReportInstant = momentBy((text) => {
  const moment = parseInQuery(text) ?? NaN;
  return moment >= MOMENT_MIN && moment < MOMENT_MAX ? moment : undefined;
}, ", from 1900 to 2999");

/** The same, or "max" for the latest poll of all stores. */
export const ReportNow = z.union([z.literal("max").transform(() => null), ReportInstant])
  .openapi({
    type: "string",
    example: "2026-01-31T12:00:00Z",
    description: "The moment the report is made for; the latest poll of all stores by default.",
  });

export const Duration = z.string().refine(
  (text) => durationMs(text) !== undefined,
  `expected ${DURATION}`,
).openapi({ example: "7d" });

const STORES_MAX = 20_000;

/** What a recurring report may say too: all but fixed moments. */
export const RepeatableBody = z.object({
  format: z.enum(FORMATS).default("csv").openapi({
    description: "`summary` is the CSV of `/get_report`: the last hour, day and week in one line.",
  }),
  windows: z.array(Duration).min(1).max(20).optional()
    .openapi({ description: "Each ends at `now`; 1h, 1d and 7d by default." }),
  stores: z.array(IdSchema).min(1).max(STORES_MAX).optional()
    .openapi({ description: "Every store ever polled by default." }),
  staleness: Duration.optional()
    .openapi({ description: "Time farther than this from any poll is unknown." }),
}).strict();

export const ReportBody = RepeatableBody.extend({
  from: ReportInstant.optional(),
  to: ReportInstant.optional().openapi({ description: "`now` by default." }),
  now: ReportNow.optional(),
}).strict().superRefine(refuseContradictions).openapi("ReportRequest");

export const RecurringBody = z.object({
  name: z.string().trim().min(1).max(100).default("Report"),
  cron: z.string().max(200)
    .openapi({ example: "0 6 * * 1", description: "Minute, hour, day, month, weekday." }),
  zone: z.string().max(64).default("UTC")
    .openapi({ example: "America/Chicago", description: "Whose wall clock `cron` means." }),
  report: RepeatableBody.superRefine(refuseContradictions).prefault({}),
}).strict().openapi("RecurringReportRequest");

type Body = Omit<z.output<typeof RepeatableBody>, never> & {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly now?: number | null | undefined;
};

interface Stretch {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** What cannot be meant together: of a stretch of time, and of windows given under this name. */
export function contradictionsIn(
  { from, to }: Stretch,
  name: string,
  windows: unknown,
): readonly (readonly [field: string, message: string])[] {
  if (from === undefined) return to === undefined ? [] : [["from", "expected with `to`"]];
  const found: [string, string][] = [];
  if (windows !== undefined) {
    found.push([name, `expected either \`${name}\` or \`from\`, not both`]);
  }
  if (to === undefined) return found;
  if (to <= from) found.push(["to", "expected a moment after `from`"]);
  if (to - from > DURATION_MAX_MS) found.push(["to", "expected ten years after `from` at most"]);
  return found;
}

/** Up to `now` where nobody says up to when: nothing is known of what is later. */
export function periodOf({ from, to }: Stretch): ReportRequest["period"] {
  return from === undefined ? null : { from, to: to ?? from + DURATION_MAX_MS };
}

function refuseContradictions(body: Body, context: z.RefinementCtx): void {
  const { format, from, windows, staleness } = body;
  function refuse(path: string, message: string): void {
    context.addIssue({ code: "custom", path: [path], message });
  }
  for (const [field, message] of contradictionsIn(body, "windows", windows)) refuse(field, message);
  if (format === "summary" && (from ?? windows ?? staleness) !== undefined) {
    refuse("format", "a summary has its own windows and no staleness; ask for csv, json or xlsx");
  }
}

export function requestOf(
  { format, from, to, windows, now, stores, staleness }: Body,
): ReportRequest {
  return {
    format,
    now: now ?? null,
    period: periodOf({ from, to }),
    windows: windows ?? SUMMARY.windows,
    stores: stores ?? null,
    stalenessMs: staleness === undefined ? null : durationMs(staleness) ?? null,
  };
}

const RequestJson = z.object({
  format: z.enum(FORMATS),
  now: Instant.nullable(),
  from: Instant.nullable(),
  to: Instant.nullable(),
  windows: z.array(z.string()).nullable(),
  stores: z.int().nullable().openapi({ description: "How many were named; null for every one." }),
  staleness_seconds: z.number().nullable(),
});

function requestJson(request: ReportRequest): z.infer<typeof RequestJson> {
  const { format, now, period, windows, stores, stalenessMs } = request;
  return {
    format,
    now: instantOrNull(now),
    from: instantOrNull(period?.from ?? null),
    to: instantOrNull(period?.to ?? null),
    windows: period === null ? [...windows] : null,
    stores: stores?.length ?? null,
    staleness_seconds: stalenessMs === null ? null : stalenessMs / 1000,
  };
}

export const ReportJson = z.object({
  id: z.uuid(),
  state: z.enum(STATES),
  request: RequestJson,
  progress: z.object({ stores_done: z.int(), stores_total: z.int().nullable() }),
  reason: z.string().nullable().openapi({ description: "Why it failed." }),
  recurring: z.uuid().nullable().openapi({ description: "The recurring report it is one of." }),
  created_at: Instant,
  started_at: Instant.nullable(),
  ended_at: Instant.nullable(),
  status_url: z.string(),
  file: z.object({ name: z.string(), bytes: z.int(), url: z.string() }).nullable(),
}).openapi("Report");

export function reportUrl(id: string): string {
  return `/api/v1/reports/${id}`;
}

export function reportJson(report: Report): z.infer<typeof ReportJson> {
  const { id, state, request, reason, recurring, fileBytes } = report;
  return {
    id,
    state,
    request: requestJson(request),
    progress: { stores_done: report.storesDone, stores_total: report.storesTotal },
    reason,
    recurring,
    created_at: formatInstant(report.createdAt),
    started_at: instantOrNull(report.startedAt),
    ended_at: instantOrNull(report.endedAt),
    status_url: reportUrl(id),
    file: state === "finished" && fileBytes !== null
      ? { name: fileName(id, request), bytes: fileBytes, url: `${reportUrl(id)}/file` }
      : null,
  };
}

export const RecurringJson = z.object({
  id: z.uuid(),
  name: z.string(),
  cron: z.string(),
  zone: z.string(),
  report: RequestJson,
  created_at: Instant,
  next_run_at: Instant.nullable().openapi({ description: "Null when there will be none." }),
  last_run_at: Instant.nullable(),
}).openapi("RecurringReport");

export function recurringJson(recurring: Recurring): z.infer<typeof RecurringJson> {
  const { id, name, cron, zone, request, createdAt, nextAt, lastAt } = recurring;
  return {
    id,
    name,
    cron,
    zone,
    report: requestJson(request),
    created_at: formatInstant(createdAt),
    next_run_at: Number.isFinite(nextAt) ? formatInstant(nextAt) : null,
    last_run_at: instantOrNull(lastAt),
  };
}
