/** Raw samples are analysed on threads of their own, one reading after the other each. */
import type { Json } from "../../events/vocabulary.ts";
import { createTaskThreads } from "../task_threads.ts";
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

export function createAnalyst(threadsMax: number): Analyst {
  const threads = createTaskThreads({
    module: new URL("./analyst_thread.ts", import.meta.url),
    name: "vibration",
    threadsMax,
    revive: (problem) => new Error(String(problem)),
  });
  const run = (task: Task) => threads.run(task);
  return {
    message: (task) => run({ type: "message", ...task }) as Promise<Analysed | undefined>,
    posted: (task) => run({ type: "posted", ...task }) as Promise<Analysed | string>,
    spectrum: (packed) => run({ type: "spectrum", packed }) as Promise<SpectrumLines | undefined>,
    envelope: (task) => run({ type: "envelope", ...task }) as Promise<EnvelopeLines | undefined>,
    get waiting() {
      return threads.waiting;
    },
    stop: () => threads.stop(new Error("The analysis was stopped")),
  };
}
