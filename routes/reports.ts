/** Uptime reports on stores: asked for, watched while they are made, fetched, and made again. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import {
  askForReport,
  cancelReport,
  deleteReport,
  getReport,
  listReports,
  type Report,
  STATES,
} from "../reports/jobs.ts";
import { RecurrenceError } from "../reports/cron.ts";
import { createRecurring, deleteRecurring, listRecurring } from "../reports/recurring.ts";
import { boundedBody } from "./body.ts";
import type { Deps } from "./deps.ts";
import { endOfLog } from "./log_end.ts";
import { invalid, ProblemError } from "./problem.ts";
import { fileResponse, unknownReport } from "./report_file.ts";
import {
  RecurringBody,
  RecurringJson,
  recurringJson,
  ReportBody,
  ReportJson,
  reportJson,
  reportUrl,
  requestOf,
} from "./report_schemas.ts";
import { createRouter } from "./router.ts";
import { json, jsonBody, NextCursor, PageQuery, problems } from "./schemas.ts";

const TAGS = ["Reports"];
const IdParam = z.object({ id: z.string() });

const create = createRoute({
  method: "post",
  path: "/reports",
  operationId: "createReport",
  summary: "Ask for a report on the uptime of stores",
  description:
    "The report includes everything that was acknowledged before it was asked for. It is " +
    "made in the background, survives a restart, and announces its end to live feeds.",
  tags: TAGS,
  request: {
    body: jsonBody(ReportBody),
  },
  responses: {
    202: {
      ...json(ReportJson, "It will be made; `Location` and `status_url` tell how it is"),
      headers: z.object({ location: z.string() }),
    },
    ...problems(400, 413, 415, 422, 503),
  },
});

const list = createRoute({
  method: "get",
  path: "/reports",
  operationId: "listReports",
  summary: "Reports, the newest first",
  tags: TAGS,
  request: {
    query: z.object({
      state: z.enum(STATES).optional(),
      recurring: z.uuid().optional(),
      ...PageQuery(50, 100),
    }),
  },
  responses: {
    200: json(z.object({ reports: z.array(ReportJson), next: NextCursor }), "A page"),
    ...problems(422, 503),
  },
});

const get = createRoute({
  method: "get",
  path: "/reports/{id}",
  operationId: "getReport",
  summary: "One report: how far it is, or how it ended",
  tags: TAGS,
  request: { params: IdParam },
  responses: { 200: json(ReportJson, "The report"), ...problems(404, 503) },
});

const file = createRoute({
  method: "get",
  path: "/reports/{id}/file",
  operationId: "getReportFile",
  summary: "The file of a finished report",
  tags: TAGS,
  request: { params: IdParam },
  responses: {
    200: {
      description: "The file, as an attachment",
      content: {
        "text/csv": { schema: z.string() },
        "application/json": { schema: z.record(z.string(), z.unknown()) },
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
          schema: z.string().openapi({ format: "binary" }),
        },
      },
    },
    ...problems(404, 409, 503),
  },
});

const cancel = createRoute({
  method: "post",
  path: "/reports/{id}/cancel",
  operationId: "cancelReport",
  summary: "Stop making it",
  tags: TAGS,
  requestBody: { required: false, content: { "application/json": { schema: { type: "object" } } } },
  request: { params: IdParam },
  responses: { 200: json(ReportJson, "It is cancelled"), ...problems(404, 409, 503) },
});

const remove = createRoute({
  method: "delete",
  path: "/reports/{id}",
  operationId: "deleteReport",
  summary: "Remove it and its file; one that is being made is stopped",
  tags: TAGS,
  request: { params: IdParam },
  responses: { 204: { description: "It is gone" }, ...problems(404, 503) },
});

const createAgain = createRoute({
  method: "post",
  path: "/reports/recurring",
  operationId: "createRecurringReport",
  summary: "Have a report made again and again",
  description: "A moment that passes while Telltale is down is made up for once, at its start.",
  tags: TAGS,
  request: {
    body: jsonBody(RecurringBody),
  },
  responses: {
    201: json(RecurringJson, "It will be made at `next_run_at`"),
    ...problems(400, 413, 415, 422, 503),
  },
});

const listAgain = createRoute({
  method: "get",
  path: "/reports/recurring",
  operationId: "listRecurringReports",
  summary: "Reports that are made again and again",
  tags: TAGS,
  responses: {
    200: json(z.object({ recurring: z.array(RecurringJson) }), "All of them, the oldest first"),
    ...problems(503),
  },
});

const removeAgain = createRoute({
  method: "delete",
  path: "/reports/recurring/{id}",
  operationId: "deleteRecurringReport",
  summary: "Make it no more; the reports it led to stay",
  tags: TAGS,
  request: { params: IdParam },
  responses: { 204: { description: "It is gone" }, ...problems(404, 503) },
});

/** Room for the ids of twenty thousand stores. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;

export function reportRoutes(deps: Pick<Deps, "sql" | "stats" | "now">): OpenAPIHono {
  const { sql, now } = deps;
  const app = createRouter();
  app.use("/reports", boundedBody(BODY_BYTES_MAX));
  app.use("/reports/recurring", boundedBody(BODY_BYTES_MAX));

  app.openapi(create, async (c) => {
    const request = requestOf(c.req.valid("json"));
    const report = await askForReport(sql, { request, after: await endOfLog(deps) });
    return c.json(reportJson(report), 202, { location: reportUrl(report.id) });
  });

  app.openapi(list, async (c) => {
    const page = await listReports(sql, c.req.valid("query"));
    return c.json({ reports: page.reports.map(reportJson), next: page.next ?? null }, 200);
  });

  // Before the paths in which "recurring" could be an id.
  app.openapi(createAgain, async (c) => {
    const { report, ...body } = c.req.valid("json");
    try {
      const recurring = await createRecurring(sql, { ...body, request: requestOf(report) }, now());
      return c.json(recurringJson(recurring), 201);
    } catch (error) {
      if (error instanceof RecurrenceError) throw invalid("body", error.field, error.message);
      throw error;
    }
  });

  app.openapi(
    listAgain,
    async (c) => c.json({ recurring: (await listRecurring(sql)).map(recurringJson) }, 200),
  );

  app.openapi(removeAgain, async (c) => {
    const { id } = c.req.valid("param");
    if (await deleteRecurring(sql, id)) return c.body(null, 204);
    throw new ProblemError(404, "report-unknown", `There is no recurring report "${id}"`);
  });

  app.openapi(get, async (c) => c.json(reportJson(await find(c.req.valid("param").id)), 200));

  app.openapi(file, async (c) => {
    const report = await find(c.req.valid("param").id);
    if (report.state !== "finished") {
      throw new ProblemError(409, "report-not-finished", `The report is ${report.state}`);
    }
    return await fileResponse(sql, report);
  });

  app.openapi(cancel, async (c) => {
    const { id } = await find(c.req.valid("param").id);
    const cancelled = await cancelReport(sql, id);
    const report = await find(id);
    if (cancelled) return c.json(reportJson(report), 200);
    throw new ProblemError(409, "report-ended", `The report is ${report.state} already`);
  });

  app.openapi(remove, async (c) => {
    const { id } = await find(c.req.valid("param").id);
    await deleteReport(sql, id);
    return c.body(null, 204);
  });

  async function find(id: string): Promise<Report> {
    const report = await getReport(sql, id);
    if (report === undefined) throw unknownReport(id);
    return report;
  }

  return app;
}
