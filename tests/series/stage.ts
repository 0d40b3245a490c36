/** The 3-sigma service as it runs: a real broker, a real log, and as many nodes as a test wants. */
import { Registry } from "prom-client";
import { startRuntime } from "../../actors/runtime/runtime.ts";
import { connectBus } from "../../events/bus/connection.ts";
import { createPublisher } from "../../events/bus/jetstream_publisher.ts";
import { createSeriesModels } from "../../projections/series_models.ts";
import { type SeriesDeps, seriesRoutes } from "../../routes/contracts/series/mod.ts";
import { createSeriesUsage } from "../../routes/contracts/series/usage.ts";
import { problemOf } from "../../routes/problem.ts";
import { posted } from "../routes/stage.ts";
import {
  type FreshBroker,
  freshBroker,
  type FreshDatabase,
  freshDatabase,
} from "../support/servers.ts";

export interface Node {
  readonly deps: SeriesDeps;
  request(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, body: unknown): Promise<{ status: number; body: Answer }>;
  get(path: string): Promise<Answer>;
}

// deno-lint-ignore no-explicit-any -- what came over HTTP; the assertions look at it
export type Answer = any;

export interface Cluster {
  readonly database: FreshDatabase;
  /** It owns the partition, and knows that nobody else writes. */
  readonly owner: Node;
  /** Another process on the same log. */
  join(): Promise<Node>;
}

export async function withCluster(test: (cluster: Cluster) => Promise<void>): Promise<void> {
  const undo: (() => unknown)[] = [];
  try {
    const broker = await freshBroker();
    undo.push(() => broker.stop());
    const database = await freshDatabase();
    undo.push(() => database.close());
    const place = { broker, database, undo };
    const owner = await openNode(place, { alone: true });
    await own(place, owner);
    await test({ database, owner, join: () => openNode(place, { alone: false }) });
  } finally {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  }
}

interface Place {
  readonly broker: FreshBroker;
  readonly database: FreshDatabase;
  readonly undo: (() => unknown)[];
}

async function own({ broker, database, undo }: Place, { deps }: Node): Promise<void> {
  const { models } = deps.series;
  const connection = await connectBus(broker.url, "owner");
  undo.push(() => connection.close());
  const sql = database.connect("owner", 4);
  undo.push(() => sql.end({ timeout: 5 }));
  const { socket, url } = database;
  const runtime = await startRuntime({
    sql,
    database: { ...(socket ? { socket } : { url }), name: "writer" },
    connection,
    partitions: 1,
    kvPath: undefined,
    now: Date.now,
    positioned: () => models.missed(),
    crowded: () => false,
    foretell: () => undefined,
    scorer: { serving: () => undefined, score: () => Promise.reject(new Error("No model")) },
    committed: (events) => models.offer(events),
    log: () => {},
  });
  undo.push(() => runtime.stop());
}

async function openNode(
  { broker, database, undo }: Place,
  { alone }: { readonly alone: boolean },
): Promise<Node> {
  const sql = database.connect("node", 4);
  undo.push(() => sql.end({ timeout: 5 }));
  const connection = await connectBus(broker.url, "node");
  undo.push(() => connection.close());
  const publisher = createPublisher(connection);
  undo.push(() => publisher.close());
  const stopping = new AbortController();
  undo.push(() => stopping.abort());
  const deps: SeriesDeps = {
    sql,
    publisher,
    series: {
      models: createSeriesModels({ sql, alone }),
      usage: createSeriesUsage({ sql, register: new Registry() }),
    },
    now: Date.now,
    stopping: stopping.signal,
  };
  const app = seriesRoutes(deps);
  app.onError((error, c) =>
    problemOf(error, c, () => {
      throw error;
    })
  );
  const request = async (path: string, init?: RequestInit) => await app.request(path, init);
  return {
    deps,
    request,
    async post(path, body) {
      const response = await request(path, posted(body));
      return { status: response.status, body: await response.json() };
    },
    get: async (path) => await (await request(path)).json(),
  };
}

export const START = 1_609_459_200;

/** `count` points a minute apart that swing by 1 around a level. */
export function history(level = 20, count = 10): { timestamps: number[]; values: number[] } {
  return {
    timestamps: Array.from({ length: count }, (_, i) => START + i * 60),
    values: Array.from({ length: count }, (_, i) => level + (i % 2 === 0 ? 1 : -1)),
  };
}
