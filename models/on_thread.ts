/** A training on a thread of its own, from its order to its end, so that nothing else waits for it. */

/** What such a thread says, and then no more. */
export type FromTraining<Progress, Trained> =
  | { readonly type: "progress"; readonly progress: Progress }
  | { readonly type: "trained"; readonly trained: Trained }
  | {
    readonly type: "failed";
    readonly reason: string;
    /** What there is to learn from is why; whoever asked may know. */
    readonly explained: boolean;
  };

export interface Running<Progress> {
  onProgress(progress: Progress): void;
  /** Ends the work; then it rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/** `Explained` is thrown for what is explained; a plain error for all else. */
export async function runTraining<Progress, Trained>(
  module: URL,
  order: unknown,
  { onProgress, signal }: Running<Progress>,
  Explained: new (reason: string) => Error,
): Promise<Trained> {
  signal.throwIfAborted();
  const thread = new Worker(module, { type: "module", name: "training" });
  const ended = Promise.withResolvers<Trained>();
  const onAbort = () => ended.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  thread.onmessage = ({ data }: MessageEvent<FromTraining<Progress, Trained>>) => {
    if (data.type === "progress") onProgress(data.progress);
    else if (data.type === "trained") ended.resolve(data.trained);
    else ended.reject(data.explained ? new Explained(data.reason) : new Error(data.reason));
  };
  thread.onerror = (event) => {
    event.preventDefault();
    ended.reject(new Error(`The thread of a training ended: ${event.message}`));
  };
  thread.postMessage(order);
  try {
    return await ended.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
    thread.terminate();
  }
}
