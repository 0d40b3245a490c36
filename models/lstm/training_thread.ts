/** The thread a forecaster is trained on: minutes of arithmetic during which nothing may wait for it. */
import { messageOf } from "../../events/errors.ts";
import type { FromTraining } from "../on_thread.ts";
import { TooLittleDataError } from "./limits.ts";
import type { Reading } from "./samples.ts";
import type { TrainedModel, TrainingOptions, TrainingProgress } from "./train.ts";

export interface ToTraining {
  readonly readings: readonly Reading[];
  readonly options: TrainingOptions;
}

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ToTraining>) => void;
  postMessage(message: FromTraining<TrainingProgress, TrainedModel>): void;
};

thread.onmessage = async ({ data: { readings, options } }) => {
  try {
    // Not before: what is sent while these packages load would be lost.
    const { trainLstm } = await import("./train.ts");
    const trained = await trainLstm(
      readings,
      options,
      (progress) => thread.postMessage({ type: "progress", progress }),
    );
    thread.postMessage({ type: "trained", trained });
  } catch (error) {
    const reason = messageOf(error);
    const explained = error instanceof TooLittleDataError;
    thread.postMessage({ type: "failed", explained, reason });
  }
};
