/**
 * Trainings that were asked for over HTTP: one at a time, as each takes a core for minutes; the rest
 * wait. What a job was is forgotten with the process; the model it made is not.
 */
import type { Publisher } from "../../events/bus/publisher.ts";
import type { Sql } from "../../events/log/database.ts";
import type { TrainingProgress } from "../../models/lstm/train.ts";
import { type KeptModel, type LstmOrder, trainFromLog } from "./lstm.ts";
import { tellOfModels } from "./tell.ts";

export interface TrainingJob extends LstmOrder {
  readonly id: string;
  readonly state: "waiting" | "running" | "done" | "failed";
  /** Epoch ms. */
  readonly askedAt: number;
  readonly endedAt: number | null;
  readonly progress: TrainingProgress | null;
  readonly model: KeptModel | null;
  /** For people. */
  readonly problem: string | null;
}

export interface TrainingJobs {
  /** Undefined where too many wait already. A series that is being trained is not trained again. */
  ask(order: LstmOrder): TrainingJob | undefined;
  find(id: string): TrainingJob | undefined;
  /** Newest first. */
  list(): readonly TrainingJob[];
  /** Ends what is under way, and resolves when it has. */
  stop(): Promise<void>;
}

const WAITING_MAX = 20;
const ENDED_KEPT = 100;
/** How soon the log hears of a model that another process has trained. */
const TELL_MS = 5_000;

export interface TrainingDeps {
  readonly sql: Sql;
  readonly publisher: Publisher;
  now(): number;
  /** Told of what is our own fault. */
  report(error: Error): void;
}

export function startTrainingJobs({ sql, publisher, now, report }: TrainingDeps): TrainingJobs {
  const jobs = new Map<string, TrainingJob>();
  const stopping = new AbortController();
  let working: Promise<void> = Promise.resolve();
  let telling: Promise<void> = Promise.resolve();

  function change(id: string, to: Partial<TrainingJob>): void {
    const job = jobs.get(id);
    if (job) jobs.set(id, { ...job, ...to });
  }

  async function run(id: string, order: LstmOrder): Promise<void> {
    if (stopping.signal.aborted) return;
    change(id, { state: "running" });
    try {
      const model = await trainFromLog(sql, order, {
        now: now(),
        onProgress: (progress) => change(id, { progress }),
        signal: stopping.signal,
      });
      await tell();
      change(id, { state: "done", model, endedAt: now() });
    } catch (error) {
      const known = error instanceof Error && error.name === "TooLittleDataError";
      if (!known && !stopping.signal.aborted) report(asError(error));
      const problem = known
        ? error.message
        : "The training failed on our side; see the server's log";
      change(id, { state: "failed", problem, endedAt: now() });
    }
  }

  /** One after the other: two at once would tell everything twice. */
  function tell(): Promise<void> {
    const told = telling.then(async () => {
      await tellOfModels(sql, publisher);
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
      const same = open.find(({ series }) => series === order.series);
      if (same) return same;
      if (open.length >= WAITING_MAX) return undefined;
      const job: TrainingJob = {
        id: crypto.randomUUID(),
        ...order,
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
    async stop() {
      clearInterval(timer);
      stopping.abort(new Error("Telltale is stopping"));
      await working;
      await telling;
    },
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
