import assert from "node:assert/strict";
import { BusUnavailableError } from "../../events/bus/publisher.ts";
import { openStage, posted, reading, withStage } from "./stage.ts";

type Case = [
  what: string,
  path: string,
  init: RequestInit,
  status: number,
  code: string,
  says?: RegExp,
];

const DEVICE = "/api/v1/devices/sensor/S1";
const MESSAGE = "/api/v1/telemetry/sensor/S1/reading";
const GET: RequestInit = {};

const CASES: Case[] = [
  ["a limit of 0", "/api/v1/devices?limit=0", GET, 422, "invalid-request", /"limit".*1 to 1000/],
  ["a limit that is no number", "/api/v1/devices?limit=NaN", GET, 422, "invalid-request", /limit/],
  ["a limit beyond all bounds", "/api/v1/alarms?limit=99999", GET, 422, "invalid-request", /limit/],
  ["a limit with a fraction", "/api/v1/events?limit=1.5", GET, 422, "invalid-request", /limit/],
  ["an unknown kind", "/api/v1/devices?kind=toaster", GET, 422, "invalid-request", /kind/],
  ["an unknown kind in the path", "/api/v1/devices/toaster/1", GET, 422, "invalid-request", /kind/],
  ["a hostile id", "/api/v1/devices/atm/%27%3Bdrop", GET, 422, "invalid-request", /id/],
  ["an id of NUL", "/api/v1/devices/atm/%00", GET, 422, "invalid-request", /id/],
  ["a bad percent escape", "/api/v1/devices/atm/%E0%A4%A", GET, 422, "invalid-request", /id/],
  ["an unknown device", "/api/v1/devices/atm/NOBODY", GET, 404, "device-unknown", /atm "NOBODY"/],
  ["events of nobody", "/api/v1/devices/atm/NOBODY/events", GET, 404, "device-unknown"],
  ["the state of nobody", "/api/v1/devices/atm/NOBODY/state", GET, 404, "device-unknown"],
  ["availability of nobody", "/api/v1/devices/atm/N/availability", GET, 404, "device-unknown"],
  ["a trend of nobody", "/api/v1/devices/atm/N/trends?metric=x", GET, 404, "device-unknown"],
  ["a cursor of another list", "/api/v1/devices?cursor=abc", GET, 422, "invalid-request", /cursor/],
  ["a cursor for events", "/api/v1/events?cursor=!!", GET, 422, "invalid-request", /cursor/],
  ["a cursor for alarms", "/api/v1/alarms?cursor=W10", GET, 422, "invalid-request", /cursor/],
  ["a cursor with a stream", "/api/v1/events?format=csv&cursor=x", GET, 422, "invalid-request"],
  [
    "a moment that is none",
    `${DEVICE}/state?at=yesterday`,
    GET,
    422,
    "invalid-request",
    /ISO 8601/,
  ],
  ["the 30th of February", `${DEVICE}/state?at=2026-02-30`, GET, 422, "invalid-request", /at/],
  [
    "a reversed range",
    `${DEVICE}/availability?from=2026-02-02&to=2026-02-01`,
    GET,
    422,
    "invalid-request",
    /before `to`/,
  ],
  [
    "a reversed range of events",
    "/api/v1/events?from=2026-02-02&to=2026-02-01",
    GET,
    422,
    "invalid-request",
    /before `to`/,
  ],
  ["no staleness", `${DEVICE}/availability?staleness_seconds=0`, GET, 422, "invalid-request"],
  ["no metric", `${DEVICE}/trends`, GET, 422, "invalid-request", /metric/],
  ["an unknown metric", `${DEVICE}/trends?metric=x`, GET, 422, "invalid-request", /reports value/],
  [
    "an unknown resolution",
    `${DEVICE}/trends?metric=value&resolution=week`,
    GET,
    422,
    "invalid-request",
    /resolution/,
  ],
  ["an unknown format", "/api/v1/events?format=xml", GET, 422, "invalid-request", /format/],
  ["a type that is none", "/api/v1/events?type=a'b", GET, 422, "invalid-request", /type/],
  ["an id without its kind", "/api/v1/events?id=S1", GET, 422, "invalid-request", /kind/],
  ["an unknown topic", "/api/v1/live?topics=gossip", GET, 422, "invalid-request", /alarms/],
  [
    "a Last-Event-ID that is none",
    "/api/v1/live",
    {
      headers: { "last-event-id": "seven" },
    },
    422,
    "invalid-request",
    /seven/,
  ],
  ["an offset that is none", "/api/v1/stats?after=soon", GET, 422, "invalid-request", /after/],
  ["an offset of no partition", "/api/v1/stats?after=7:1", GET, 422, "invalid-request", /7/],
  ["an unknown quarantined message", "/api/v1/quarantine/0-0-1", GET, 404, "message-unknown"],
  ["an id that no message has", "/api/v1/quarantine/x", GET, 404, "message-unknown"],
  ["history of no hours", "/api/v1/telemetry/A/history?hours=0", GET, 422, "invalid-request"],
  ["history of a month", "/api/v1/telemetry/A/history?hours=720", GET, 422, "invalid-request"],
  ["history of nobody", "/api/v1/telemetry/A/history", GET, 404, "device-unknown"],
  ["a page below 0", "/api/v1/atms?page=-1", GET, 422, "invalid-request", /page/],
  ["an unknown region", "/api/v1/atms?region=MOON", GET, 422, "invalid-request", /region/],
  ["an unknown path", "/api/v1/nothing", GET, 404, "path-unknown", /nothing/],
  [
    "another method",
    "/api/v1/devices",
    { method: "DELETE" },
    405,
    "method-not-allowed",
    /GET, HEAD/,
  ],
  ["no body", MESSAGE, posted(""), 400, "empty"],
  ["a body that is not JSON", MESSAGE, posted(`{"value": }`), 400, "not-json", /column 11/],
  ["a body that is not an object", MESSAGE, posted("[1]"), 422, "not-an-object"],
  ["a body of bare NaN", MESSAGE, posted(`{"value": NaN}`), 400, "not-json", /"N"/],
  ["an infinite value", MESSAGE, posted(`{"value": 1e999}`), 422, "out-of-range"],
  ["a value of another type", MESSAGE, posted({ value: "hot" }), 422, "wrong-shape", /value/],
  ["nothing reported", MESSAGE, posted({}), 422, "wrong-shape", /value/],
  ["a clock at 1970", MESSAGE, posted({ value: 1, timestamp: "1970-01-01" }), 422, "clock-behind"],
  ["a clock far ahead", MESSAGE, posted({ value: 1, timestamp: "2040-01-01" }), 422, "clock-ahead"],
  ["a moment that is none", MESSAGE, posted({ value: 1, timestamp: "now" }), 422, "bad-timestamp"],
  ["an unknown message", "/api/v1/telemetry/sensor/S1/gossip", posted({}), 422, "unknown-message"],
  ["a kind that is none", "/api/v1/telemetry/toaster/1/reading", posted({}), 422, "wrong-kind"],
  ["an id with a dot", "/api/v1/telemetry/sensor/a.b/reading", posted({}), 422, "wrong-id"],
  ["an order as a message", "/api/v1/telemetry/atm/A/command", posted({}), 422, "unknown-message"],
  [
    "a body of another type",
    MESSAGE,
    {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: "{}",
    },
    415,
    "unsupported-media-type",
  ],
  ["a body too large", MESSAGE, posted({ x: "y".repeat(300_000) }), 413, "too-large", /256 KiB/],
  [
    "a key with a line break in it",
    MESSAGE,
    posted({ value: 1 }, {
      "idempotency-key": "a b",
    }),
    422,
    "wrong-message-id",
  ],
  ["an unknown wait", `${MESSAGE}?wait=forever`, posted({ value: 1 }), 422, "invalid-request"],
  ["an ATM without an id", "/api/v1/telemetry", posted({}), 422, "invalid-request", /atm_id/],
  ["a number as a batch", "/api/v1/telemetry", posted("3"), 422, "invalid-request"],
  [
    "an ATM of an unknown status",
    "/api/v1/telemetry",
    posted({
      atm_id: "A1",
      timestamp: "2026-06-15T11:00:00Z",
      status: "tired",
    }),
    422,
    "wrong-shape",
    /status/,
  ],
  [
    "an unknown order",
    `${DEVICE}/commands`,
    posted({ command: "Explode" }),
    422,
    "unknown-command",
  ],
  [
    "an order of the wrong shape",
    `${DEVICE}/commands`,
    posted({
      command: "ConfigureSilence",
      timeoutSeconds: "long",
    }),
    422,
    "wrong-shape",
    /timeoutSeconds/,
  ],
  ["an order that is not JSON", `${DEVICE}/commands`, posted("{"), 400, "not-json", /too early/],
  [
    "an ATM of an unknown region",
    "/api/v1/atms",
    posted({
      atm_id: "A1",
      region: "MOON",
    }),
    422,
    "invalid-request",
    /region/,
  ],
  ["an ATM that is not JSON", "/api/v1/atms", posted("{"), 400, "not-json"],
  [
    "a name that is not ours",
    "/api/v1/devices",
    {
      headers: { host: "evil.example:8000" },
    },
    421,
    "host-not-allowed",
    /evil\.example/,
  ],
  [
    "a page from elsewhere",
    MESSAGE,
    posted({ value: 1 }, {
      origin: "https://evil.example",
    }),
    403,
    "foreign-origin",
  ],
  [
    "a WebSocket from elsewhere",
    "/api/v1/live",
    {
      headers: { origin: "https://evil.example", upgrade: "websocket" },
    },
    403,
    "foreign-origin",
  ],
];

