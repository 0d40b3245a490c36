/**
 * Keeps one server running: the one an earlier Telltale left behind, or a new one; and another
 * one when it dies.
 */
import { messageOf } from "./errors.ts";
import { commandLine, exists, pause } from "./process.ts";

export interface ServiceEvent {
  readonly service: string;
  readonly level: "info" | "warn" | "error";
  readonly message: string;
}

export interface RunningServer {
  readonly pid: number;
  /** Resolves when the process is gone. The signal gives up waiting. */
  ended(signal: AbortSignal): Promise<void>;
}

export interface ManagedServer {
  readonly name: string;
  /** The one that runs already and is ours. */
  find(): Promise<RunningServer | undefined>;
  /** Resolves when it is ready to serve. */
  start(): Promise<RunningServer>;
  /** Ends it and waits until it is gone. */
  stop(pid: number): Promise<void>;
}

export interface Supervised {
  readonly adopted: boolean;
  /** Of the process that runs now; changes when it was started again. */
  pid(): number;
  stop(): Promise<void>;
}

const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;

export async function supervise(
  server: ManagedServer,
  onEvent: (event: ServiceEvent) => void,
): Promise<Supervised> {
  const stopping = new AbortController();
  const found = await server.find();
  let running = found ?? await server.start();

  async function watch(): Promise<void> {
    while (true) {
      await running.ended(stopping.signal);
      if (stopping.signal.aborted) return;
      onEvent({
        service: server.name,
        level: "warn",
        message: `${server.name} (pid ${running.pid}) has died; starting it again`,
      });
      const next = await restart();
      if (!next) return;
      running = next;
      onEvent({
        service: server.name,
        level: "info",
        message: `${server.name} runs again (pid ${running.pid})`,
      });
    }
  }

  async function restart(): Promise<RunningServer | undefined> {
    for (let wait = BACKOFF_FIRST_MS;; wait = Math.min(wait * 2, BACKOFF_MAX_MS)) {
      await pause(wait, stopping.signal);
      if (stopping.signal.aborted) return undefined;
      try {
        return await server.find() ?? await server.start();
      } catch (error) {
        onEvent({ service: server.name, level: "error", message: messageOf(error) });
      }
    }
  }

  const watching = watch();
  return {
    adopted: found !== undefined,
    pid: () => running.pid,
    async stop() {
      stopping.abort();
      await watching;
      await server.stop(running.pid);
    },
  };
}

/** A server that is not our child, and so has to be looked at. */
export function strangerAt(pid: number): RunningServer {
  return {
    pid,
    async ended(signal) {
      for (let round = 1; !signal.aborted && exists(pid); round++) {
        // What nobody has waited for still exists, but runs nothing any more.
        if (round % 8 === 0 && (await commandLine(pid)).length === 0) return;
        await pause(250, signal);
      }
    },
  };
}

export function childAt(child: Deno.ChildProcess): RunningServer {
  return {
    pid: child.pid,
    async ended(signal) {
      const aborted = Promise.withResolvers<void>();
      const abort = () => aborted.resolve();
      signal.addEventListener("abort", abort);
      if (signal.aborted) abort();
      await Promise.race([child.status, aborted.promise]);
      signal.removeEventListener("abort", abort);
    },
  };
}
