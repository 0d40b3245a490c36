/** Trains a failure model of the whole fleet from the log, and keeps it until the log has heard of it. */
import type { ConnectOptions, Sql } from "../../events/log/database.ts";
import { FAILURE_MODEL, FAILURE_MODEL_STREAM } from "../../events/model.ts";
import type { FailureCard } from "../../models/failure/card.ts";
import { type LearningProgress, TooFewFailuresError } from "../../models/failure/learn.ts";
import { type Running, runTraining } from "../../models/on_thread.ts";
import { keepModel } from "../../projections/models.ts";
import type { FailureModelFile, ToFailureTraining } from "./failure_thread.ts";

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
  running: Running<FailureProgress>,
): Promise<KeptFailureModel> {
  const asked: ToFailureTraining = { database, order };
  const thread = new URL("./failure_thread.ts", import.meta.url);
  const { sha256, card, onnx } = await runTraining<FailureProgress, FailureModelFile>(
    thread,
    asked,
    running,
    TooFewFailuresError,
  );
  const promote = order.force || card.comparison?.better === true;
  await keepModel(sql, {
    stream: FAILURE_MODEL_STREAM,
    order: { model: sha256, kind: FAILURE_MODEL, card: { ...card }, promote, by: order.by },
    onnx,
  });
  return { sha256, card, promote };
}
