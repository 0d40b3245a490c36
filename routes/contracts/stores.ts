/** Store uptime reports under the paths of their contract: ask, look again, get the CSV. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { formatInstant } from "../../events/instant.ts";
import { askForReport, getReport, type Report } from "../../reports/jobs.ts";
import { SUMMARY } from "../../reports/request.ts";
import type { Deps } from "../deps.ts";
import { endOfLog } from "../log_end.ts";
import { ProblemError } from "../problem.ts";
import { fileResponse } from "../report_file.ts";
import { createRouter } from "../router.ts";
import { Instant, json, problems } from "../schemas.ts";
import { ReportNow } from "../report_schemas.ts";

const TAGS = ["Store monitoring"];

const trigger = createRoute({
  method: "post",
  path: "/trigger_report",
  operationId: "triggerStoreReport",
  summary: "Ask for the uptime of every store in the last hour, day and week",
  description: "The report includes every poll that was acknowledged before it was asked for.",
  tags: TAGS,
  requestBody: { required: false, content: { "application/json": { schema: { type: "object" } } } },
  request: { query: z.object({ now: ReportNow.optional() }) },
  responses: {
    200: json(z.object({ report_id: z.uuid() }), "It is being made"),
    ...problems(422, 503),
  },
});

const Status = z.object({
  status: z.enum(["Running", "Failed"]),
  created_at: Instant,
  reason: z.string().optional().openapi({ description: "Why it failed." }),
});

const responses = {
  200: {
    description:
      "The CSV as an attachment once it is there; until then, or if it failed, how it is",
    content: {
      "application/json": { schema: Status },
      "text/csv": { schema: z.string() },
    },
  },
  ...problems(404, 422, 503),
};

const getByPath = createRoute({
  method: "get",
  path: "/get_report/{report_id}",
  operationId: "getStoreReport",
  summary: "The report, or that it is still running",
  tags: TAGS,
  request: { params: z.object({ report_id: z.string() }) },
  responses,
});

const getByQuery = createRoute({
  method: "get",
  path: "/get_report",
  operationId: "getStoreReportByQuery",
  summary: "The same with the id as a parameter",
  tags: TAGS,
  request: { query: z.object({ report_id: z.string() }) },
  responses,
});

export function storeReportRoutes(deps: Pick<Deps, "sql" | "stats">): OpenAPIHono {
  const { sql } = deps;
  const app = createRouter();

  app.openapi(trigger, async (c) => {
    const { now } = c.req.valid("query");
    const report = await askForReport(sql, {
      request: { ...SUMMARY, now: now ?? null },
      after: await endOfLog(deps),
    });
    return c.json({ report_id: report.id }, 200);
  });

  app.openapi(getByPath, (c) => answer(c.req.valid("param").report_id));
  app.openapi(getByQuery, (c) => answer(c.req.valid("query").report_id));

  async function answer(id: string): Promise<Response> {
    const report = await getReport(sql, id);
    if (report === undefined || report.request.format !== "summary") {
      throw new ProblemError(404, "report-unknown", `There is no store report "${id}"`);
    }
    return report.state === "finished" ? await fileResponse(sql, report) : statusOf(report);
  }

  return app;
}

function statusOf({ state, createdAt, reason }: Report): Response {
  const status: z.infer<typeof Status> = state === "failed" || state === "cancelled"
    ? {
      status: "Failed",
      created_at: formatInstant(createdAt),
      reason: reason ?? "It was cancelled",
    }
    : { status: "Running", created_at: formatInstant(createdAt) };
  return Response.json(status);
}
