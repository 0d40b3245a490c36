/**
 * Raw samples are analysed on threads of their own, one reading after the other each; whoever waits
 * for one goes on with other things. The threads are there while there is work, and a while after.
 */
import type { Json } from "../../events/vocabulary.ts";
import type { BearingGeometry } from "../vibration/mod.ts";
import type {
  Analysed,
  Circumstances,
  EnvelopeLines,
  PackedWaveform,
  SpectrumLines,
} from "./reading.ts";

export type Task =
  /** A message's payload, as it came; its answer is undefined where it has no samples to read. */
  | {
    readonly type: "message";
    readonly id: string;
    readonly payload: Uint8Array;
    readonly receivedAt: number;
    readonly circumstances: Circumstances;
  }
  /** Samples that came in a body of their own: a reading in JSON, or bytes beside a reading. */
  | {
    readonly type: "posted";
    readonly body: Uint8Array;
    readonly binary: boolean;
    /** What is known of the reading without the body, and counts before what that says. */
    readonly reading: Json;
    readonly circumstances: Circumstances;
  }
  | { readonly type: "spectrum"; readonly packed: PackedWaveform }
  | {
    readonly type: "envelope";
    readonly packed: PackedWaveform;
    readonly rpm: number;
    readonly geometry: BearingGeometry;
  };

export type Done =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly problem: string };

export interface Analyst {
  message(task: Omit<Extract<Task, { type: "message" }>, "type">): Promise<Analysed | undefined>;
  /** A sentence where the body has no samples that can be read. */
  posted(task: Omit<Extract<Task, { type: "posted" }>, "type">): Promise<Analysed | string>;
  spectrum(packed: PackedWaveform): Promise<SpectrumLines | undefined>;
  envelope(task: Omit<Extract<Task, { type: "envelope" }>, "type">): Promise<
    EnvelopeLines | undefined
  >;
  /** How many wait. */
  readonly waiting: number;
  stop(): void;
}

const IDLE_MS = 30_000;

interface Thread {
  readonly worker: Worker;
  /** Who waits, in the order in which the thread answers. */
  readonly waiting: PromiseWithResolvers<unknown>[];
}

export function createAnalyst(threadsMax: number): Analyst {
  const threads: Thread[] = [];
  let idle: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  function end(thread: Thread, reason: Error): void {
    thread.worker.terminate();
    threads.splice(threads.indexOf(thread), 1);
    for (const { reject } of thread.waiting) reject(reason);
  }

  function endAll(): void {
    clearTimeout(idle);
    for (const thread of [...threads]) end(thread, new Error("The analysis was stopped"));
  }

  function begin(): Thread {
    const worker = new Worker(new URL("./analyst_thread.ts", import.meta.url), {
      type: "module",
      name: "vibration",
    });
    const thread: Thread = { worker, waiting: [] };
    worker.onmessage = ({ data }: MessageEvent<Done>) => {
      const waiter = thread.waiting.shift();
      if (data.ok) waiter?.resolve(data.result);
      else waiter?.reject(new Error(data.problem));
      if (waiting() === 0) idle = setTimeout(endAll, IDLE_MS);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      end(thread, new Error(`The thread of the analysis ended: ${event.message}`));
    };
    threads.push(thread);
    return thread;
  }

  function waiting(): number {
    return threads.reduce((sum, thread) => sum + thread.waiting.length, 0);
  }

  /** The thread with the least to do, or another one. */
  function leastBusy(): Thread {
    const [first, ...others] = threads;
    if (first === undefined) return begin();
    const free = others.reduce(
      (best, one) => one.waiting.length < best.waiting.length ? one : best,
      first,
    );
    return free.waiting.length > 0 && threads.length < threadsMax ? begin() : free;
  }

  function run(task: Task): Promise<unknown> {
    if (stopped) return Promise.reject(new Error("The analysis was stopped"));
    clearTimeout(idle);
    const thread = leastBusy();
    const waiter = Promise.withResolvers<unknown>();
    thread.waiting.push(waiter);
    thread.worker.postMessage(task);
    return waiter.promise;
  }

  return {
    message: (task) => run({ type: "message", ...task }) as Promise<Analysed | undefined>,
    posted: (task) => run({ type: "posted", ...task }) as Promise<Analysed | string>,
    spectrum: (packed) => run({ type: "spectrum", packed }) as Promise<SpectrumLines | undefined>,
    envelope: (task) => run({ type: "envelope", ...task }) as Promise<EnvelopeLines | undefined>,
    get waiting() {
      return waiting();
    },
    stop() {
      stopped = true;
      endAll();
    },
  };
}
