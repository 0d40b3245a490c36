/** What is understood, what is not, and how that is said. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { CLOCK_AHEAD_MAX_MS, EARLIEST_INSTANT } from "../../events/instant.ts";
import { parseMessage, PAYLOAD_BYTES_MAX } from "../../events/messages.ts";
import { pollsOf } from "../../events/store.ts";
import { type Json, type Kind, KINDS } from "../../events/vocabulary.ts";

const NOW = Date.UTC(2026, 4, 1, 12);
const encoder = new TextEncoder();

type Body = Json | string | Uint8Array;

function parse(subject: string, body: Body, messageId?: string) {
  const [kind, id = "", message = ""] = subject.split(" ");
  const payload = body instanceof Uint8Array
    ? body
    : encoder.encode(typeof body === "string" ? body : JSON.stringify(body));
  return parseMessage(kind as Kind, id, message, payload, NOW, messageId);
}

function understood(subject: string, body: Body, messageId?: string) {
  const parsed = parse(subject, body, messageId);
  if (!parsed.ok) assert.fail(`${parsed.code}: ${parsed.reason}`);
  return parsed.input;
}

function refused(subject: string, body: Body): { code: string; reason: string } {
  const parsed = parse(subject, body);
  if (parsed.ok) assert.fail(`understood: ${JSON.stringify(parsed.input)}`);
  return parsed;
}

const at = new Date(NOW).toISOString();
const telemetry = { atm_id: "ATM-1", timestamp: at, status: "online" };
const reading = { timestamp: at, velocity: { rms: 1.2 } };

Deno.test("every message of the contracts is understood, unknown fields included", () => {
  const messages: [subject: string, body: Json][] = [
    ["atm ATM-1 telemetry", {
      ...telemetry,
      uptime_seconds: 86_400,
      cash_level_percent: 71.5,
      temperature_celsius: -10,
      cpu_usage_percent: 0,
      memory_usage_percent: 100,
      disk_usage_percent: 45,
      network_status: "unstable",
      network_latency_ms: 80,
      error_code: "E002",
      error_message: "jam",
      firmware: "7.1",
    }],
    ["machine M-1 registered", { _id: "M-1", machineName: "Pump", machineClass: "II" }],
    ["machine M-1 bearing", {
      _id: "DE",
      machineId: "M-1",
      geometry: { balls: 9, ballDiameter: 7.94, pitchDiameter: 39.04, contactAngle: 0 },
    }],
    ["machine M-1 reading", {
      ...reading,
      _id: "r1",
      bearingId: "DE",
      status: "Alert",
      Axis_Id: "H-Axis",
      acceleration: { rms: 0.1, peak: 0.4, crestFactor: 4, kurtosis: 3 },
      temperature: 41,
      fftData: { frequencies: [0, 10], amplitudes: [0, 1], dominantFrequency: 10 },
      rawData: [0.1, -0.1],
      SR: 25_600,
      rpm: 1480,
      fMax: 10_000,
    }],
    ["machine M-1 reading", { rawData: "AAA=", encoding: "int16", scale: 0.001, SR: 25_600 }],
    ["store 42 status", { timestamp: "2026-05-01 09:59:39.388884 UTC", status: "active" }],
    ["store 42 schedule", {
      timezone_str: "America/Chicago",
      hours: [
        { day: 0, start_time_local: "00:00:00", end_time_local: "24:00:00" },
        { dayOfWeek: 6, start_time_local: "8:30", end_time_local: "23:59:59.5" },
      ],
    }],
    ["sensor S:1 reading", {
      sensor_id: "S:1",
      sensor_type: "temperature",
      value: -3.5,
      unit: "°C",
      location: "Roof",
      metadata: { calibrated: { by: "anna" } },
      timestamp: "2026-05-01T12:00:00+02:00",
    }],
  ];
  for (const [subject, body] of messages) {
    const input = understood(subject, body);
    assert.equal(input.type, "Message");
    assert.deepEqual(input.data, body);
    assert.deepEqual(input.type === "Message" && JSON.parse(input.text), body);
  }
});

Deno.test("null says no more than absence", () => {
  understood("atm ATM-1 telemetry", {
    ...telemetry,
    cash_level_percent: null,
    network_status: null,
    error_code: null,
  });
  assert.equal(understood("sensor S reading", { value: 1, timestamp: null }).at, NOW);
});

Deno.test("the moment is the device's own, to the microsecond, or else the broker's", () => {
  const poll = { timestamp: "2023-01-22 12:09:39.388884 UTC", status: "active" };
  assert.equal(
    understood("store 42 status", poll).at,
    Date.UTC(2023, 0, 22, 12, 9, 39) + 388.884,
  );
  assert.equal(understood("sensor S reading", { value: 1 }).at, NOW);
});

Deno.test("polls told together are as old as the newest of them, in any order", () => {
  const polls = [[at, "active"], ["2023-01-22 12:09:39.388884 UTC", "inactive"], [at, "inactive"]];
  const input = understood("store 42 polls", { polls });
  assert.equal(input.at, Date.parse(at));
  assert.deepEqual(pollsOf(input.data), [
    { at: Date.UTC(2023, 0, 22, 12, 9, 39) + 388.884, status: "inactive" },
    { at: Date.parse(at), status: "active" },
    { at: Date.parse(at), status: "inactive" },
  ]);
});

Deno.test("a reading is named by its own id, anything else by the sender's header", () => {
  const named = { ...reading, _id: "r1" };
  const own = understood("machine M-1 reading", named).messageId;
  assert.ok(own !== undefined);
  assert.equal(understood("machine M-1 reading", named, "header").messageId, own);
  assert.equal(understood("machine M-1 reading", reading, "header").messageId, "header");
  assert.equal(understood("atm ATM-1 telemetry", telemetry).messageId, undefined);
});

Deno.test("an atm is known in capitals, however it spells itself", () => {
  understood("atm ATM-1 telemetry", { ...telemetry, atm_id: "atm-1" });
});

Deno.test("orders are understood, with who gave them filled in", () => {
  const input = understood("atm ATM-1 command", {
    command: "AcknowledgeAlarm",
    reason: "error",
  });
  assert.deepEqual(input, {
    type: "Command",
    command: "AcknowledgeAlarm",
    data: { reason: "error", by: "operator" },
    at: NOW,
    messageId: undefined,
  });
  understood("atm ATM-1 command", { command: "DescribeDevice", name: "Lobby", floor: 2 });
  understood("sensor S command", { command: "ConfigureSilence", timeoutSeconds: null });
});

const deep = (levels: number) => `{"value":1,"a":${"[".repeat(levels)}${"]".repeat(levels)}}`;
const instant = (ms: number) => ({ ...telemetry, timestamp: new Date(ms).toISOString() });

/** Per code: what is sent, and what the reason must name. */
const REFUSALS: readonly (readonly [code: string, subject: string, body: Body, names: RegExp])[] = [
  ["empty", "sensor S reading", "", /empty/],
  ["too-large", "sensor S reading", " ".repeat(PAYLOAD_BYTES_MAX + 1), /262145 bytes.*262144/],
  ["not-utf8", "sensor S reading", Uint8Array.of(0x7b, 0xff, 0x7d), /UTF-8/],
  ["not-json", "sensor S reading", '{"value":1', /not JSON/],
  ["not-json", "sensor S reading", '\ufeff{"value":1}', /not JSON/],
  ["not-json", "sensor S reading", '{"value":NaN}', /not JSON/],
  ["not-an-object", "sensor S reading", "[1]", /an array/],
  ["not-an-object", "sensor S reading", "null", /null/],
  ["too-deep", "sensor S reading", deep(64), /64 levels/],
  ["too-deep", "sensor S reading", deep(100_000), /64 levels/],
  ["out-of-range", "sensor S reading", '{"value":1,"metadata":{"a":[1e999]}}', /double/],
  ["unknown-message", "sensor S poetry", "{}", /"poetry".*reading, command/],
  ["unknown-message", "sensor S constructor", "{}", /"constructor"/],
  ["unknown-command", "sensor S command", { command: "Explode" }, /"Explode".*RegisterDevice/],
  ["unknown-command", "sensor S command", { command: "toString" }, /"toString"/],
  ["unknown-command", "sensor S command", {}, /\(none\)/],
  ["wrong-shape", "sensor S command", { command: "ConfigureSilence" }, /timeoutSeconds/],
  ["wrong-shape", "sensor S reading", { value: "12" }, /value: .*number.*\(got "12"\)/],
  ["wrong-shape", "sensor S reading", {}, /value: .*\(got nothing\)/],
  ["wrong-shape", "atm ATM-1 telemetry", { ...telemetry, status: "ok?" }, /status: .*"online"/],
  ["wrong-shape", "atm ATM-1 telemetry", { ...telemetry, status: "Online" }, /"Online"/],
  ["wrong-shape", "atm ATM-1 telemetry", { ...telemetry, uptime_seconds: 1.5 }, /uptime_seconds/],
  ["wrong-shape", "atm ATM-1 telemetry", { ...telemetry, cash_level_percent: 100.1 }, /100\.1/],
  ["wrong-shape", "atm ATM-1 telemetry", { ...telemetry, temperature_celsius: -11 }, /-11/],
  ["wrong-shape", "atm ATM-1 telemetry", { status: "online" }, /atm_id: .*; timestamp: /],
  ["wrong-shape", "machine M-1 reading", {}, /at least one of status, acceleration/],
  ["wrong-shape", "machine M-1 reading", { rawData: [1, "2"] }, /rawData: .*array of numbers/],
  ["wrong-shape", "store 42 status", { timestamp: at, status: "open" }, /status: .*"active"/],
  ["wrong-shape", "store 42 schedule", { timezone_str: "Mars/Olympus" }, /IANA.*"Mars\/Olympus"/],
  ["wrong-shape", "store 42 polls", { polls: [] }, /polls: /],
  ["wrong-shape", "store 42 polls", { polls: [[at, "active"], [at, "open"]] }, /polls\.1\.1: /],
  ["wrong-shape", "store 42 polls", { polls: [[at, "active", 1]] }, /polls\.0: /],
  ["id-mismatch", "store 42 polls", { store_id: "43", polls: [[at, "active"]] }, /"43".*"42"/],
  [
    "bad-timestamp",
    "store 42 polls",
    { polls: [[at, "active"], ["soon", "active"]] },
    /polls\.1\.0/,
  ],
  [
    "clock-ahead",
    "store 42 polls",
    { polls: [["2027-01-01", "active"], [at, "active"]] },
    /polls\.0\.0: 2027/,
  ],
  ["clock-behind", "store 42 polls", { polls: [["1970-01-01", "inactive"]] }, /polls\.0\.0: 1970/],
  [
    "unreadable-line",
    "store unknown unreadable",
    { file: "polls.csv", line: 17, text: "a,b", reason: "it has 2 columns" },
    /^polls\.csv, line 17: it has 2 columns$/,
  ],
  [
    "wrong-shape",
    "store 42 schedule",
    { hours: [{ day: 7, start_time_local: "08:00", end_time_local: "24:30" }] },
    /hours\.0\.day: .*hours\.0\.end_time_local: /,
  ],
  ["id-mismatch", "atm ATM-1 telemetry", { ...telemetry, atm_id: "ATM-2" }, /"ATM-2".*"ATM-1"/],
  ["id-mismatch", "machine M-1 reading", { ...reading, machineId: "M-2" }, /"M-2".*"M-1"/],
  ["id-mismatch", "sensor S reading", { value: 1, sensor_id: "s" }, /"s".*"S"/],
  ["id-mismatch", "store 42 status", { timestamp: at, status: "active", store_id: 42 }, /42/],
  ["bad-timestamp", "sensor S reading", { value: 1, timestamp: "2026-02-30" }, /"2026-02-30"/],
  ["bad-timestamp", "sensor S reading", { value: 1, timestamp: "soon" }, /"soon".*ISO 8601/],
  ["clock-behind", "atm ATM-1 telemetry", instant(7_000), /1970-01-01T00:00:07/],
  ["clock-behind", "atm ATM-1 telemetry", instant(EARLIEST_INSTANT - 1), /1999-12-31/],
  ["clock-ahead", "atm ATM-1 telemetry", instant(NOW + CLOCK_AHEAD_MAX_MS + 1), /2026-05-02/],
];

