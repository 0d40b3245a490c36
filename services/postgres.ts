/**
 * The PostgreSQL that Telltale starts and stops itself: on a Unix socket only, durable as any.
 *
 * One that a killed Telltale left behind is taken over as it is: stopping it would throw away a
 * warm cache, and starting a second one is what PostgreSQL itself prevents.
 */
import { basename, join } from "node:path";
import { takeCareOf } from "./at_once.ts";
import { ServiceError } from "./errors.ts";
import { unpackPostgres } from "./postgres_binaries.ts";
import { type Cluster, prepareCluster } from "./postgres_cluster.ts";
import { commandLine, end, exists, isWorkedIn, launch, pause, workingFolder } from "./process.ts";
import {
  childAt,
  type RunningServer,
  type ServiceEvent,
  strangerAt,
  supervise,
  type Supervised,
} from "./supervisor.ts";

export interface ManagedPostgres extends Supervised {
  readonly socketFolder: string;
  readonly version: string;
}

/** For appending much, reading much of what was just appended, and two cores. `fsync` stays on. */
const SETTINGS = [
  "listen_addresses=",
  "port=5432",
  "max_connections=60",
  "shared_buffers=128MB",
  "max_wal_size=4GB",
  "checkpoint_timeout=15min",
  // Nobody replicates from it or restores it to a point in time.
  "wal_level=minimal",
  "max_wal_senders=0",
  "jit=off",
  "random_page_cost=1.1",
  "autovacuum_naptime=20s",
  "TimeZone=UTC",
  "log_timezone=UTC",
  "log_checkpoints=off",
];

/** Immediate shutdown: every process ends where it is, and the next start recovers. */
const QUICK = "SIGQUIT";

/** Recovery after a power cut reads back as much as `max_wal_size`. */
const READY_WITHIN_MS = 120_000;

/** `base` is the data folder, held by us. Resolves when it serves. */
export async function startPostgres(
  base: string,
  onEvent: (event: ServiceEvent) => void = () => {},
): Promise<ManagedPostgres> {
  const programs = await unpackPostgres(join(base, "postgres-bin"));
  const cluster = await prepareCluster(base, programs);
  const supervised = await supervise({
    name: "PostgreSQL",
    find: () => findRunning(cluster),
    start: () => start(programs.postgres, cluster),
    stop,
  }, onEvent);
  return { ...supervised, socketFolder: cluster.socketFolder, version: programs.version };
}

/** The socket folder of the server that another Telltale runs on this data folder. */
export async function findPostgres(base: string): Promise<string | undefined> {
  const folder = join(base, "postgres", "cluster");
  const found = await readPidFile(folder);
  return found?.status === "ready" && await runsIn(found.pid, folder)
    ? found.socketFolder
    : undefined;
}

interface PidFile {
  readonly pid: number;
  readonly socketFolder: string;
  readonly status: string;
}

/** What a postmaster writes about itself: pid, folder, start, port, socket, host, memory, status. */
async function readPidFile(folder: string): Promise<PidFile | undefined> {
  try {
    const lines = (await Deno.readTextFile(join(folder, "postmaster.pid"))).split("\n");
    const pid = Number(lines[0]);
    if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
    return { pid, socketFolder: lines[4] ?? "", status: (lines[7] ?? "").trim() };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Whether this pid is a PostgreSQL of this folder, and not whoever got the number since. */
async function runsIn(pid: number, folder: string): Promise<boolean> {
  if (!exists(pid)) return false;
  const words = await commandLine(pid);
  if (!basename(words[0] ?? "").startsWith("postgres")) return false;
  const works = await workingFolder(pid);
  return works === undefined ? words.includes(folder) : works === await Deno.realPath(folder);
}

async function findRunning(cluster: Cluster): Promise<RunningServer | undefined> {
  const found = await readPidFile(cluster.folder);
  if (!found || !await runsIn(found.pid, cluster.folder)) return undefined;
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    const status = (await readPidFile(cluster.folder))?.status;
    if (!await runsIn(found.pid, cluster.folder)) return undefined;
    if (status === "ready") {
      takeCareOf(found.pid, QUICK);
      return strangerAt(found.pid);
    }
    await pause(50);
  }
  throw new ServiceError(
    `Cannot use the PostgreSQL that is running in "${cluster.folder}" (pid ${found.pid}): it is not ready after ${
      READY_WITHIN_MS / 1000
    } s, see "${cluster.logFile}"`,
  );
}

async function start(postgres: string, cluster: Cluster): Promise<RunningServer> {
  await clearRemains(cluster);
  const child = await launch({
    path: postgres,
    args: [
      "-D",
      cluster.folder,
      "-k",
      cluster.socketFolder,
      ...SETTINGS.flatMap((one) => ["-c", one]),
    ],
    logFile: cluster.logFile,
    account: cluster.account,
    env: { LC_ALL: "C" },
  });
  takeCareOf(child.pid, QUICK);
  const ended = child.status.then(() => true);
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    const found = await readPidFile(cluster.folder);
    if (found?.pid === child.pid && found.status === "ready") return childAt(child);
    if (await Promise.race([ended, pause(5).then(() => false)])) {
      throw new ServiceError(
        `Cannot start PostgreSQL in "${cluster.folder}": ${await lastWords(cluster.logFile)}`,
      );
    }
  }
  await stop(child.pid);
  throw new ServiceError(
    `Cannot start PostgreSQL in "${cluster.folder}": not ready after ${
      READY_WITHIN_MS / 1000
    } s, see "${cluster.logFile}"`,
  );
}

/** What a killed server left: processes about to notice, and files that name a number now reused. */
async function clearRemains(cluster: Cluster): Promise<void> {
  const folder = await Deno.realPath(cluster.folder);
  for (let waitedMs = 0; await isWorkedIn(folder); waitedMs += 100) {
    if (waitedMs >= 15_000) {
      throw new ServiceError(
        `Cannot start PostgreSQL in "${folder}": processes of an earlier one are still at work there`,
      );
    }
    await pause(100);
  }
  // Where processes cannot be looked at so closely, PostgreSQL's own judgement has to do.
  if (Deno.build.os !== "linux") return;
  const files = [
    join(cluster.folder, "postmaster.pid"),
    join(cluster.socketFolder, ".s.PGSQL.5432.lock"),
    join(cluster.socketFolder, ".s.PGSQL.5432"),
  ];
  for (const file of files) {
    await Deno.remove(file).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/** Fast shutdown: running statements are rolled back, and the next start needs no recovery. */
async function stop(pid: number): Promise<void> {
  await end(pid, [
    { signal: "SIGINT", waitMs: 60_000 },
    { signal: QUICK, waitMs: 5_000 },
    { signal: "SIGKILL", waitMs: 5_000 },
  ]);
}

async function lastWords(logFile: string): Promise<string> {
  const lines = (await Deno.readTextFile(logFile)).trim().split("\n");
  const telling = lines.slice(-8).filter((line) => /FATAL|PANIC|ERROR|error|HINT/.test(line));
  const words = (telling.length > 0 ? telling : lines.slice(-1)).join(" ");
  return `${words.replace(/\d{4}-\d\d-\d\d [\d:.]+ [A-Z]+ \[\d+\] /g, "")} (see "${logFile}")`;
}
