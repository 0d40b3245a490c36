/**
 * Makes the reports that were asked for, one at a time, the oldest first; asks for recurring ones
 * when their moment has come; removes old ones.
 *
 * All it knows is in the database: after a restart it goes on where it was, and of several
 * processes each report is made by one.
 */
import { messageOf } from "../events/errors.ts";
import { DAY_MS } from "../events/instant.ts";
import type { ConnectOptions, Sql } from "../events/log/database.ts";
import { createSignal } from "../projections/signal.ts";
import { ReportError } from "./files.ts";
import {
  type Change,
  CHANNEL,
  type Claim,
  claimReport,
  failReport,
  getReport,
  noteProgress,
  removeReportsBefore,
  type Report,
} from "./jobs.ts";
import { createMaker, MakingFailedError } from "./maker.ts";
import { askForDue } from "./recurring.ts";

export interface ReportService {
  /** Calls back for every report that has ended, whoever made it; returns how to stop. */
  subscribe(listener: (report: Report) => void): () => void;
  /** What is being made is made again by the next service. */
  stop(): Promise<void>;
}

export interface ReportServiceOptions {
  /** Four connections are enough. */
  readonly sql: Sql;
  /** For the thread that makes them. */
  readonly database: ConnectOptions;
  /** True once the read models have reached these offsets. Throws ReportError. */
  waitFor(offsets: ReadonlyMap<number, number>, timeoutMs: number): Promise<boolean>;
  /** Epoch ms. */
  now(): number;
  readonly retentionDays: number;
  onProblem(message: string): void;
}

/** How often it looks for what nobody announced: a moment that has come, a process that ended. */
const LOOK_MS = 1_000;
const PROGRESS_EVERY_MS = 250;
const RETENTION_EVERY_MS = 3_600_000;
/** A wait for the read models is cut into pieces, so that it can be broken off. */
const WAIT_MS = 1_000;

/** Cancelled, removed, or made by somebody else: nothing is left to do. */
class NotOursError extends Error {
  override readonly name = "NotOursError";
}

export async function startReportService(options: ReportServiceOptions): Promise<ReportService> {
  const { sql, now, onProblem } = options;
  const maker = createMaker(options.database);
  const wake = createSignal();
  const listeners = new Set<(report: Report) => void>();
  let current: { readonly id: string; readonly ending: AbortController } | undefined;
  let stopping = false;
  let cleanedAt = -Infinity;

  const { unlisten } = await sql.listen(CHANNEL, (text) => {
    const change = JSON.parse(text) as Change;
    wake.notify();
    if (change.state === "queued" || change.state === "running") return;
    const isUnwanted = change.state === "cancelled" || change.state === "removed";
    if (isUnwanted && current?.id === change.id) current.ending.abort(new NotOursError());
    tell(change.id).catch((error) => onProblem(`Cannot tell of report ${change.id}: ${error}`));
  });

  async function tell(id: string): Promise<void> {
    const report = await getReport(sql, id);
    if (report === undefined) return;
    for (const listener of listeners) listener(report);
  }

  async function make(claim: Claim, ending: AbortController): Promise<void> {
    const { report, attempt, after } = claim;
    const trying = { id: report.id, attempt };
    let noted = performance.now();
    async function checkOurs(progress: { done: number; total: number | null }): Promise<void> {
      if (!await noteProgress(sql, trying, progress)) ending.abort(new NotOursError());
    }
    try {
      while (!await options.waitFor(after, WAIT_MS)) {
        ending.signal.throwIfAborted();
        await checkOurs({ done: 0, total: null });
      }
      await maker.make(trying, report.request, (done, total) => {
        if (performance.now() - noted < PROGRESS_EVERY_MS) return;
        noted = performance.now();
        checkOurs({ done, total }).catch((error) => onProblem(`Cannot note progress: ${error}`));
      }, ending.signal);
    } catch (error) {
      if (error instanceof ReportError) return await failReport(sql, trying, error.message);
      if (!(error instanceof MakingFailedError) || isPassing(error)) throw error;
      onProblem(`Cannot make report ${report.id}: ${error.message}`);
      // What was thrown for us to read stays with us: it may hold SQL or a path.
      await failReport(sql, trying, "Something failed on our side");
    }
  }

  /** True where there was something to make. */
  async function makeNext(): Promise<boolean> {
    const session = await sql.reserve();
    try {
      const claim = await claimReport(session);
      if (claim === undefined) return false;
      const ending = new AbortController();
      current = { id: claim.report.id, ending };
      if (stopping) ending.abort(new NotOursError());
      try {
        await make(claim, ending);
      } catch (error) {
        if (!(error instanceof NotOursError)) throw error;
      } finally {
        current = undefined;
        await claim.release();
      }
      return true;
    } finally {
      session.release();
    }
  }

  async function turn(): Promise<void> {
    await askForDue(sql, now());
    if (now() - cleanedAt >= RETENTION_EVERY_MS) {
      cleanedAt = now();
      await removeReportsBefore(sql, now() - options.retentionDays * DAY_MS);
    }
    if (!await makeNext()) await wake.wait(LOOK_MS);
  }

  async function run(): Promise<void> {
    let lastProblem = "";
    while (!stopping) {
      try {
        await turn();
        lastProblem = "";
      } catch (error) {
        const problem = messageOf(error);
        if (problem !== lastProblem) onProblem(`Cannot go on with the reports: ${problem}`);
        lastProblem = problem;
        await wake.wait(LOOK_MS);
      }
    }
  }
  const running = run();

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async stop() {
      stopping = true;
      current?.ending.abort(new NotOursError());
      wake.notify();
      await running;
      maker.close();
      await unlisten().catch(() => {}); // The database may have gone first.
    },
  };
}

/** The database went away or was in the way: the same report may well come about in a moment. */
function isPassing({ code }: MakingFailedError): boolean {
  return /^(?:08|57P|53|40|CONN|ECONN|EPIPE|ENOENT)/.test(code);
}