Deno.test("what is wrong with a request is said, with a code, and nothing is published", async (t) => {
  const stage = await openStage();
  try {
    await stage.record([reading("S1", 1)]);
    for (const [what, path, init, status, code, says] of CASES) {
      await t.step(`${what}: ${status} ${code}`, async () => {
        const response = await stage.app.request(path, init);
        const text = await response.text();
        assert.equal(response.status, status, text);
        assert.equal(response.headers.get("content-type"), "application/problem+json");
        const problem = JSON.parse(text);
        assert.equal(problem.code, code, text);
        assert.equal(problem.type, `/problems/${code}`);
        assert.equal(problem.status, status);
        if (says) assert.match(problem.detail, says);
        assert.doesNotMatch(text, /select |\.ts:|node_modules/);
      });
    }
    assert.deepEqual(stage.sent, []);
    assert.deepEqual(stage.reported, []);
  } finally {
    await stage.close();
  }
});

Deno.test("every fault of a request is named, not only the first", () =>
  withStage(async ({ app }) => {
    const response = await app.request("/api/v1/alarms?limit=0&kind=x&severity=dire");
    const { errors } = await response.json();
    const names = errors.map(({ name }: { name: string }) => name).sort();
    assert.deepEqual(names, ["kind", "limit", "severity"]);
  }));

