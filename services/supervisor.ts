/**
 * Keeps one server running: the one an earlier Telltale left behind, or a new one; and another
 * one when it dies, or lives and does not do its work.
 */
import { letGoOf } from "./at_once.ts";
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
  /** Whether it does its work; asked every few seconds. One that never fails but by dying has none. */
  works?(): Promise<boolean>;
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

const DIED = "has died";
const LOOK_MS = 2_000;
/** So often in a row it must fail: once may be a moment's load, and starting again costs more. */
const FAILURES_MAX = 3;

export async function supervise(
  server: ManagedServer,
  onEvent: (event: ServiceEvent) => void,
): Promise<Supervised> {
  const stopping = new AbortController();
  const found = await server.find();
  let running = found ?? await server.start();

  async function watch(): Promise<void> {
    while (true) {
      let why: string;
      try {
        why = await trouble();
      } catch (error) {
        // Looking may fail as well (no process can be started now); it must not end the program.
        onEvent({ service: server.name, level: "warn", message: messageOf(error) });
        await pause(LOOK_MS, stopping.signal);
        continue;
      }
      if (stopping.signal.aborted) return;
      onEvent({
        service: server.name,
        level: "warn",
        message: `${server.name} (pid ${running.pid}) ${why}; starting it again`,
      });
      if (why !== DIED) await server.stop(running.pid);
      letGoOf(running.pid);
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

  /** Resolves when it has to be started again, with the reason; or when we are stopping. */
  async function trouble(): Promise<string> {
    const known = new AbortController();
    const signal = AbortSignal.any([stopping.signal, known.signal]);
    try {
      return await Promise.race([
        running.ended(signal).then(() => DIED),
        ...(server.works ? [ailing(server.works, signal).then(() => "does not do its work")] : []),
      ]);
    } finally {
      known.abort();
    }
  }

  async function ailing(works: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    for (let failures = 0; failures < FAILURES_MAX && !signal.aborted;) {
      await pause(LOOK_MS, signal);
      if (!signal.aborted) failures = await works() ? 0 : failures + 1;
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
      letGoOf(running.pid);
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
