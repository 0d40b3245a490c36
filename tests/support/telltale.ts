/**
 * A real `./telltale start`, on free ports and a folder of its own, for tests that look at the
 * whole from outside.
 */
import { freePort, removeFolder, temporaryFolder } from "./servers.ts";

export interface RunningTelltale {
  readonly url: string;
  readonly natsUrl: string;
  readonly pid: number;
  readonly dataDir: string;
  /** Everything it has printed so far, both streams in the order they arrived. */
  output(): string;
  /** Asks it to end (SIGTERM unless told otherwise) and resolves with its exit code. */
  stop(signal?: Deno.Signal): Promise<number>;
  /** Ends it as a power cut would. The database and broker it started are left behind. */
  kill9(): Promise<void>;
}

export interface StartOptions {
  /** Added to the environment; PORT and NATS_PORT are free ports unless named here. */
  readonly env?: Readonly<Record<string, string>>;
  /** The caller's folder, for starting again on it; give it to `discardDataFolder` in the end. */
  readonly dataDir?: string;
  /** After `start`. */
  readonly args?: readonly string[];
}

const ROOT = new URL("../../", import.meta.url).pathname;
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 30_000;

/** Variables of the surrounding shell that would make it another Telltale than the test means. */
const OWN_VARIABLES = [
  "HOST",
  "PORT",
  "NATS_PORT",
  "DATA_DIR",
  "DATABASE_URL",
  "NATS_URL",
  "KV_URL",
  "PARTITIONS",
  "REPORT_RETENTION_DAYS",
  "TREND_MINUTES_DAYS",
  "TRAIN_FAILURE_CRON",
  "TRAIN_FAILURE_ZONE",
  "LOG_LEVEL",
];

/** What still runs when the test process ends is ended with it. */
const running = new Set<Deno.ChildProcess>();
globalThis.addEventListener("unload", () => {
  for (const child of running) signal(child, "SIGKILL");
});

/** Resolves when /health/ready says 200; throws with what it printed when it does not get there. */
export async function startTelltale(options: StartOptions = {}): Promise<RunningTelltale> {
  const dataDir = options.dataDir ?? await temporaryFolder();
  const env: Record<string, string> = {
    ...inheritedEnvironment(),
    PORT: String(freePort()),
    NATS_PORT: String(freePort()),
    DATA_DIR: dataDir,
    ...options.env,
  };
  const child = new Deno.Command(`${ROOT}telltale`, {
    args: ["start", ...(options.args ?? [])],
    clearEnv: true,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  running.add(child);

  let printed = "";
  const reading = Promise.all([child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) printed += text;
  }));
  let code: number | undefined;
  const ended = child.status.then((status) => {
    code = status.code;
    running.delete(child);
  });

  async function end(name: Deno.Signal): Promise<number> {
    if (code === undefined) signal(child, name);
    if (!await within(STOP_WITHIN_MS, ended)) {
      throw new Error(
        `Cannot stop telltale (pid ${child.pid}) by ${name}: still running after ${STOP_WITHIN_MS} ms. It printed:\n${printed}`,
      );
    }
    // What it left behind may hold its pipes open: then there is nothing more to read.
    await within(1000, reading);
    return code ?? -1;
  }

  const url = `http://127.0.0.1:${env.PORT}`;
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!await isReady(url)) {
    if (code === undefined && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    const why = code === undefined ? `not ready after ${READY_WITHIN_MS} ms` : `exit code ${code}`;
    await end("SIGKILL");
    if (options.dataDir === undefined) await discardDataFolder(dataDir);
    throw new Error(`Cannot start telltale: ${why}. It printed:\n${printed}`);
  }

  return {
    url,
    natsUrl: env.NATS_URL ?? `nats://127.0.0.1:${env.NATS_PORT}`,
    pid: child.pid,
    dataDir,
    output: () => printed,
    async stop(name = "SIGTERM") {
      const exitCode = await end(name);
      if (options.dataDir === undefined) await discardDataFolder(dataDir);
      return exitCode;
    },
    async kill9() {
      await end("SIGKILL");
    },
  };
}

/** Ends the servers that a killed Telltale left behind in this folder, and removes it. */
export async function discardDataFolder(dataDir: string): Promise<void> {
  for (const pid of await leftBehind(dataDir)) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) && !isNoSuchProcess(error)) throw error;
    }
  }
  await removeFolder(dataDir);
}

/** Processes named by pid files below the folder, where they really are servers of this folder. */
export async function leftBehind(dataDir: string): Promise<number[]> {
  const pids: number[] = [];
  for await (const path of pidFiles(dataDir)) {
    const pid = Number.parseInt(await Deno.readTextFile(path), 10);
    if (pid > 1 && await serves(pid, dataDir)) pids.push(pid);
  }
  return pids;
}

async function* pidFiles(folder: string, depth = 0): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory && depth < 2) yield* pidFiles(path, depth + 1);
    else if (name.endsWith(".pid")) yield path;
  }
}

/** A stale pid file may name somebody else's process by now; its command line tells. */
async function serves(pid: number, dataDir: string): Promise<boolean> {
  return (await commandLine(pid)).includes(dataDir);
}

async function commandLine(pid: number): Promise<string> {
  if (Deno.build.os === "linux") {
    try {
      return await Deno.readTextFile(`/proc/${pid}/cmdline`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return ""; // No such process.
      // A program without every permission, as a benchmark is, may not look there: ps may.
    }
  }
  const { stdout } = await new Deno.Command("ps", {
    args: ["-o", "args=", "-p", String(pid)],
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}

function inheritedEnvironment(): Record<string, string> {
  const env = Deno.env.toObject();
  for (const name of OWN_VARIABLES) delete env[name];
  return env;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    // Not listening yet: the caller tries again until its deadline.
    return false;
  }
}

/** Whether the promise settled in time. */
async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const settled = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return settled;
}

function signal(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch (error) {
    // It ended between our look and our call.
    if (!(error instanceof TypeError) && !isNoSuchProcess(error)) throw error;
  }
}

function isNoSuchProcess(error: unknown): boolean {
  return error instanceof Error && /no such process|ESRCH/i.test(error.message);
}
