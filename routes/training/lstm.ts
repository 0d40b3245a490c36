/** Trains a forecaster of one series from the log, and keeps it until the log has heard of it. */
import type { Sql } from "../../events/log/database.ts";
import { readReadings } from "../../events/log/readings.ts";
import { streamOf } from "../../events/vocabulary.ts";
import type { LstmCard } from "../../models/lstm/card.ts";
import { READINGS_MAX } from "../../models/lstm/limits.ts";
import type { TrainingProgress } from "../../models/lstm/train.ts";
import { trainOnThread } from "../../models/lstm/trainer.ts";
import type { Running } from "../../models/on_thread.ts";
import { sha256Of } from "../../models/sha256.ts";
import { keepModel } from "../../projections/models.ts";

export interface LstmOrder {
  readonly series: string;
  readonly seed: number;
  readonly epochsMax: number;
  /** Put it in force even where it is no better than a naive forecast. */
  readonly force: boolean;
  /** Who asked. */
  readonly by: string;
}

export interface KeptModel {
  readonly sha256: string;
  readonly card: LstmCard;
  /** Whether it is to be in force. */
  readonly promote: boolean;
}

/** Throws TooLittleDataError. Takes minutes, on a thread of its own. */
export async function trainFromLog(
  sql: Sql,
  { series, seed, epochsMax, force, by }: LstmOrder,
  { now, ...running }: Running<TrainingProgress> & { readonly now: number },
): Promise<KeptModel> {
  const readings = await readReadings(sql, series, READINGS_MAX);
  const options = { series, seed, epochsMax, now };
  const { card, onnx } = await trainOnThread(readings, options, running);
  const sha256 = await sha256Of(onnx);
  const promote = card.better || force;
  await keepModel(sql, {
    stream: streamOf("sensor", series),
    order: { model: sha256, kind: card.kind, card: { ...card }, promote, by },
    onnx,
  });
  return { sha256, card, promote };
}
