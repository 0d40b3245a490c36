/** What takes longer than everybody else should wait is done on a thread of its own. */
import type { FitSeriesModel } from "../../../events/series.ts";
import { createTaskThreads } from "../../../models/task_threads.ts";
import { ProblemError, unavailable } from "../../problem.ts";
import type { Drawing } from "./chart.ts";

export type Task =
  | { readonly type: "readFit"; readonly body: Uint8Array }
  | { readonly type: "draw"; readonly drawing: Drawing; readonly png: boolean };

/** What the thread tells of an error. */
export interface Failure {
  /** Of a ProblemError; undefined where it is our own fault. */
  readonly status: number | undefined;
  readonly code: string;
  readonly message: string;
}

export interface HeavyWork {
  /** Throws ProblemError. */
  readFit(body: Uint8Array): Promise<FitSeriesModel>;
  draw(drawing: Drawing, png: boolean): Promise<string | Uint8Array<ArrayBuffer>>;
}

/** Each may hold a body of 64 MiB. */
const WAITING_MAX = 8;

export function createHeavyWork(stopping: AbortSignal): HeavyWork {
  const threads = createTaskThreads({
    module: new URL("./heavy_work_thread.ts", import.meta.url),
    name: "series",
    threadsMax: 1,
    revive: (failure) => asError(failure as Failure),
  });
  const stop = () => threads.stop(unavailable("stopping", "This server is stopping"));
  stopping.addEventListener("abort", stop);

  async function run(task: Task, handedOver?: Transferable[]): Promise<unknown> {
    if (threads.waiting >= WAITING_MAX) {
      throw unavailable("too-busy", `${WAITING_MAX} plots or large fits are waiting already`);
    }
    return await threads.run(task, handedOver);
  }

  return {
    readFit: (body) =>
      run({ type: "readFit", body }, [body.buffer as ArrayBuffer]) as Promise<FitSeriesModel>,
    draw: (drawing, png) =>
      run({ type: "draw", drawing, png }) as Promise<string | Uint8Array<ArrayBuffer>>,
  };
}

function asError({ status, code, message }: Failure): Error {
  return status === undefined ? new Error(message) : new ProblemError(status, code, message);
}