for (const [code, subject, body, names] of REFUSALS) {
  const shown = body instanceof Uint8Array ? "bytes" : JSON.stringify(body).slice(0, 60);
  Deno.test(`${subject} with ${shown} is refused as ${code}, and the reason says why`, () => {
    const refusal = refused(subject, body);
    assert.equal(refusal.code, code);
    assert.match(refusal.reason, names);
  });
}

Deno.test("the limits themselves are within the limits", () => {
  understood("sensor S reading", deep(63));
  understood("atm ATM-1 telemetry", instant(EARLIEST_INSTANT));
  understood("atm ATM-1 telemetry", instant(NOW + CLOCK_AHEAD_MAX_MS));
  const room = PAYLOAD_BYTES_MAX - '{"value":1,"note":""}'.length;
  understood("sensor S reading", `{"value":1,"note":"${"x".repeat(room)}"}`);
});

const subjects = fc.constantFrom(
  ...KINDS.flatMap((kind) =>
    ["telemetry", "registered", "bearing", "reading", "status", "schedule", "command"]
      .map((message) => `${kind} D-1 ${message}`)
  ),
);

/** Reasons are kept as PostgreSQL's text, which holds neither NUL nor half a surrogate pair. */
function assertAnswered(subject: string, body: Body): void {
  const parsed = parse(subject, body);
  if (parsed.ok) return;
  assert.match(parsed.code, /^[a-z0-9]+(-[a-z0-9]+)*$/);
  assert.ok(parsed.reason.isWellFormed());
  // deno-lint-ignore no-control-regex -- there must be none
  assert.doesNotMatch(parsed.reason, /[\0-\x1f]/);
}

