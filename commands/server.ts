/**
 * The wiring of a running Telltale: which part is given what, in which order they start, and the
 * reverse order in which they stop.
 */
import { Registry } from "prom-client";
import { type Runtime, startRuntime } from "../actors/runtime/runtime.ts";
import { stateAt } from "../actors/runtime/state_at.ts";
import { connectBus, type NatsConnection } from "../events/bus/connection.ts";
import { createPublisher } from "../events/bus/jetstream_publisher.ts";
import { streamInfo } from "../events/bus/stream.ts";
import { messageOf } from "../events/errors.ts";
import { createFeed } from "../events/feed.ts";
import { HOUR_MS } from "../events/instant.ts";
import type { ConnectOptions, Sql } from "../events/log/database.ts";
import { readPartition } from "../events/log/read.ts";
import { ALIVE_MS, noteAlive } from "../events/log/runs.ts";
import { migrate } from "../migrations/migrate.ts";
import { countByKind } from "../projections/devices.ts";
import { projections } from "../projections/mod.ts";
import { type Projector, startProjector } from "../projections/projector.ts";
import { forgetOld, type Retention } from "../projections/retention.ts";
import { caughtUp } from "../reports/caught_up.ts";
import { startReportService } from "../reports/service.ts";
import { createSeriesModels } from "../projections/series_models.ts";
import { createApp } from "../routes/app.ts";
import { startTrainingJobs } from "../routes/training/jobs.ts";
import { startRetraining } from "../routes/training/retraining.ts";
import { shipModel } from "../routes/training/ship.ts";
import { createSeriesUsage } from "../routes/contracts/series/usage.ts";
import { LOOPBACK_HOSTS, type Readiness, type Stats } from "../routes/deps.ts";
import {
  lockDataFolder,
  provideBroker,
  provideDatabase,
  type ProvidedBroker,
  type ProvidedDatabase,
  type ServiceEvent,
} from "../services/mod.ts";
import { type Config, UserError } from "./command.ts";
import { followWithForesight } from "./foresight.ts";
import { openFrontDoor } from "./front_door.ts";
import { createLog, type Log } from "./log.ts";
import { registerRuntimeMetrics } from "./metrics.ts";
import { followWithScorer, foretellingOf } from "./scoring.ts";
import { VERSION } from "./version.ts";

export interface Server {
  /** What was started, where the data is, and where to look. */
  readonly summary: string;
  readonly natsUrl: string;
  readonly log: Log;
  /** Rejects when it cannot go on. */
  readonly lost: Promise<never>;
  /** Takes no more, commits what was taken, closes, and ends what it started. */
  stop(): Promise<void>;
}

/** What has been started so far, and how to undo it, last first. */
type Undo = () => Promise<unknown> | unknown;

