/** Reports on a real database: a log of polls and schedules, and whoever makes reports of it. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { formatInstant } from "../../events/instant.ts";
import type { Report } from "../../reports/jobs.ts";
import { type ReportService, startReportService } from "../../reports/service.ts";
import type { Fact } from "../projections/log.ts";
import { NOW, openStage, posted, type Stage } from "../routes/stage.ts";

export interface ReportStage extends Stage {
  /** What the service takes for now; a test may move it. */
  clock: number;
  /** What the services said went wrong. */
  readonly problems: string[];
  /** One more process that makes reports; stopped with the stage. */
  startService(waitFor?: Stage["deps"]["waitFor"]): Promise<ReportService>;
}

export async function withReports(test: (stage: ReportStage) => Promise<void>): Promise<void> {
  const listeners = new Set<(report: Report) => void>();
  const services: ReportService[] = [];
  const problems: string[] = [];
  const pools: { end(options: { timeout: number }): Promise<void> }[] = [];
  const stage = await openStage({
    reports: {
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  });
  const { database } = stage;
  const whole: ReportStage = {
    ...stage,
    clock: NOW,
    problems,
    async startService(waitFor = stage.deps.waitFor) {
      const sql = database.connect("reports", 4);
      pools.push(sql);
      const service = await startReportService({
        sql,
        database: {
          name: "report",
          ...(database.socket ? { socket: database.socket } : { url: database.url }),
        },
        waitFor,
        now: () => whole.clock,
        retentionDays: 30,
        onProblem: (message) => problems.push(message),
      });
      if (services.length === 0) service.subscribe((report) => listeners.forEach((l) => l(report)));
      services.push(service);
      return service;
    },
  };
  try {
    await test(whole);
  } finally {
    for (const service of services) await service.stop();
    for (const pool of pools) await pool.end({ timeout: 5 });
    await stage.close();
  }
}

export function poll(id: string, at: number | string, status: "active" | "inactive"): Fact {
  const occurredAt = typeof at === "string" ? Date.parse(at) : at;
  return { stream: `store-${id}`, type: "PollReported", data: { status }, occurredAt };
}

export function schedule(
  id: string,
  hours: readonly (readonly [day: number, start: string, end: string])[] | undefined,
  zone: string | undefined,
  occurredAt = Date.UTC(2020, 0, 1),
): Fact {
  return {
    stream: `store-${id}`,
    type: "ScheduleSet",
    data: {
      ...(zone === undefined ? {} : { timezone_str: zone }),
      ...(hours === undefined ? {} : {
        hours: hours.map(([day, start, end]) => ({
          day,
          start_time_local: start,
          end_time_local: end,
        })),
      }),
    },
    occurredAt,
  };
}

const WITHIN_MS = 30_000;

export interface ReportState {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly file: { readonly name: string; readonly bytes: number; readonly url: string } | null;
  readonly progress: { readonly stores_done: number; readonly stores_total: number | null };
}

/** Asks for a report under /api/v1; throws for any answer but 202. */
export async function ask(app: OpenAPIHono, body: unknown): Promise<ReportState> {
  const response = await app.request("/api/v1/reports", posted(body));
  if (response.status !== 202) throw new Error(await response.text());
  return await response.json();
}

/** Looks again until the report is in one of these states. */
export async function until(
  app: OpenAPIHono,
  id: string,
  ...states: string[]
): Promise<ReportState> {
  const deadline = performance.now() + WITHIN_MS;
  for (;;) {
    const report = await (await app.request(`/api/v1/reports/${id}`)).json() as ReportState;
    if (states.includes(report.state)) return report;
    if (performance.now() > deadline) {
      throw new Error(`Report ${id} is ${report.state} (${report.reason}), not ${states}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function textOf(app: OpenAPIHono, { file }: ReportState): Promise<string> {
  if (file === null) throw new Error("Cannot fetch the file of a report that has none");
  return await (await app.request(file.url)).text();
}

/** Asks as the contract says, and waits for the CSV. */
export async function contractCsv(app: OpenAPIHono, now?: number | string): Promise<string> {
  const moment = typeof now === "number" ? formatInstant(now) : now;
  const query = moment === undefined ? "" : `?now=${encodeURIComponent(moment)}`;
  const { report_id: id } = await (await app.request(`/trigger_report${query}`, {
    method: "POST",
  })).json();
  await until(app, id, "finished");
  return await (await app.request(`/get_report/${id}`)).text();
}
