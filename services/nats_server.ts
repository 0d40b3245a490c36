/** The nats-server that Telltale starts and stops itself: on loopback only, JetStream on disk. */
import { join } from "node:path";
import { takeCareOf } from "./at_once.ts";
import { messageOf, ServiceError } from "./errors.ts";
import { jetStreamAnswers } from "./jetstream_health.ts";
import { commandLine, end, exists, launch, pause, run } from "./process.ts";
import {
  childAt,
  type RunningServer,
  type ServiceEvent,
  strangerAt,
  supervise,
  type Supervised,
} from "./supervisor.ts";

export interface ManagedNats extends Supervised {
  readonly url: string;
  readonly version: string;
}

const HOST = "127.0.0.1";
const VERSION_MIN = [2, 9] as const;

/** JetStream reads back all it holds before it answers. */
const READY_WITHIN_MS = 60_000;

/** JetStream writes what it holds, and ends within milliseconds. */
const QUICK = "SIGTERM";

/** Besides PATH, which lacks the folders of system programs for ordinary users. */
const CANDIDATES = [
  "nats-server",
  "/usr/sbin/nats-server",
  "/usr/local/sbin/nats-server",
  "/usr/local/bin/nats-server",
  "/opt/homebrew/bin/nats-server",
];

interface Place {
  readonly port: number;
  readonly configFile: string;
  readonly pidFile: string;
  readonly logFile: string;
  readonly storeFolder: string;
}

/** `base` is the data folder, held by us. Resolves when it serves. */
export async function startNats(
  base: string,
  port: number,
  onEvent: (event: ServiceEvent) => void = () => {},
): Promise<ManagedNats> {
  const home = join(base, "nats");
  await Deno.mkdir(home, { recursive: true, mode: 0o700 });
  const place: Place = {
    port,
    configFile: join(home, "nats-server.conf"),
    pidFile: join(home, "nats-server.pid"),
    logFile: join(home, "log"),
    storeFolder: join(home, "store"),
  };
  const program = await findProgram();
  const url = `nats://${HOST}:${port}`;
  const supervised = await supervise({
    name: "nats-server",
    find: () => findRunning(place),
    start: () => start(program, place),
    works: () => jetStreamAnswers(url),
    stop,
  }, onEvent);
  const info = await readInfo(port);
  return { ...supervised, url, version: info?.version ?? "unknown" };
}

async function findProgram(): Promise<string> {
  for (const path of CANDIDATES) {
    let printed: string;
    try {
      printed = await run(path, ["--version"]);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      throw new ServiceError(`Cannot run "${path}": ${messageOf(error)}`, { cause: error });
    }
    const [, major = "0", minor = "0"] = /v?(\d+)\.(\d+)/.exec(printed) ?? [];
    const [needMajor, needMinor] = VERSION_MIN;
    if (+major > needMajor || (+major === needMajor && +minor >= needMinor)) return path;
    throw new ServiceError(
      `Cannot use "${path}": it is ${printed}, Telltale needs nats-server ${
        VERSION_MIN.join(".")
      } or newer. Install a newer one, or set NATS_URL`,
    );
  }
  throw new ServiceError(
    "Cannot find nats-server. Install it (Debian and Ubuntu: apt install nats-server; macOS: brew install nats-server), or set NATS_URL to one of your own with JetStream",
  );
}

/** One on another port is ended: its clients could not find it, and its store has one owner. */
async function findRunning(place: Place): Promise<RunningServer | undefined> {
  const pid = Number((await readIfThere(place.pidFile)).trim());
  if (!Number.isSafeInteger(pid) || pid <= 1 || !await serves(pid, place)) return undefined;
  if (await readIfThere(place.configFile) !== configuration(place)) {
    await stop(pid);
    return undefined;
  }
  const deadline = performance.now() + READY_WITHIN_MS;
  while (await serves(pid, place) && performance.now() < deadline) {
    if (await readInfo(place.port)) {
      takeCareOf(pid, QUICK);
      return strangerAt(pid);
    }
    await pause(50);
  }
  return undefined;
}

/** Whether this pid is a nats-server of this folder, and not whoever got the number since. */
async function serves(pid: number, place: Place): Promise<boolean> {
  return exists(pid) && (await commandLine(pid)).includes(place.configFile);
}

async function start(program: string, place: Place): Promise<RunningServer> {
  requireFreePort(place.port);
  await writeConfiguration(place);
  const child = await launch({
    path: program,
    args: ["--config", place.configFile],
    logFile: place.logFile,
  });
  takeCareOf(child.pid, QUICK);
  const ended = child.status.then(() => true);
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    if (await readInfo(place.port)) return childAt(child);
    if (await Promise.race([ended, pause(10).then(() => false)])) {
      const words = (await readIfThere(place.logFile)).trim().split("\n").at(-1);
      throw new ServiceError(`Cannot start nats-server: ${words} (see "${place.logFile}")`);
    }
  }
  await stop(child.pid);
  throw new ServiceError(
    `Cannot start nats-server: not ready after ${READY_WITHIN_MS / 1000} s, see "${place.logFile}"`,
  );
}

/** Left alone where it is right: rewriting it on a full disk would leave it empty. */
async function writeConfiguration(place: Place): Promise<void> {
  const text = configuration(place);
  if (await readIfThere(place.configFile) !== text) {
    await Deno.writeTextFile(place.configFile, text);
  }
}

function configuration(place: Place): string {
  return `# Written by Telltale.
server_name: telltale
host: "${HOST}"
port: ${place.port}
pid_file: ${JSON.stringify(place.pidFile)}
max_payload: 1MB
jetstream {
  store_dir: ${JSON.stringify(place.storeFolder)}
  # Named, because the default follows the free space, and a full disk would hide what is stored.
  max_file_store: 64GB
  max_memory_store: 64MB
}
`;
}

function requireFreePort(port: number): void {
  try {
    Deno.listen({ hostname: HOST, port }).close();
  } catch (error) {
    const taken = error instanceof Deno.errors.AddrInUse;
    throw new ServiceError(
      taken
        ? `Cannot start nats-server: port ${port} on ${HOST} is taken by another program. Set NATS_PORT to a free port, or NATS_URL to use the server that is there`
        : `Cannot start nats-server on ${HOST}:${port}: ${messageOf(error)}. Set NATS_PORT`,
      { cause: error },
    );
  }
}

/** What a nats-server says to everybody who connects; undefined where none answers. */
async function readInfo(port: number): Promise<{ version: string } | undefined> {
  let connection: Deno.TcpConn;
  try {
    connection = await Deno.connect({ hostname: HOST, port });
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return undefined;
    throw error;
  }
  const impatience = setTimeout(() => connection.close(), 1_000);
  try {
    const buffer = new Uint8Array(4096);
    const read = await connection.read(buffer) ?? 0;
    const text = new TextDecoder().decode(buffer.subarray(0, read));
    const version = /^INFO .*"version":"([^"]+)"/.exec(text)?.[1];
    clearTimeout(impatience);
    connection.close();
    return version === undefined ? undefined : { version };
  } catch {
    // It hung up, or said nothing within a second: not ready.
    clearTimeout(impatience);
    return undefined;
  }
}

/** One whose disk was full waits for itself for ever; what it acknowledged is in its files. */
async function stop(pid: number): Promise<void> {
  await end(pid, [
    { signal: QUICK, waitMs: 3_000 },
    { signal: "SIGKILL", waitMs: 5_000 },
  ]);
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
