/** Trains on a thread of its own, so that what comes in meanwhile does not wait. */
import { type Running, runTraining } from "../on_thread.ts";
import { TooLittleDataError } from "./limits.ts";
import type { Reading } from "./samples.ts";
import type { TrainedModel, TrainingOptions, TrainingProgress } from "./train.ts";
import type { ToTraining } from "./training_thread.ts";

/** As `trainLstm`. */
export function trainOnThread(
  readings: readonly Reading[],
  options: TrainingOptions,
  running: Running<TrainingProgress>,
): Promise<TrainedModel> {
  const order: ToTraining = { readings, options };
  const thread = new URL("./training_thread.ts", import.meta.url);
  return runTraining(thread, order, running, TooLittleDataError);
}
