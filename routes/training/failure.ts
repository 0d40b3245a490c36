/** Trains a failure model of the whole fleet from the log, and keeps it until the log has heard of it. */
import type { ConnectOptions, Sql } from "../../events/log/database.ts";
import { FAILURE_MODEL, FAILURE_MODEL_STREAM } from "../../events/model.ts";
import type { FailureCard } from "../../models/failure/card.ts";
import { type LearningProgress, TooFewFailuresError } from "../../models/failure/learn.ts";
import { keepModel } from "../../projections/models.ts";
import type { FromFailureTraining, ToFailureTraining } from "./failure_thread.ts";

export interface FailureOrder {
  /** Reports from a moment on and before another, by the ATMs' clocks; epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Parameters to try beside the usual ones. */
  readonly trials: number;
  readonly seed: number;
  /** Put it in force even where it is no better than the one that is. */
  readonly force: boolean;
  /** Who asked. */
  readonly by: string;
}

/** How far back reports are learned from where nobody says. */
export const DAYS_LEARNED_FROM = 90;
export const TRIALS_MAX = 200;

export type FailureProgress = LearningProgress | {
  readonly doing: "reading";
  /** ATMs. */
  readonly done: number;
  readonly of: number;
};

export interface KeptFailureModel {
  readonly sha256: string;
  readonly card: FailureCard;
  /** Whether it is to be in force. */
  readonly promote: boolean;
}

/** Throws TooFewFailuresError, and the signal's reason. Takes minutes, on a thread of its own. */
export async function trainFailureFromLog(
  sql: Sql,
  database: ConnectOptions,
  order: FailureOrder,
  running: {
    onProgress: (progress: FailureProgress) => void;
    signal: AbortSignal;
  },
): Promise<KeptFailureModel> {
  const { sha256, card, onnx } = await onThread({ database, order }, running);
  const promote = order.force || card.comparison?.better === true;
  await keepModel(sql, {
    stream: FAILURE_MODEL_STREAM,
    order: { model: sha256, kind: FAILURE_MODEL, card: { ...card }, promote, by: order.by },
    onnx,
  });
  return { sha256, card, promote };
}

type Trained = Extract<FromFailureTraining, { type: "trained" }>;

async function onThread(
  task: ToFailureTraining,
  { onProgress, signal }: Parameters<typeof trainFailureFromLog>[3],
): Promise<Trained> {
  signal.throwIfAborted();
  const thread = new Worker(new URL("./failure_thread.ts", import.meta.url), {
    type: "module",
    name: "training",
  });
  const ended = Promise.withResolvers<Trained>();
  const onAbort = () => ended.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  thread.onmessage = ({ data }: MessageEvent<FromFailureTraining>) => {
    if (data.type === "progress") return onProgress(data.progress);
    if (data.type === "trained") return ended.resolve(data);
    ended.reject(
      data.explained ? new TooFewFailuresError(data.reason) : new Error(data.reason),
    );
  };
  thread.onerror = (event) => {
    event.preventDefault();
    ended.reject(new Error(`The training of the failure model ended: ${event.message}`));
  };
  thread.postMessage(task);
  try {
    return await ended.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
    thread.terminate();
  }
}
