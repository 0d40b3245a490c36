import assert from "node:assert/strict";
import type { createFeed } from "../../events/feed.ts";
import { NOW, openStage, reading, type Stage, withStage } from "./stage.ts";

/** The stage behind a real port, where answers have no end. */
async function served(test: (stage: Stage, url: string) => Promise<void>): Promise<void> {
  await withStage(async (stage) => {
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => stage.app.fetch(request),
    );
    try {
      await test(stage, `http://127.0.0.1:${server.addr.port}/api/v1/live`);
    } finally {
      stage.stop();
      await server.shutdown();
    }
  });
}

interface SseMessage {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

/** Messages of a feed as they come; ends with the feed. */
async function* messages(response: Response): AsyncGenerator<SseMessage> {
  let rest = "";
  for await (
    const text of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())
  ) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      yield Object.fromEntries(
        block.split("\n").map((line) => {
          const colon = line.indexOf(": ");
          return [line.slice(0, colon) || "comment", line.slice(colon + 2)];
        }),
      );
    }
  }
}

async function take(response: Response, count: number): Promise<SseMessage[]> {
  const taken: SseMessage[] = [];
  for await (const message of messages(response)) {
    if (message.data !== undefined) taken.push(message);
    if (taken.length === count) break;
  }
  return taken;
}

function offsetsOf(taken: readonly SseMessage[]): number[] {
  return taken.map(({ data }) => JSON.parse(data ?? "").offset);
}

Deno.test("the head of a feed and a first line come at once, without any event", () =>
  served(async (_stage, url) => {
    const response = await fetch(url);
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    assert.equal(response.headers.get("cache-control"), "no-store");
    const first = await messages(response).next();
    assert.equal(first.value.comment, "live");
  }));

Deno.test("a feed shows what is asked for as it is recorded, and nothing else", () =>
  served(async (stage, url) => {
    const response = await fetch(`${url}?topics=status,alarms&kind=atm&id=atm-1`);
    const taking = take(response, 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const status = (stream: string, to: string) => ({
      stream,
      type: "StatusChanged",
      data: { from: null, to },
      occurredAt: NOW,
    });
    await stage.record([
      reading("S1", 1),
      status("atm-ATM-2", "offline"),
      status("atm-ATM-1", "offline"),
      { stream: "atm-ATM-1", type: "TelemetryReported", data: { status: "x" }, occurredAt: NOW },
      status("atm-ATM-1", "online"),
    ]);
    const taken = await taking;
    assert.deepEqual(offsetsOf(taken), [3, 5]);
    assert.deepEqual(taken.map(({ id }) => id), ["0:3", "0:5"]);
    const event = JSON.parse(taken[0]?.data ?? "");
    assert.deepEqual([event.kind, event.id, event.data.to], ["atm", "ATM-1", "offline"]);
  }));

Deno.test("a feed resumed anywhere, while events are recorded, has neither gap nor repeat", () =>
  served(async (stage, url) => {
    const total = 6_000;
    let recorded = 0;
    async function recordSome(): Promise<void> {
      while (recorded < total) {
        const batch = Array.from({ length: 40 }, (_, i) => reading(`S${i % 7}`, recorded + i));
        // Only afterwards: a cursor ahead of the log would be taken for one of another log.
        await stage.record(batch);
        recorded += batch.length;
      }
    }
    const recording = recordSome();
    const feeds = Array.from({ length: 12 }, async (_, i) => {
      await new Promise((resolve) => setTimeout(resolve, i * 40));
      const from = Math.floor(recorded * ((i % 4) / 4));
      const response = await fetch(`${url}?topics=readings`, {
        headers: { "last-event-id": `0:${from}` },
      });
      const taken = offsetsOf(await take(response, total - from));
      assert.deepEqual(taken, Array.from({ length: total - from }, (_, k) => from + k + 1));
    });
    await Promise.all([recording, ...feeds]);
  }));

Deno.test("a feed whose reader does not read is dropped, with the reason", () =>
  served(async (stage, url) => {
    const response = await fetch(url);
    const reader = messages(response);
    await reader.next();
    const bulky = "x".repeat(200_000);
    for (let i = 0; i < 200; i++) {
      await stage.record([{ ...reading("S1", i), data: { value: i, bulky } }]);
    }
    let last: SseMessage = {};
    for await (const message of reader) last = message;
    assert.equal(last.event, "dropped");
    assert.equal(JSON.parse(last.data ?? "").code, "too-slow");
  }));

Deno.test("a WebSocket at the same path carries the same, and resumes the same", () =>
  served(async (stage, url) => {
    await stage.record([reading("S1", 1), reading("S1", 2)]);
    const socket = new WebSocket(`${url.replace("http", "ws")}?topics=readings&last_event_id=0:1`);
    const heard: { type: string; cursor?: string; event?: { offset: number } }[] = [];
    const enough = Promise.withResolvers<void>();
    socket.onmessage = ({ data }) => {
      heard.push(JSON.parse(data));
      if (heard.filter(({ type }) => type === "event").length === 2) enough.resolve();
    };
    await new Promise((resolve) => socket.onopen = resolve);
    await stage.record([reading("S1", 3)]);
    await enough.promise;
    const events = heard.filter(({ type }) => type === "event");
    assert.deepEqual(events.map(({ event }) => event?.offset), [2, 3]);
    assert.equal(events[1]?.cursor, "0:3");
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
  }));

Deno.test("a thousand readers do not make the writer wait", async () => {
  const stage = await openStage();
  try {
    const feeds = await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        const response = await stage.app.request("/api/v1/live?topics=readings");
        return response.body?.getReader();
      }),
    );
    await Promise.all(feeds.map((feed) => feed?.read()));
    while (await active(stage) < 1_000) await new Promise((resolve) => setTimeout(resolve, 20));
    const events = Array.from({ length: 100 }, (_, batch) => {
      return Array.from({ length: 20 }, (_, i) => ({
        ...reading("S1", i),
        partition: 0,
        offset: batch * 20 + i + 1,
        version: batch * 20 + i,
        schemaVersion: 1,
        metadata: {},
        recordedAt: NOW,
      }));
    });
    let waitedMs = 0;
    const { publish } = stage.deps.feed as ReturnType<typeof createFeed>;
    for (const batch of events) {
      const startedAt = performance.now();
      publish(batch);
      waitedMs += performance.now() - startedAt;
    }
    assert(waitedMs < 50, `100 batches took the writer ${waitedMs} ms`);
    const texts = await Promise.all(feeds.map(async (feed) => {
      let text = "";
      while (!text.includes("id: 0:2000\n")) {
        text += new TextDecoder().decode((await feed?.read())?.value);
      }
      return text;
    }));
    assert.equal(new Set(texts).size, 1);
    await Promise.all(feeds.map((feed) => feed?.cancel()));
  } finally {
    await stage.close();
  }
});