export async function startServer(config: Config): Promise<Server> {
  requireLoopback(config);
  const log = createLog(config.logLevel);
  const undo: Undo[] = [];

  async function stop(): Promise<void> {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  }

  try {
    return await start(config, log, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  config: Config,
  log: Log,
  undo: Undo[],
  stop: () => Promise<void>,
): Promise<Server> {
  const folder = lockDataFolder(config.dataDir);
  undo.push(() => folder.release());
  const stopping = new AbortController();
  const door = openFrontDoor(config.host, config.port);
  undo.push(() => door.close());

  const onEvent = ({ service, level, message }: ServiceEvent) => log(level, message, { service });
  const [database, broker] = await both(
    provideDatabase(config, { onEvent }),
    provideBroker(config, onEvent),
    undo,
  );
  const sql = pool(database, "log", config.partitions * 2 + 2, undo);
  const reading = pool(database, "queries", 8, undo);
  const folding = pool(database, "projections", projections.length + 2, undo);
  await migrate(sql);

  const connection = await connectBus(broker.url, "server");
  undo.push(() => connection.close());
  const publisher = createPublisher(connection);
  undo.push(() => publisher.close());

  undo.push(sayAlive(reading, log));

  const feed = createFeed();
  const partitions = Array.from({ length: config.partitions }, (_, partition) => partition);
  const projector = await startProjector({
    sql: folding,
    projections,
    partitions,
    keep: config.keep,
    onProblem: ({ projection, message, stopped }) =>
      log(stopped ? "error" : "warn", message, { projection }),
  });
  undo.push(() => projector.stop());
  undo.push(forgetHourly(folding, config.keep, log));

  const reports = await startReportService({
    sql: pool(database, "reports", 4, undo),
    database: connectOptions(database, "report"),
    waitFor: (offsets, timeoutMs) => caughtUp(projector, offsets, timeoutMs),
    now: Date.now,
    retentionDays: config.reportRetentionDays,
    onProblem: (message) => log("warn", message),
  });
  undo.push(() => reports.stop());

  const report = (error: Error) =>
    log("error", "a request failed", { problem: error.stack ?? error.message });
  const training = startTrainingJobs({
    sql: reading,
    database: connectOptions(database, "training"),
    publisher,
    now: Date.now,
    report,
  });
  undo.push(() => training.stop());
  if (config.trainFailure) undo.push(startRetraining(config.trainFailure, training, Date.now));
  const foresight = await followWithForesight(reading, (problem) => log("warn", problem));
  undo.push(() => foresight.stop());

  /** Filled in when it runs; who asks before is told that it is starting. */
  const started: { runtime?: Runtime } = {};
  const register = new Registry();
  registerRuntimeMetrics(register, () => started.runtime?.workers ?? [], projector);
  const failures = followWithScorer({
    sql: reading,
    register,
    report: (problem) => log("warn", problem),
  });
  undo.push(() => failures.stop());
  // Nobody else writes to a database of our own; one that was given may have others.
  const models = createSeriesModels({ sql: reading, alone: database.managed });
  const usage = createSeriesUsage({ sql: reading, register });
  const using = usage.start((error) =>
    log("warn", "counts of predictions are not written", { problem: String(error) })
  );
  undo.push(() => using.stop());
  const app = createApp({
    sql: reading,
    publisher,
    feed,
    readEvents: (partition, after, limit) => readPartition(reading, partition, after, limit),
    stateAt: (stream, instant) => stateAt(reading, stream, instant),
    series: { models, usage },
    stats: () => statsOf(reading, started.runtime, projector),
    readiness: () => readinessOf(reading, connection, started.runtime, projector),
    cursor: () => cursorOf(projector, partitions),
    waitFor: (offsets, timeoutMs) => projector.waitFor(offsets, timeoutMs),
    now: Date.now,
    trendMinutesDays: config.keep.trendMinutesDays,
    reports,
    training,
    foretell: (stream, at) => foresight.forecast(stream, at),
    foretelling: foretellingOf(failures.scorer, () => started.runtime),
    version: VERSION,
    register,
    report,
    allowedHosts: isLoopback(config.host) ? LOOPBACK_HOSTS : undefined,
    stopping: stopping.signal,
  });
  door.open((request, info) => app.fetch(request, { info }));

  const runtime = await startRuntime({
    sql,
    database: connectOptions(database, "writer"),
    connection,
    partitions: config.partitions,
    kvPath: config.kvUrl ?? `${folder.path}/snapshots.sqlite`,
    now: Date.now,
    positioned(partition, offset) {
      projector.reached(partition, offset);
      models.missed();
    },
    crowded: () => projector.crowded(),
    foretell: (stream, at) => foresight.forecast(stream, at),
    scorer: failures.scorer,
    committed(events) {
      models.offer(events);
      foresight.committed(events);
      failures.committed(events);
      projector.offer(events);
      feed.publish(events);
    },
    log,
  });
  started.runtime = runtime;
  undo.push(() => runtime.stop());
  await shipModel(reading);
  // Should the bus be away, the next round tells.
  training.tell().catch(() => {});
  // Live feeds end first, so that nobody waits for events that will not come.
  undo.push(() => stopping.abort());

  return {
    summary: describe(config, database, broker, folder.path),
    natsUrl: broker.url,
    log,
    lost: runtime.lost,
    stop,
  };
}

/** Notes now and then that this process lives; returns how to stop. */
function sayAlive(sql: Sql, log: Log): Undo {
  const run = crypto.randomUUID();
  const note = () =>
    noteAlive(sql, run, Date.now()).catch((error: unknown) =>
      log("debug", "an uptime could not be noted", { problem: String(error) })
    );
  note();
  const timer = setInterval(note, ALIVE_MS);
  return () => clearInterval(timer);
}

/** Lets read models go of what is too old, at a pace nobody notices; returns how to stop. */
function forgetHourly(sql: Sql, keep: Retention, log: Log): Undo {
  const stopping = new AbortController();
  let forgetting: Promise<void> | undefined;

  async function forget(): Promise<void> {
    for (const projection of projections) {
      try {
        const rows = await forgetOld(sql, projection, projection.name, keep, stopping.signal);
        if (rows > 0) log("info", "old rows were forgotten", { projection: projection.name, rows });
      } catch (error) {
        const { name } = projection;
        log("warn", "old rows could not be forgotten", {
          projection: name,
          problem: String(error),
        });
      }
    }
  }
  const begin = () => {
    // The first sweep of a large table may take longer than until the next.
    forgetting ??= forget().finally(() => forgetting = undefined);
  };
  begin();
  const timer = setInterval(begin, HOUR_MS);
  return async () => {
    clearInterval(timer);
    stopping.abort();
    await forgetting;
  };
}

/** Waits for both; if one fails, what the other started is still undone. */
async function both(
  database: Promise<ProvidedDatabase>,
  broker: Promise<ProvidedBroker>,
  undo: Undo[],
): Promise<[ProvidedDatabase, ProvidedBroker]> {
  const results = await Promise.allSettled([database, broker]);
  for (const result of results) {
    if (result.status === "fulfilled") undo.push(() => result.value.stop());
  }
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return [await database, await broker];
}

function pool(database: ProvidedDatabase, name: string, max: number, undo: Undo[]): Sql {
  const sql = database.connect(name, max);
  undo.push(() => sql.end({ timeout: 5 }));
  return sql;
}

function connectOptions({ socket, url }: ProvidedDatabase, name: string): ConnectOptions {
  return {
    name,
    connectionsMax: 1,
    ...(socket ? { socket } : { url }),
  };
}

async function statsOf(
  sql: Sql,
  runtime: Runtime | undefined,
  projector: Projector,
): Promise<Stats> {
  const workers = runtime?.workers ?? [];
  // The broker is asked before the log's own position is read, so that 0 means caught up.
  const lags = await Promise.all(workers.map((worker) => worker.lag()));
  const statuses = workers.map((worker) => worker.status());
  const devices = await countByKind(sql);
  return {
    events: statuses.reduce((sum, { offset }) => sum + offset, 0),
    quarantined: statuses.reduce((sum, { quarantined }) => sum + quarantined, 0),
    devices,
    partitions: statuses.map(({ partition, batch, offset, sequence }, i) => ({
      partition,
      batch,
      offset,
      broker_sequence: sequence,
      lag: lags[i] ?? null,
    })),
    projections: [...projector.lag()].map(([name, lag]) => ({ name, lag })),
  };
}

async function readinessOf(
  sql: Sql,
  connection: NatsConnection,
  runtime: Runtime | undefined,
  projector: Projector,
): Promise<Readiness> {
  const statuses = (runtime?.workers ?? []).map((worker) => worker.status());
  const stuck = statuses.find(({ state }) => state !== "running");
  const errors = [...projector.errors()];
  const parts: Record<string, { ok: boolean; detail: string }> = {
    database: await probe(async () => {
      await sql`select 1`;
    }),
    broker: await probe(() => runtime ? streamInfo(runtime.manager) : connection.flush()),
    partitions: statuses.length > 0 && !stuck
      ? { ok: true, detail: `${statuses.length} running` }
      : {
        ok: false,
        detail: stuck ? `${stuck.partition} ${stuck.state}: ${stuck.problem}` : "starting",
      },
    projections: errors.length === 0
      ? { ok: true, detail: "running" }
      : { ok: false, detail: errors.map(([name, problem]) => `${name}: ${problem}`).join("; ") },
  };
  return { ok: Object.values(parts).every(({ ok }) => ok), parts };
}

const PROBE_MS = 2_000;

async function probe(ask: () => Promise<unknown>): Promise<{ ok: boolean; detail: string }> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PROBE_MS} ms`)), PROBE_MS);
  });
  try {
    await Promise.race([ask(), late]);
    return { ok: true, detail: "answers" };
  } catch (error) {
    return { ok: false, detail: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** The lowest offset every read model has, per partition. */
function cursorOf(projector: Projector, partitions: readonly number[]): string {
  const positions = projector.positions();
  return partitions.map((partition) => {
    const offsets = positions.filter((at) => at.partition === partition).map(({ offset }) =>
      offset
    );
    return `${partition}:${offsets.length === 0 ? 0 : Math.min(...offsets)}`;
  }).join(",");
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

function requireLoopback({ host }: Config): void {
  if (isLoopback(host)) return;
  throw new UserError(
    `Refusing to listen on HOST=${host}: Telltale has no authentication yet, and everyone who reaches that address could read and command the fleet. Use HOST=127.0.0.1 behind a proxy of your own`,
  );
}

function describe(
  config: Config,
  database: ProvidedDatabase,
  broker: ProvidedBroker,
  folder: string,
): string {
  const base = `http://${
    config.host.includes(":") ? `[${config.host}]` : config.host
  }:${config.port}`;
  const origin = (provided: { managed: boolean; adopted: boolean }) =>
    !provided.managed ? "yours" : provided.adopted ? "found running" : "started";
  return `Telltale ${VERSION} is watching.

  database  ${database.description} (${origin(database)})
  broker    ${broker.description} (${origin(broker)})
  data      ${folder}

  fleet     ${base}/
  API       ${base}/docs
  metrics   ${base}/metrics
  publish   nats pub devices.sensor.S1.reading '{"value": 21.5}' -s ${broker.url}

Ctrl-C stops.`;
}
