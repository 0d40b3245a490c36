import assert from "node:assert/strict";
import { BusUnavailableError } from "../../events/bus/publisher.ts";
import { NOW, posted, withStage } from "./stage.ts";

const AT = "2026-06-15T11:59:00Z";

function item(id: string, data: unknown, more: object = {}): object {
  return { kind: "sensor", id, message: "reading", data, ...more };
}

Deno.test("a message goes onto the bus byte for byte, under its own subject", () =>
  withStage(async ({ app, sent }) => {
    const body = `{ "value": 1.50,  "serial": 12345678901234567890 }`;
    const response = await app.request("/api/v1/telemetry/sensor/S1/reading", posted(body));
    assert.equal(response.status, 202);
    assert.deepEqual(await response.json(), { ok: true, sequence: 1, duplicate: false });
    assert.equal(sent[0]?.subject, "devices.sensor.S1.reading");
    assert.equal(sent[0]?.payload, body);
  }));

Deno.test("a key makes a message recognisable, and a trace goes along", () =>
  withStage(async ({ app, sent }) => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await app.request(
      "/api/v1/telemetry/sensor/S1/reading",
      posted({ value: 1 }, { "idempotency-key": "k1", traceparent }),
    );
    const item = { kind: "sensor", id: "S1", message: "reading", data: { value: 1 } };
    await app.request(
      "/api/v1/telemetry",
      posted([item, { ...item, messageId: "own" }], { "idempotency-key": "k2" }),
    );
    assert.deepEqual(sent.map(({ options }) => options.messageId), ["k1", "k2:0", "own"]);
    assert.deepEqual(sent[0]?.options.headers, { traceparent });
  }));

Deno.test("a plain object is the report of an ATM, answered as its contract says", () =>
  withStage(async ({ app, sent }) => {
    const report = { atm_id: "atm-7", timestamp: AT, status: "online", cash_level_percent: 40 };
    const response = await app.request("/api/v1/telemetry", posted(report));
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {
      success: true,
      message: "Telemetry of ATM-7 accepted",
      atm_id: "ATM-7",
      timestamp: "2026-06-15T11:59:00.000Z",
    });
    assert.equal(sent[0]?.subject, "devices.atm.ATM-7.telemetry");
  }));

Deno.test("each item of a batch has its own result, in order, and a bad one harms no other", () =>
  withStage(async ({ app, sent }) => {
    const deep = JSON.parse("[".repeat(2_000) + "]".repeat(2_000));
    const response = await app.request(
      "/api/v1/telemetry",
      posted([
        item("S1", { value: 1 }),
        item("S1", { value: "hot" }),
        item("S1", { value: 2 }, { kind: "toaster" }),
        7,
        null,
        item("S.1", { value: 3 }),
        item("S1", { value: 4 }, { messageId: 12 }),
        { kind: "sensor", id: "S1", message: "reading" },
        item("S1", { value: 5, deep }),
        item("S1", { value: 6 }),
      ]),
    );
    assert.equal(response.status, 202);
    const { accepted, refused, results } = await response.json();
    assert.deepEqual([accepted, refused], [2, 8]);
    assert.deepEqual(results.map(({ ok, code }: { ok: boolean; code: string }) => ok || code), [
      true,
      "wrong-shape",
      "wrong-kind",
      "not-an-object",
      "not-an-object",
      "wrong-id",
      "wrong-message-id",
      "no-data",
      "too-deep",
      true,
    ]);
    assert.deepEqual(sent.map(({ payload }) => payload), [`{"value":1}`, `{"value":6}`]);
  }));

Deno.test("lines of NDJSON are read one by one, and numbers keep every digit", () =>
  withStage(async ({ app, sent }) => {
    const lines = [
      JSON.stringify(item("S1", { value: 1 })),
      `{"kind":"sensor",`,
      "",
      `{"kind":"sensor","id":"S1","message":"reading","data":{"value":0.1,"n":9007199254740993}}\r`,
    ];
    const response = await app.request("/api/v1/telemetry", {
      method: "POST",
      headers: { "content-type": "application/x-ndjson; charset=utf-8" },
      body: lines.join("\n"),
    });
    const { results } = await response.json();
    assert.deepEqual(results.map(({ ok, code }: { ok: boolean; code: string }) => ok || code), [
      true,
      "not-json",
      true,
    ]);
    assert.match(results[1].reason, /ends too early/);
    assert.equal(sent[1]?.payload, `{"value":0.1,"n":9007199254740993}`);
  }));

