/** The runtime between a real broker and a real database, its clock in the test's hand. */
import type { SavedState, Snapshots } from "../../actors/runtime/snapshots.ts";
import { openSnapshots } from "../../actors/runtime/snapshots.ts";
import { createRegistry, type Registry } from "../../actors/runtime/registry.ts";
import { type Runtime, startRuntime } from "../../actors/runtime/runtime.ts";
import { connectBus, type NatsConnection } from "../../events/bus/connection.ts";
import { createPublisher } from "../../events/bus/jetstream_publisher.ts";
import type { Answer, PublishOptions } from "../../events/bus/publisher.ts";
import type { RecordedEvent } from "../../events/event.ts";
import type { Sql } from "../../events/log/database.ts";
import type { Scorer } from "../../models/failure/scorer.ts";
import { readPartition } from "../../events/log/read.ts";
import {
  type FreshBroker,
  freshBroker,
  type FreshDatabase,
  freshDatabase,
  removeFolder,
  temporaryFolder,
} from "../support/servers.ts";

/** From one score of an ATM to its next. */
export const SCORE_MS = 900_000;

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

export interface Stage {
  readonly sql: Sql;
  readonly database: FreshDatabase;
  readonly kvPath: string;
  readonly lines: LogLine[];
  /** Events in the order in which the runtime told of them. */
  readonly committed: RecordedEvent[];
  /** None until a test puts one here, before it starts the runtime. */
  scorer: Pick<Scorer, "serving" | "score">;
  /** Milliseconds the runtime's clock is ahead of ours. */
  ahead: number;
  /** Starts the runtime, or starts it again as after an end of the process. */
  start(options?: { partitions?: number; kvPath?: string }): Promise<Runtime>;
  stop(): Promise<void>;
  connection(): NatsConnection;
  /** Resolves after the commit. */
  say(subject: string, body: unknown, options?: PublishOptions): Promise<Answer>;
  /** Resolves when JetStream has it. */
  send(subject: string, body: unknown, options?: PublishOptions): Promise<number>;
  close(): Promise<void>;
}

/** On a database of its own, unless it is to share another stage's. */
export async function openStage(
  broker: { readonly url: string },
  shared?: FreshDatabase,
): Promise<Stage> {
  const database = shared ?? await freshDatabase();
  const folder = await temporaryFolder();
  let connection: NatsConnection | undefined;
  let publisher: ReturnType<typeof createPublisher> | undefined;
  let runtime: Runtime | undefined;
  let pool: Sql | undefined;

  async function stop(): Promise<void> {
    await runtime?.stop();
    publisher?.close();
    await connection?.close();
    await pool?.end({ timeout: 5 });
    runtime =
      publisher =
      connection =
      pool =
        undefined;
  }

  async function publish(subject: string, body: unknown, options: PublishOptions) {
    if (!publisher) throw new Error("The runtime was not started");
    const payload = body instanceof Uint8Array
      ? body
      : new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
    return await publisher.publish(subject, payload, options);
  }

  const stage: Stage = {
    sql: database.sql,
    database,
    kvPath: `${folder}/snapshots.sqlite`,
    lines: [],
    committed: [],
    scorer: { serving: () => undefined, score: () => Promise.reject(new Error("No model")) },
    ahead: 0,
    async start({ partitions = 1, kvPath = stage.kvPath } = {}) {
      await stop();
      connection = await connectBus(broker.url, "test");
      publisher = createPublisher(connection);
      pool = database.connect("runtime", partitions * 2 + 2);
      const { socket, url } = database;
      runtime = await startRuntime({
        sql: pool,
        database: { ...(socket ? { socket } : { url }), name: "writer" },
        connection,
        partitions,
        kvPath,
        now: () => Date.now() + stage.ahead,
        positioned: () => {},
        crowded: () => false,
        foretell: () => undefined,
        scorer: stage.scorer,
        scoreEveryMs: SCORE_MS,
        committed: (events) => void stage.committed.push(...events),
        log: (level, message, fields = {}) => {
          stage.lines.push({ level, message, fields: fields as Record<string, unknown> });
        },
      });
      return runtime;
    },
    stop,
    connection() {
      if (!connection) throw new Error("The runtime was not started");
      return connection;
    },
    async say(subject, body, options = {}) {
      const { answer } = await publish(subject, body, { ...options, waitForLog: true });
      if (!answer) throw new Error(`Nobody answered a message for "${subject}"`);
      return answer;
    },
    send: async (subject, body, options = {}) => (await publish(subject, body, options)).sequence,
    async close() {
      await stop();
      if (!shared) await database.close();
      await removeFolder(folder);
    },
  };
  return stage;
}

/** Runs a test between a broker and a database of its own. */
export async function onStage(
  test: (stage: Stage, broker: FreshBroker) => Promise<void>,
): Promise<void> {
  const broker = await freshBroker();
  try {
    const stage = await openStage(broker);
    try {
      await test(stage, broker);
    } finally {
      await stage.close();
    }
  } finally {
    await broker.stop();
  }
}

export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!await holds()) {
    if (performance.now() > deadline) throw new Error(`Waited 20 s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The actors as the log tells them, by stream. */
export async function foldLog(sql: Sql, partition = 0): Promise<Registry> {
  const registry = createRegistry();
  for (const event of await readPartition(sql, partition, 0, 1_000_000)) registry.replay(event);
  return registry;
}

/** The actors as they were saved, by stream. */
export async function readSaved(stage: Stage): Promise<Map<string, SavedState>> {
  return await withSnapshots(stage, async (snapshots) => {
    const states = new Map<string, SavedState>();
    for await (const { stream, saved } of snapshots.list(0)) {
      if (saved) states.set(stream, saved);
    }
    return states;
  });
}

export async function withSnapshots<Result>(
  stage: Stage,
  work: (snapshots: Snapshots, logId: string) => Promise<Result>,
): Promise<Result> {
  const [row] = await stage.sql<{ id: string }[]>`select id from log_identity`;
  const logId = row?.id ?? "";
  const snapshots = await openSnapshots(stage.kvPath, logId);
  try {
    return await work(snapshots, logId);
  } finally {
    snapshots.close();
  }
}
