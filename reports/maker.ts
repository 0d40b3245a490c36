/** Hands one report at a time to the thread that makes them, and ends the thread when it must stop. */
import type { ConnectOptions } from "../events/log/database.ts";
import { ReportError } from "./files.ts";
import type { Try } from "./jobs.ts";
import type { ReportRequest } from "./request.ts";
import type { FromThread, ToThread } from "./thread.ts";

export interface Maker {
  /**
   * Resolves when the report is stored, or was found to be ours no longer. Throws ReportError,
   * MakingFailedError, and the signal's reason.
   */
  make(
    trying: Try,
    request: ReportRequest,
    onProgress: (done: number, total: number) => void,
    signal: AbortSignal,
  ): Promise<void>;
  close(): void;
}

/** It is our own fault that no report came of it. */
export class MakingFailedError extends Error {
  override readonly name = "MakingFailedError";

  /** `code` is what PostgreSQL or the connection to it calls the error; "" for any other. */
  constructor(message: string, readonly code: string) {
    super(message);
  }
}

/** The thread waits for another report so long: starting it takes a quarter of a second. */
const IDLE_MS = 30_000;

export function createMaker(database: ConnectOptions): Maker {
  let thread: Worker | undefined;
  let idle: ReturnType<typeof setTimeout> | undefined;

  function start(): Worker {
    return new Worker(new URL("./thread.ts", import.meta.url), { type: "module", name: "reports" });
  }

  /** Whatever it was doing is not done; its transaction is undone. */
  function end(): void {
    clearTimeout(idle);
    thread?.terminate();
    thread = undefined;
  }

  return {
    async make(trying, request, onProgress, signal) {
      signal.throwIfAborted();
      clearTimeout(idle);
      const worker = thread ??= start();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const onAbort = () => {
        end();
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      worker.onmessage = ({ data }: MessageEvent<FromThread>) => {
        if (data.type === "progress") onProgress(data.done, data.total);
        else if (data.type === "ended") resolve();
        else if (data.explained) reject(new ReportError(data.reason));
        else reject(new MakingFailedError(data.reason, data.code));
      };
      worker.onerror = (event) => {
        event.preventDefault();
        end();
        reject(new MakingFailedError(event.message, ""));
      };
      worker.postMessage({ database, trying, request } satisfies ToThread);
      try {
        await promise;
      } finally {
        signal.removeEventListener("abort", onAbort);
        if (thread !== undefined) idle = setTimeout(end, IDLE_MS);
      }
    },
    close: end,
  };
}
