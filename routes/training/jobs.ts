/**
 * Trainings that were asked for: one at a time, as each takes a core for minutes; the rest wait.
 * What a job was is forgotten with the process; the model it made is not.
 */
import type { Publisher } from "../../events/bus/publisher.ts";
import { errorOf } from "../../events/errors.ts";
import type { ConnectOptions, Sql } from "../../events/log/database.ts";
import type { TrainingProgress } from "../../models/lstm/train.ts";
import {
  type FailureOrder,
  type FailureProgress,
  type KeptFailureModel,
  trainFailureFromLog,
} from "./failure.ts";
import { type KeptModel, type LstmOrder, trainFromLog } from "./lstm.ts";
import { tellOfModels } from "./tell.ts";

/** What is to be trained: a series' forecaster, or the failure model of the fleet. */
export type TrainingOrder =
  | { readonly kind: "lstm" } & LstmOrder
  | { readonly kind: "failure" } & FailureOrder;

export interface TrainingJob {
  readonly id: string;
  readonly order: TrainingOrder;
  readonly state: "waiting" | "running" | "done" | "failed";
  /** Epoch ms. */
  readonly askedAt: number;
  readonly endedAt: number | null;
  readonly progress: TrainingProgress | FailureProgress | null;
  readonly model: KeptModel | KeptFailureModel | null;
  /** For people. */
  readonly problem: string | null;
}

export interface TrainingJobs {
  /** Undefined where too many wait already. What is being trained is not trained again. */
  ask(order: TrainingOrder): TrainingJob | undefined;
  find(id: string): TrainingJob | undefined;
  /** Newest first. */
  list(): readonly TrainingJob[];
  /** Tells the log of models it has not heard of, now. */
  tell(): Promise<void>;
  /** Ends what is under way, and resolves when it has. */
  stop(): Promise<void>;
}

const WAITING_MAX = 20;
const ENDED_KEPT = 100;
/** How soon the log hears of a model that another process has trained. */
const TELL_MS = 5_000;
/** Their messages are for whoever asked. */
const EXPLAINED = ["TooLittleDataError", "TooFewFailuresError"];

export interface TrainingDeps {
  readonly sql: Sql;
  /** How a training's own thread reaches the same database. */
  readonly database: ConnectOptions;
  readonly publisher: Publisher;
  now(): number;
  /** Told of what is our own fault. */
  report(error: Error): void;
}

export function startTrainingJobs(
  { sql, database, publisher, now, report }: TrainingDeps,
): TrainingJobs {
  const jobs = new Map<string, TrainingJob>();
  const stopping = new AbortController();
  /** Whoever stops does not wait for a bus that is away: what was not told is told at the next start. */
  const stopped = new Promise<never>((_, reject) => {
    stopping.signal.addEventListener("abort", () => reject(stopping.signal.reason));
  });
  stopped.catch(() => {});
  let working: Promise<void> = Promise.resolve();
  let telling: Promise<void> = Promise.resolve();

  function change(id: string, to: Partial<TrainingJob>): void {
    const job = jobs.get(id);
    if (job) jobs.set(id, { ...job, ...to });
  }

  async function run(id: string, order: TrainingOrder): Promise<void> {
    if (stopping.signal.aborted) return;
    change(id, { state: "running" });
    try {
      const model = await train(id, order);
      await tell();
      change(id, { state: "done", model, endedAt: now() });
    } catch (error) {
      const known = error instanceof Error && EXPLAINED.includes(error.name);
      if (!known && !stopping.signal.aborted) report(errorOf(error));
      const problem = known
        ? error.message
        : "The training failed on our side; see the server's log";
      change(id, { state: "failed", problem, endedAt: now() });
    }
  }

  function train(id: string, order: TrainingOrder): Promise<KeptModel | KeptFailureModel> {
    const { signal } = stopping;
    const onProgress = (progress: TrainingJob["progress"]) => change(id, { progress });
    return order.kind === "failure"
      ? trainFailureFromLog(sql, database, order, { onProgress, signal })
      : trainFromLog(sql, order, { now: now(), onProgress, signal });
  }

  /** One after the other: two at once would tell everything twice. */
  function tell(): Promise<void> {
    const told = telling.then(async () => {
      await Promise.race([tellOfModels(sql, publisher), stopped]);
    });
    telling = told.catch(() => {});
    return told;
  }

  const timer = setInterval(() => {
    // The bus or the database may be away; the next round finds what this one could not tell.
    tell().catch(() => {});
  }, TELL_MS);

  function forgetOld(): void {
    const ended = [...jobs.values()].filter(({ endedAt }) => endedAt !== null);
    for (const { id } of ended.slice(0, -ENDED_KEPT)) jobs.delete(id);
  }

  return {
    ask(order) {
      const open = [...jobs.values()].filter(({ endedAt }) => endedAt === null);
      const same = open.find((job) => subjectOf(job.order) === subjectOf(order));
      if (same) return same;
      if (open.length >= WAITING_MAX) return undefined;
      const job: TrainingJob = {
        id: crypto.randomUUID(),
        order,
        state: "waiting",
        askedAt: now(),
        endedAt: null,
        progress: null,
        model: null,
        problem: null,
      };
      jobs.set(job.id, job);
      forgetOld();
      working = working.then(() => run(job.id, order));
      return job;
    },
    find: (id) => jobs.get(id),
    list: () => [...jobs.values()].reverse(),
    tell,
    async stop() {
      clearInterval(timer);
      stopping.abort(new Error("Telltale is stopping"));
      await working;
      await telling;
    },
  };
}

/** What a training is of: nothing is trained twice at once. */
function subjectOf(order: TrainingOrder): string {
  return order.kind === "lstm" ? `lstm ${order.series}` : order.kind;
}
