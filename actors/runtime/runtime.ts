/** All partitions of this process: started together, watched together, stopped together. */
import type { JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "../../events/bus/connection.ts";
import { ensureStream, managerOf } from "../../events/bus/stream.ts";
import type { RecordedEvent } from "../../events/event.ts";
import type { ConnectOptions, Sql } from "../../events/log/database.ts";
import { ensurePartitions } from "../../events/log/partitions.ts";
import { openSnapshots, type Snapshots } from "./snapshots.ts";
import { trim } from "./trimmer.ts";
import { startWorker, type Worker, type WorkerDeps } from "./worker.ts";

/** Often enough that half a stream is not filled meanwhile, however much is said. */
const TRIM_MS = 10_000;
/** A failure shows itself over hours; four scores an hour are a thirtieth of what an ATM says. */
const SCORE_MS = 900_000;

export interface RuntimeOptions {
  readonly sql: Sql;
  /** How the writers' threads reach the same database. */
  readonly database: ConnectOptions;
  readonly connection: NatsConnection;
  readonly partitions: number;
  /** A file, or a KV Connect URL; undefined for no snapshots. */
  readonly kvPath: string | undefined;
  readonly now: () => number;
  readonly positioned: WorkerDeps["positioned"];
  readonly crowded: WorkerDeps["crowded"];
  readonly foretell: WorkerDeps["foretell"];
  readonly scorer: WorkerDeps["scorer"];
  /** @default 15 minutes */
  readonly scoreEveryMs?: number;
  readonly committed: (events: readonly RecordedEvent[]) => void;
  readonly log: WorkerDeps["log"];
}

export interface Runtime {
  readonly workers: readonly Worker[];
  readonly manager: JetStreamManager;
  /** Rejects when a partition was lost for good: this process must end. */
  readonly lost: Promise<never>;
  stop(): Promise<void>;
}

/** Resolves when every partition reads from the bus. */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { sql, connection, partitions, now, log } = options;
  await ensurePartitions(sql, partitions);
  const manager = await managerOf(connection);
  await ensureStream(connection, manager, partitions);
  const snapshots = options.kvPath === undefined
    ? undefined
    : await openUsableSnapshots(options.kvPath, await logId(sql), log);

  const workers = Array.from(
    { length: partitions },
    (_, partition) =>
      startWorker(partition, {
        sql,
        database: options.database,
        connection,
        manager,
        snapshots,
        partitions,
        now,
        positioned: options.positioned,
        crowded: options.crowded,
        foretell: options.foretell,
        scorer: options.scorer,
        scoreEveryMs: options.scoreEveryMs ?? SCORE_MS,
        committed: options.committed,
        log,
      }),
  );

  const trimming = setInterval(async () => {
    try {
      const forgotten = await trim(sql, manager, now());
      if (forgotten > 0) log("info", "the broker forgot what the log has", { forgotten });
    } catch (error) {
      log("warn", "the broker could not be trimmed", { problem: String(error) });
    }
  }, TRIM_MS);

  async function stop(): Promise<void> {
    clearInterval(trimming);
    await Promise.all(workers.map((worker) => worker.stop()));
    snapshots?.close();
  }

  const lost = Promise.race(
    workers.map((worker) => worker.done.then(() => new Promise<never>(() => {}))),
  );
  lost.catch(() => {}); // Whoever runs the process watches it.
  try {
    await Promise.all(workers.map((worker) => worker.ready));
  } catch (error) {
    await stop();
    throw error;
  }
  return { workers, manager, lost, stop };
}

async function logId(sql: Sql): Promise<string> {
  const [row] = await sql`select id from log_identity`;
  return String(row?.id);
}

/** Snapshots are a cache: a damaged file is set aside and begun anew. */
async function openUsableSnapshots(
  path: string,
  id: string,
  log: WorkerDeps["log"],
): Promise<Snapshots | undefined> {
  try {
    return await openSnapshots(path, id);
  } catch (error) {
    log("warn", "snapshots cannot be opened; starting without them", {
      path,
      problem: String(error),
    });
    return undefined;
  }
}
