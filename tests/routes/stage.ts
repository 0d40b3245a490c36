/** The routes before a real log and real read models; the test itself plays the bus and the actors. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { Registry } from "prom-client";
import type { Published, Publisher, PublishOptions } from "../../events/bus/publisher.ts";
import type { RecordedEvent } from "../../events/event.ts";
import { createFeed } from "../../events/feed.ts";
import { readPartition } from "../../events/log/read.ts";
import { projections } from "../../projections/mod.ts";
import { startProjector } from "../../projections/projector.ts";
import { createSeriesModels } from "../../projections/series_models.ts";
import { createApp } from "../../routes/app.ts";
import { createSeriesUsage } from "../../routes/contracts/series/usage.ts";
import { type Deps, LOOPBACK_HOSTS } from "../../routes/deps.ts";
import { startTrainingJobs } from "../../routes/training/jobs.ts";
import { formatOffsets } from "../../routes/offsets.ts";
import { appendToLog, createRecorder, type Fact } from "../projections/log.ts";
import { type FreshDatabase, freshDatabase } from "../support/servers.ts";

export interface Sent {
  readonly subject: string;
  readonly payload: string;
  readonly options: PublishOptions;
}

export interface Stage {
  readonly database: FreshDatabase;
  readonly app: OpenAPIHono;
  readonly deps: Deps;
  /** What the routes have published, in order. */
  readonly sent: Sent[];
  /** How the bus takes a message; a test may put another in its place. */
  answer: (sent: Sent) => Promise<Published>;
  /** Errors of our own that the routes reported. */
  readonly reported: Error[];
  /** Writes facts to the log, shows them live, and waits until they can be asked for. */
  record(facts: readonly Fact[], partition?: number): Promise<readonly RecordedEvent[]>;
  /** As when the server is told to stop: live feeds end. */
  stop(): void;
  close(): Promise<void>;
}

/** Noon of a day in the past: what the routes take for now. */
export const NOW = Date.UTC(2026, 5, 15, 12);

export async function openStage(overrides: Partial<Deps> = {}): Promise<Stage> {
  const database = await freshDatabase();
  const { sql } = database;
  await sql`insert into partitions (partition) values (0)`;
  const projector = await startProjector({ sql, projections, partitions: [0] });
  const feed = createFeed();
  const place = createRecorder();
  const sent: Sent[] = [];
  const reported: Error[] = [];
  const stopping = new AbortController();
  const register = new Registry();

  const publisher: Publisher = {
    publish(subject, payload, options = {}) {
      const message = { subject, payload: new TextDecoder().decode(payload), options };
      sent.push(message);
      return stage.answer(message);
    },
  };
  const report = (error: Error) => reported.push(error);
  const training = startTrainingJobs({
    sql,
    database: {
      name: "training",
      connectionsMax: 1,
      ...(database.socket ? { socket: database.socket } : { url: database.url }),
    },
    publisher,
    now: () => NOW,
    report,
  });
  const deps: Deps = {
    sql,
    publisher,
    feed,
    readEvents: (partition, after, limit) => readPartition(sql, partition, after, limit),
    stateAt: () => Promise.resolve(undefined),
    series: {
      models: createSeriesModels({ sql, alone: false }),
      usage: createSeriesUsage({ sql, register }),
    },
    stats: () =>
      Promise.resolve({ events: 0, quarantined: 0, devices: {}, partitions: [], projections: [] }),
    readiness: () => Promise.resolve({ ok: true, parts: {} }),
    cursor: () => {
      const offsets = projector.positions().map(({ offset }) => offset);
      return formatOffsets(new Map([[0, Math.min(...offsets)]]));
    },
    waitFor: (offsets, timeoutMs) => projector.waitFor(offsets, timeoutMs),
    reports: { subscribe: () => () => {} },
    training,
    foretell: () => undefined,
    foretelling: {
      serving: () => undefined,
      score: () => Promise.reject(new Error("There is no model")),
      features: () => "elsewhere",
    },
    now: () => NOW,
    trendMinutesDays: 30,
    version: "0.0.0-test",
    register,
    report,
    allowedHosts: LOOPBACK_HOSTS,
    stopping: stopping.signal,
    ...overrides,
  };

  const stage: Stage = {
    database,
    app: createApp(deps),
    deps,
    sent,
    answer: () => Promise.resolve({ sequence: sent.length, duplicate: false }),
    reported,
    async record(facts, partition = 0) {
      const events = place(partition, facts);
      await appendToLog(sql, events);
      projector.offer(events);
      feed.publish(events);
      await projector.waitFor(new Map([[partition, events.at(-1)?.offset ?? 0]]), 10_000);
      return events;
    },
    stop: () => stopping.abort(),
    async close() {
      stopping.abort();
      await training.stop();
      await projector.stop();
      await database.close();
    },
  };
  return stage;
}

export async function withStage(
  test: (stage: Stage) => Promise<void>,
  overrides: Partial<Deps> = {},
): Promise<void> {
  const stage = await openStage(overrides);
  try {
    await test(stage);
  } finally {
    await stage.close();
  }
}

/** A sensor's reading, at a moment, as the log has it. */
export function reading(id: string, value: number, occurredAt = NOW - 60_000): Fact {
  return { stream: `sensor-${id}`, type: "ReadingReported", data: { value }, occurredAt };
}

/** A request with a JSON body. */
export function posted(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}