Deno.test("any bytes are answered, never thrown at", () => {
  fc.assert(fc.property(subjects, fc.uint8Array({ maxLength: 200 }), assertAnswered), {
    seed: 11,
    numRuns: 3_000,
  });
});

Deno.test("any JSON is answered, never thrown at, and kept as it was sent", () => {
  const known = fc.constantFrom("command", "status", "value", "timestamp", "rawData", "hours");
  const name = fc.oneof(known, fc.string({ unit: "binary" }), fc.constant("__proto__"));
  const body = fc.dictionary(name, fc.jsonValue({ stringUnit: "binary" })) as fc.Arbitrary<Json>;
  fc.assert(
    fc.property(subjects, body, (subject, json) => {
      const text = JSON.stringify(json);
      assertAnswered(subject, text);
      const parsed = parse(subject, text);
      if (parsed.ok && parsed.input.type === "Message") {
        assert.equal(parsed.input.text, text);
        assert.deepEqual(parsed.input.data, JSON.parse(text));
      }
    }),
    { seed: 12, numRuns: 3_000 },
  );
});

Deno.test("what a reason quotes is made fit to be kept", () => {
  for (
    const body of ["\0abc", '{"command":"DescribeDevice","a\\u0000b":{}}', '{"value":"\\ud800"}']
  ) {
    for (const subject of ["sensor D-1 reading", "sensor D-1 command"]) {
      assertAnswered(subject, body);
    }
  }
});
