/** Messages that are wrong in every way we could think of, and a few that look it and are not. */
import type { Random } from "../../simulator/random.ts";

export interface Nonsense {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly messageId?: string;
}

const encoder = new TextEncoder();

type Make = (random: Random) => string | Uint8Array;

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.integer(0, items.length - 1)];
  if (item === undefined) throw new Error("Cannot pick from an empty list");
  return item;
}

function atm(fields: Record<string, unknown>): string {
  return JSON.stringify({
    atm_id: "ATM-F1",
    timestamp: new Date().toISOString(),
    status: "online",
    ...fields,
  });
}

/** Nothing that is JSON, or nothing that is an object. */
const BODIES: readonly Make[] = [
  () => "",
  () => " ",
  () => "{",
  () => '{"value": 1,}',
  () => "{'value': 1}",
  () => '{"value": NaN}',
  () => '{"value": Infinity}',
  () => '{"value": 01}',
  () => '{"value": 1} {"value": 2}',
  () => '{"value": "a\nb"}',
  () => "null",
  () => "[]",
  () => "42",
  () => '"text"',
  () => '\ufeff{"value": 1}',
  () => "\0",
  () => Uint8Array.of(0xff, 0xfe, 0x00),
  () => Uint8Array.of(0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d),
  () => Uint8Array.of(0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d),
  (random) => crypto.getRandomValues(new Uint8Array(random.integer(1, 300))),
  (random) => "[".repeat(random.integer(1, 50_000)),
  (random) => '{"a":'.repeat(random.integer(65, 5_000)) + "1" + "}".repeat(10),
  () => `{"value": 1, "location": "${"x".repeat(300_000)}"}`,
];

/** Objects whose fields are wrong for an ATM. */
const ATM_FIELDS: readonly Record<string, unknown>[] = [
  { status: "on fire" },
  { status: "ONLINE" },
  { status: null },
  { status: 1 },
  { status: ["online"] },
  { timestamp: "yesterday" },
  { timestamp: "2026-02-30T00:00:00Z" },
  { timestamp: "2026-01-01T25:00:00Z" },
  { timestamp: "1970-01-01T00:00:00Z" },
  { timestamp: "2999-12-31T23:59:59Z" },
  { timestamp: "-271821-04-20T00:00:00Z" },
  { timestamp: 1_700_000_000 },
  { timestamp: "" },
  { timestamp: undefined },
  { cash_level_percent: 100.001 },
  { cash_level_percent: -1 },
  { cash_level_percent: "55" },
  { temperature_celsius: 61 },
  { uptime_seconds: 1.5 },
  { uptime_seconds: -1 },
  { uptime_seconds: 1e300 },
  { cpu_usage_percent: true },
  { error_code: "E".repeat(11) },
  { error_message: "m".repeat(501) },
  { atm_id: "ATM-OTHER" },
  { atm_id: "'; drop table events; --" },
  { atm_id: {} },
  { network_latency_ms: Number.MAX_VALUE },
];

/** Strange, and no reason to refuse: what a device may well say. */
const STRANGE: readonly string[] = [
  '{"value": 1e308}',
  '{"value": -1.7976931348623157e308}',
  '{"value": 5e-324}',
  '{"value": -0}',
  '{"value": 9007199254740993}',
  '{"value": 1, "value": 2}',
  '{"value": 1, "location": "\\u0000"}',
  '{"value": 1, "unit": "\\ud800"}',
  '{"value": 1, "location": "\\\\. \\t \\n \\r \\b \\f"}',
  '{"value": 1, "__proto__": {"value": 3}, "constructor": null}',
  '{"value": 1, "toString": "x", "sensor_type": "hasOwnProperty"}',
  '{ "value" : 1 ,\n\t"metadata" : [ { } , null , "\u2028" ] }',
  '{"value": 1, "metadata": "🏧漢é"}',
  '{"value": 1, "location": "<script>alert(1)</script>"}',
];

const SUBJECTS: readonly string[] = [
  "devices.toaster.T1.reading",
  "devices.ATM.A1.telemetry",
  "devices.atm.A1",
  "devices.atm",
  "devices.atm.A1.telemetry.extra",
  "devices.sensor.a'b.reading",
  "devices.sensor.a;drop.reading",
  "devices.sensor.<b>.reading",
  "devices.sensor.%2e%2e%2f%2e%2e%2fetc.reading",
  "devices.sensor.ünïcode.reading",
  `devices.sensor.${"x".repeat(65)}.reading`,
  `devices.sensor.${"y".repeat(3_000)}.reading`,
  "devices.sensor.__proto__.reading",
  "devices.sensor.constructor.reading",
  "devices.sensor.s1.toString",
  "devices.sensor.s1.hasOwnProperty",
  "devices.store.s1.telemetry",
  "devices.system.partition-0.command",
];

const COMMANDS: readonly string[] = [
  "{}",
  '{"command": "SelfDestruct"}',
  '{"command": "constructor"}',
  '{"command": 7}',
  '{"command": "AcknowledgeAlarm"}',
  '{"command": "AcknowledgeAlarm", "reason": "silent"}',
  '{"command": "ConfigureSilence", "timeoutSeconds": -1}',
  '{"command": "ConfigureSilence", "timeoutSeconds": 1e999}',
  '{"command": "RecommissionDevice"}',
  '{"command": "DescribeDevice", "name": 5}',
];

export function nonsense(random: Random): Nonsense {
  const repeated = random.chance(0.05) ? { messageId: `again-${random.integer(1, 20)}` } : {};
  return {
    ...pick(random, [badBody, badAtm, strange, saidBefore, badSubject, badCommand])(random),
    ...repeated,
  };
}

function badBody(random: Random): Nonsense {
  const body = pick(random, BODIES)(random);
  return {
    subject: pick(random, [
      "devices.sensor.F1.reading",
      "devices.atm.ATM-F1.telemetry",
      "devices.machine.F1.reading",
      "devices.store.F1.status",
    ]),
    payload: typeof body === "string" ? encoder.encode(body) : body,
  };
}

function badAtm(random: Random): Nonsense {
  return {
    subject: "devices.atm.ATM-F1.telemetry",
    payload: encoder.encode(atm(pick(random, ATM_FIELDS))),
  };
}

function strange(random: Random): Nonsense {
  return {
    subject: `devices.sensor.F${random.integer(1, 5)}.reading`,
    payload: encoder.encode(pick(random, STRANGE)),
  };
}

/** One ATM, one moment: the same report, whatever it is called. */
function saidBefore(random: Random): Nonsense {
  const timestamp = `2026-01-01T00:00:0${random.integer(0, 9)}Z`;
  return {
    subject: "devices.atm.ATM-F1.telemetry",
    payload: encoder.encode(atm({ timestamp })),
  };
}

function badSubject(random: Random): Nonsense {
  return { subject: pick(random, SUBJECTS), payload: encoder.encode('{"value": 1}') };
}

function badCommand(random: Random): Nonsense {
  const device = pick(random, ["sensor.F1", "atm.ATM-F1", "store.F9", "machine.nobody"]);
  return {
    subject: `devices.${device}.command`,
    payload: encoder.encode(pick(random, COMMANDS)),
  };
}