Deno.test("a bus that cannot take a message is a 503 that says when to come back", () =>
  withStage(async (stage) => {
    stage.answer = () => Promise.reject(new BusUnavailableError("bus-full", "The bus is full"));
    const one = await stage.app.request(MESSAGE, posted({ value: 1 }));
    assert.equal(one.status, 503);
    assert.equal(one.headers.get("retry-after"), "1");
    assert.equal((await one.json()).code, "bus-full");
    const item = { kind: "sensor", id: "S1", message: "reading", data: { value: 1 } };
    const many = await stage.app.request("/api/v1/telemetry", posted([item, item]));
    assert.equal(many.status, 503);
  }));

Deno.test("a database that is away is a 503 without a word of SQL, and comes back", async () => {
  let away = false;
  const stage = await openStage();
  try {
    const sql = new Proxy(stage.deps.sql, {
      apply(target, self, args) {
        if (away) throw Object.assign(new Error("write CONNECTION_CLOSED"), { code: "57P03" });
        return Reflect.apply(target as never, self, args);
      },
    });
    const { createApp } = await import("../../routes/app.ts");
    const { Registry } = await import("prom-client");
    const app = createApp({ ...stage.deps, sql, register: new Registry() });
    away = true;
    const response = await app.request("/api/v1/devices");
    assert.equal(response.status, 503);
    assert.equal((await response.json()).code, "database-unavailable");
    away = false;
    assert.equal((await app.request("/api/v1/devices")).status, 200);
  } finally {
    await stage.close();
  }
});

Deno.test("an error of our own is reported, and its text stays with us", () =>
  withStage(async ({ app, reported }) => {
    const response = await app.request("/api/v1/stats");
    assert.equal(response.status, 500);
    const text = await response.text();
    assert.doesNotMatch(text, /secret/);
    assert.equal(JSON.parse(text).code, "internal");
    assert.match(reported[0]?.message ?? "", /secret/);
  }, { stats: () => Promise.reject(new Error("a secret of the house")) }));
