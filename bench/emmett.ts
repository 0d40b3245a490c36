/**
 * A peer: Emmett's PostgreSQL event store on the same server, one event per append, 16 writers.
 * Optional: fetched only for this comparison, and left out with a word where it cannot be had.
 */
import type { ProvidedDatabase } from "../services/mod.ts";
import { perSecond, say } from "./running.ts";

const PACKAGE = "npm:@event-driven-io/emmett-postgresql@0.42.0";
const WRITERS = 16;
const APPENDS = 20_000;

interface EventStore {
  appendToStream(stream: string, events: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Appends per second, or undefined where the package cannot be had. */
export async function appendRateOfEmmett(
  database: Pick<ProvidedDatabase, "connect" | "socket" | "url">,
): Promise<number | undefined> {
  const sql = database.connect("bench", 1);
  await sql.unsafe("drop database if exists bench_emmett");
  await sql.unsafe("create database bench_emmett");
  try {
    const store = await open(connectionString(database));
    if (!store) return undefined;
    try {
      return await measure(store);
    } finally {
      await store.close();
    }
  } finally {
    await sql.unsafe("drop database if exists bench_emmett with (force)");
    await sql.end();
  }
}

async function open(connection: string): Promise<EventStore | undefined> {
  try {
    const { getPostgreSQLEventStore } = await import(PACKAGE);
    return getPostgreSQLEventStore(connection);
  } catch (error) {
    say(
      `emmett: left out, ${PACKAGE} cannot be loaded (${
        error instanceof Error ? error.message : error
      })`,
    );
    return undefined;
  }
}

function connectionString({ socket, url }: Pick<ProvidedDatabase, "socket" | "url">): string {
  if (socket) {
    const folder = socket.path.slice(0, socket.path.lastIndexOf("/"));
    return `postgresql://${socket.user}@localhost/bench_emmett?host=${encodeURIComponent(folder)}`;
  }
  const own = new URL(url ?? "");
  own.pathname = "/bench_emmett";
  return own.href;
}

async function measure(store: EventStore): Promise<number> {
  const event = {
    type: "TelemetryReported",
    data: { status: "online", cash: 55.5, temperature: 22.1, cpu: 30, memory: 40, latency: 100 },
  };
  await store.appendToStream("warm-up", [event]);
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: WRITERS }, async (_, writer) => {
    for (let i = 0; i < APPENDS / WRITERS; i++) {
      await store.appendToStream(`atm-${writer}-${i % 32}`, [event]);
    }
  }));
  return APPENDS / (performance.now() - startedAt) * 1000;
}

/** Prints how many times as fast the log took its events. */
export async function compareWithEmmett(
  database: Pick<ProvidedDatabase, "connect" | "socket" | "url">,
  rate: number,
): Promise<void> {
  const theirs = await appendRateOfEmmett(database);
  if (theirs === undefined) return;
  say(
    `emmett (one event per append, ${WRITERS} writers, same server): ${
      perSecond(theirs, 1000)
    } appends/s; Telltale's whole path did ${(rate / theirs).toFixed(1)} times that`,
  );
}
