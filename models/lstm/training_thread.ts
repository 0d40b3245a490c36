/** The thread a forecaster is trained on: minutes of arithmetic during which nothing may wait for it. */
import type { LstmCard } from "./card.ts";
import type { Reading } from "./samples.ts";
import { TooLittleDataError } from "./limits.ts";
import type { TrainingOptions, TrainingProgress } from "./train.ts";

export interface ToTraining {
  readonly readings: readonly Reading[];
  readonly options: TrainingOptions;
}

export type FromTraining =
  | { readonly type: "progress"; readonly progress: TrainingProgress }
  | {
    readonly type: "trained";
    readonly card: LstmCard;
    readonly onnx: Uint8Array<ArrayBuffer>;
  }
  | { readonly type: "failed"; readonly tooLittle: boolean; readonly reason: string };

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ToTraining>) => void;
  postMessage(message: FromTraining): void;
};

thread.onmessage = async ({ data: { readings, options } }) => {
  try {
    // Not before: what is sent while these packages load would be lost.
    const { trainLstm } = await import("./train.ts");
    const { card, onnx } = await trainLstm(
      readings,
      options,
      (progress) => thread.postMessage({ type: "progress", progress }),
    );
    thread.postMessage({ type: "trained", card, onnx });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const tooLittle = error instanceof TooLittleDataError;
    thread.postMessage({ type: "failed", tooLittle, reason });
  }
};
