/**
 * What takes longer than everybody else should wait is done on a thread of its own, one piece after
 * the other. The thread is there while there is work, and a while after.
 */
import type { FitSeriesModel } from "../../../events/series.ts";
import { ProblemError, unavailable } from "../../problem.ts";
import type { Drawing } from "./chart.ts";

export type Task =
  | { readonly type: "readFit"; readonly body: Uint8Array }
  | { readonly type: "draw"; readonly drawing: Drawing; readonly png: boolean };

/** What the thread sends back. */
export type Done =
  | { readonly ok: true; readonly result: unknown }
  | {
    readonly ok: false;
    readonly status: number | undefined;
    readonly code: string;
    readonly message: string;
  };

export interface HeavyWork {
  /** Throws ProblemError. */
  readFit(body: Uint8Array): Promise<FitSeriesModel>;
  draw(drawing: Drawing, png: boolean): Promise<string | Uint8Array<ArrayBuffer>>;
}

/** Each may hold a body of 64 MiB. */
const WAITING_MAX = 8;
const IDLE_MS = 30_000;

export function createHeavyWork(stopping: AbortSignal): HeavyWork {
  let thread: Worker | undefined;
  let idle: ReturnType<typeof setTimeout> | undefined;
  /** Who waits, in the order in which the thread answers. */
  let waiting: PromiseWithResolvers<unknown>[] = [];

  function end(reason?: Error): void {
    clearTimeout(idle);
    thread?.terminate();
    thread = undefined;
    for (const { reject } of waiting) reject(reason ?? stopped());
    waiting = [];
  }
  stopping.addEventListener("abort", () => end());

  function begin(): Worker {
    const started = new Worker(new URL("./heavy_work_thread.ts", import.meta.url), {
      type: "module",
      name: "series",
    });
    started.onmessage = ({ data }: MessageEvent<Done>) => {
      const waiter = waiting.shift();
      if (data.ok) waiter?.resolve(data.result);
      else waiter?.reject(asError(data));
      if (waiting.length === 0) idle = setTimeout(end, IDLE_MS);
    };
    started.onerror = (event) => {
      event.preventDefault();
      end(new Error(`The thread of the series ended: ${event.message}`));
    };
    return started;
  }

  function run(task: Task, transfer: Transferable[] = []): Promise<unknown> {
    if (stopping.aborted) return Promise.reject(stopped());
    if (waiting.length >= WAITING_MAX) {
      return Promise.reject(
        unavailable("too-busy", `${WAITING_MAX} plots or large fits are waiting already`),
      );
    }
    clearTimeout(idle);
    thread ??= begin();
    const waiter = Promise.withResolvers<unknown>();
    waiting.push(waiter);
    thread.postMessage(task, transfer);
    return waiter.promise;
  }

  return {
    readFit: (body) =>
      run({ type: "readFit", body }, [body.buffer as ArrayBuffer]) as Promise<FitSeriesModel>,
    draw: (drawing, png) =>
      run({ type: "draw", drawing, png }) as Promise<string | Uint8Array<ArrayBuffer>>,
  };
}

function stopped(): ProblemError {
  return unavailable("stopping", "This server is stopping");
}

function asError({ status, code, message }: Extract<Done, { ok: false }>): Error {
  return status === undefined ? new Error(message) : new ProblemError(status, code, message);
}