async function active({ deps }: Stage): Promise<number> {
  const metric = await deps.register.getSingleMetric("live_feeds_active")?.get();
  return Number(metric?.values[0]?.value ?? 0);
}

Deno.test("when the server stops, feeds say so and end", () =>
  withStage(async (stage) => {
    const response = await stage.app.request("/api/v1/live");
    const all = Array.fromAsync(messages(response));
    await new Promise((resolve) => setTimeout(resolve, 50));
    stage.stop();
    const last = (await all).at(-1);
    assert.equal(last?.event, "closing");
  }));

Deno.test("anomalies of sensors are a topic of their own, by SSE and by WebSocket", () =>
  served(async (stage, url) => {
    const bySse = take(await fetch(`${url}?topics=anomalies`), 2);
    const socket = new WebSocket(`${url.replace("http", "ws")}?topics=anomalies`);
    const byWebSocket = new Promise<{ type: string }>((resolve) => {
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === "event") resolve(message.event);
      };
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const fact = (type: string, data: Record<string, unknown>) => ({
      stream: "sensor-S1",
      type,
      data,
      occurredAt: NOW,
    });
    const found = { episode: 1, startedAt: new Date(NOW).toISOString(), score: 0.9, detectors: [] };
    await stage.record([
      reading("S1", 1),
      fact("AnomalyDetected", found),
      fact("AnomalyResolved", { episode: 1, by: "Ada" }),
    ]);
    const types = (await bySse).map(({ data }) => JSON.parse(data ?? "").type);
    assert.deepEqual(types, ["AnomalyDetected", "AnomalyResolved"]);
    assert.equal((await byWebSocket).type, "AnomalyDetected");
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
  }));

Deno.test("what is foretold of a device is news of that device, by SSE and by WebSocket", () =>
  served(async (stage, url) => {
    const query = "?topics=predictions&kind=atm&id=ATM-1";
    const bySse = take(await fetch(url + query), 2);
    const socket = new WebSocket(url.replace("http", "ws") + query);
    const byWebSocket = new Promise<{ kind: string; id: string; type: string }>((resolve) => {
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === "event") resolve(message.event);
      };
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const fact = (id: string, type: string, data: Record<string, unknown>) => ({
      stream: `inference-atm-${id}`,
      type,
      data,
      occurredAt: NOW,
    });
    const risk = { probability: 0.9, horizonHours: 4, model: "m" };
    const predicted = { ...risk, prediction: "atm-ATM-1.1", threshold: 0.5, factors: [] };
    await stage.record([
      fact("ATM-1", "RiskScored", risk),
      fact("ATM-2", "FailurePredicted", { ...predicted, prediction: "atm-ATM-2.1" }),
      fact("ATM-1", "FailurePredicted", predicted),
      fact("ATM-1", "FailureRiskCleared", {
        prediction: "atm-ATM-1.1",
        probability: 0.1,
        why: "risk-fell",
      }),
    ]);
    const told = (await bySse).map(({ data }) => JSON.parse(data ?? ""));
    assert.deepEqual(told.map(({ type }) => type), ["FailurePredicted", "FailureRiskCleared"]);
    const { kind, id, type } = await byWebSocket;
    assert.deepEqual([kind, id, type], ["atm", "ATM-1", "FailurePredicted"]);
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
  }));

Deno.test("maintenance is watched from the recommendation to the end", () =>
  served(async (stage, url) => {
    const watched = take(await fetch(`${url}?topics=maintenance`), 3);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const fact = (stream: string, type: string) => ({
      stream,
      type,
      data: { entry: "atm-A.1", prediction: "atm-A.1" },
      occurredAt: NOW,
    });
    await stage.record([
      {
        ...fact("inference-atm-A", "RiskScored"),
        data: { probability: 0, horizonHours: 4, model: "m" },
      },
      fact("inference-atm-A", "MaintenanceRecommended"),
      fact("atm-A", "MaintenanceScheduled"),
      fact("atm-A", "MaintenanceDone"),
    ]);
    assert.deepEqual((await watched).map(({ data }) => JSON.parse(data ?? "").type), [
      "MaintenanceRecommended",
      "MaintenanceScheduled",
      "MaintenanceDone",
    ]);
  }));
