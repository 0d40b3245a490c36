/** Trains on a thread of its own, so that what comes in meanwhile does not wait. */
import type { Reading } from "./samples.ts";
import { TooLittleDataError } from "./limits.ts";
import type { TrainedModel, TrainingOptions, TrainingProgress } from "./train.ts";
import type { FromTraining, ToTraining } from "./training_thread.ts";

/** As `trainLstm`. Rejects with the signal's reason when that fires; the work ends with it. */
export async function trainOnThread(
  readings: readonly Reading[],
  options: TrainingOptions,
  { onProgress, signal }: {
    onProgress: (progress: TrainingProgress) => void;
    signal: AbortSignal;
  },
): Promise<TrainedModel> {
  signal.throwIfAborted();
  const thread = new Worker(new URL("./training_thread.ts", import.meta.url), {
    type: "module",
    name: "training",
  });
  const ended = Promise.withResolvers<TrainedModel>();
  const onAbort = () => ended.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  thread.onmessage = ({ data }: MessageEvent<FromTraining>) => {
    if (data.type === "progress") return onProgress(data.progress);
    if (data.type === "trained") return ended.resolve({ card: data.card, onnx: data.onnx });
    ended.reject(data.tooLittle ? new TooLittleDataError(data.reason) : new Error(data.reason));
  };
  thread.onerror = (event) => {
    event.preventDefault();
    ended.reject(new Error(`The training of "${options.series}" ended: ${event.message}`));
  };
  thread.postMessage({ readings, options } satisfies ToTraining);
  try {
    return await ended.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
    thread.terminate();
  }
}
