/** Grows trees on a thread of its own, so that what comes in meanwhile does not wait. */
import type { TreeParameters } from "./parameters.ts";
import type { Examples, GrownForest, Stopping, TreeProgress } from "./train.ts";
import type { FromGrowing, ToGrowing } from "./training_thread.ts";

/** As `growForest`. Rejects with the signal's reason when that fires; the work ends with it. */
export async function growOnThread(
  examples: Examples,
  parameters: TreeParameters,
  { stopping, onTree, signal }: {
    stopping?: Stopping | undefined;
    onTree: (progress: TreeProgress) => void;
    signal: AbortSignal;
  },
): Promise<GrownForest> {
  signal.throwIfAborted();
  const thread = new Worker(new URL("./training_thread.ts", import.meta.url), {
    type: "module",
    name: "growing",
  });
  const ended = Promise.withResolvers<GrownForest>();
  const onAbort = () => ended.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  thread.onmessage = ({ data }: MessageEvent<FromGrowing>) => {
    if (data.type === "progress") return onTree(data.progress);
    if (data.type === "grown") return ended.resolve(data.grown);
    ended.reject(new Error(data.reason));
  };
  thread.onerror = (event) => {
    event.preventDefault();
    ended.reject(new Error(`The growing of trees ended: ${event.message}`));
  };
  thread.postMessage({ examples, parameters, stopping } satisfies ToGrowing);
  try {
    return await ended.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
    thread.terminate();
  }
}