Deno.test("ten thousand items are taken in order, one more is too many", () =>
  withStage(async ({ app, sent }) => {
    const items = Array.from({ length: 10_000 }, (_, i) => item("S1", { value: i }));
    const response = await app.request("/api/v1/telemetry", posted(items));
    assert.equal((await response.json()).accepted, 10_000);
    const values = sent.map(({ payload }) => JSON.parse(payload).value);
    assert.deepEqual(values, items.map((_, i) => i));
    const more = await app.request("/api/v1/telemetry", posted([...items, items[0]]));
    assert.equal(more.status, 413);
    assert.equal((await more.json()).code, "too-many-items");
    assert.equal(sent.length, 10_000);
  }));

Deno.test("a body that never ends is given up at its bound", () =>
  withStage(async ({ app }) => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 2 ** 20;
        controller.enqueue(new Uint8Array(2 ** 20).fill(0x20));
      },
    });
    const response = await app.request("/api/v1/telemetry", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: endless,
    });
    assert.equal(response.status, 413);
    assert(pulled < 80 * 2 ** 20, `${pulled} bytes were read`);
  }));

Deno.test("with wait=log the answer says what a message became", () =>
  withStage(async (stage) => {
    const events = [{
      type: "ReadingReported",
      stream: "sensor-S1",
      version: 3,
      partition: 0,
      offset: 9,
    }];
    stage.answer = ({ options }) => {
      assert.equal(options.waitForLog, true);
      const told = events.map((event) => ({ ...event, occurredAt: NOW }));
      const answer = { outcome: "recorded" as const, events: told };
      return Promise.resolve({ sequence: 5, duplicate: false, answer });
    };
    const path = "/api/v1/telemetry/sensor/S1/reading?wait=log";
    const response = await stage.app.request(path, posted({ value: 1 }));
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {
      ok: true,
      sequence: 5,
      duplicate: false,
      outcome: "recorded",
      events,
    });
  }));

Deno.test("when the bus goes in the middle of a batch, what it took is said, and what it did not", () =>
  withStage(async (stage) => {
    stage.answer = ({ payload }) =>
      JSON.parse(payload).value === 0
        ? Promise.resolve({ sequence: 1, duplicate: false })
        : Promise.reject(new BusUnavailableError("bus-unavailable", "The bus is away"));
    const items = Array.from({ length: 2_000 }, (_, i) => item("S1", { value: i }));
    const response = await stage.app.request("/api/v1/telemetry", posted(items));
    const { accepted, refused, results } = await response.json();
    assert.deepEqual([accepted, refused], [1, 1_999]);
    assert.equal(results[1_999].code, "bus-unavailable");
    assert(stage.sent.length < 2_000, "the rest of the batch was not tried");
  }));

Deno.test("an order is answered by its actor: obeyed, or refused with the actor's own reason", () =>
  withStage(async (stage) => {
    const path = "/api/v1/devices/atm/atm-7/commands";
    const order = { command: "DecommissionDevice", by: "night shift" };
    stage.answer = () =>
      Promise.resolve({
        sequence: 1,
        duplicate: false,
        answer: { outcome: "recorded", events: [] },
      });
    const obeyed = await stage.app.request(path, posted(order, { "idempotency-key": "o1" }));
    assert.equal(obeyed.status, 200);
    assert.deepEqual(await obeyed.json(), { outcome: "recorded", events: [] });
    assert.equal(stage.sent[0]?.subject, "devices.atm.ATM-7.command");
    assert.equal(stage.sent[0]?.options.messageId, "o1");

    const refusal = {
      outcome: "rejected" as const,
      events: [],
      code: "device-unknown",
      reason: "Nobody knows it",
    };
    stage.answer = () => Promise.resolve({ sequence: 2, duplicate: false, answer: refusal });
    const refused = await stage.app.request(path, posted(order));
    assert.equal(refused.status, 409);
    const { code, detail } = await refused.json();
    assert.deepEqual([code, detail], ["device-unknown", "Nobody knows it"]);
  }));
