/** Arbitrary lives of devices: reports in any order of time, repeats, orders, ticks. */
import fc from "fast-check";
import type { Input } from "../../actors/decider.ts";
import { ALARM_REASONS, SEVERITIES } from "../../events/device.ts";
import { MACHINE_STATUSES } from "../../events/machine.ts";
import type { Json, Kind } from "../../events/vocabulary.ts";
import { command, HOUR, iso, message, NOON, tick } from "./saying.ts";

const value = fc.double({ noNaN: true, noDefaultInfinity: true });
const percent = fc.double({ min: 0, max: 100, noNaN: true });

/** What a device of each kind may report, as message and body without its moment. */
const REPORTS: Readonly<Record<Kind, fc.Arbitrary<readonly [name: string, body: Json]>>> = {
  atm: fc.tuple(
    fc.constant("telemetry"),
    fc.record({
      status: fc.constantFrom("online", "offline", "error", "maintenance"),
      cash_level_percent: percent,
      temperature_celsius: percent,
      network_latency_ms: fc.nat(),
      network_status: fc.constantFrom("connected", "disconnected", null),
      error_code: fc.constantFrom("E001", "E002", "E999", "", null),
      transaction_count: fc.nat(100),
      failed_transaction_count: fc.nat(100),
    }),
  ),
  machine: fc.oneof(
    { weight: 8, arbitrary: fc.tuple(fc.constant("reading"), machineReading()) },
    fc.tuple(fc.constant("registered"), fc.record({ machineName: fc.string() })),
    fc.tuple(fc.constant("bearing"), fc.record({ _id: fc.string() })),
  ),
  store: fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(
        fc.constant("status"),
        fc.record({ status: fc.constantFrom("active", "inactive") }),
      ),
    },
    fc.tuple(fc.constant("schedule"), fc.constant({ timezone_str: "America/Chicago" })),
  ),
  sensor: fc.tuple(fc.constant("reading"), fc.record({ value })),
};

function machineReading(): fc.Arbitrary<Json> {
  return fc.record({
    bearingId: fc.constantFrom("A", "B", "__proto__"),
    status: fc.constantFrom(...MACHINE_STATUSES),
    acceleration: fc.record({ rms: value, kurtosis: value }),
    velocity: fc.record({ rms: value }),
    temperature: value,
  });
}

const orders = fc.oneof(
  fc.tuple(fc.constant("DescribeDevice"), fc.constant({ name: "Lobby" })),
  fc.tuple(fc.constant("RegisterDevice"), fc.constant({})),
  fc.tuple(
    fc.constantFrom("AcknowledgeAlarm", "ResolveAlarm"),
    fc.record({ reason: fc.constantFrom(...ALARM_REASONS), by: fc.constant("anna") }),
  ),
  fc.tuple(
    fc.constant("RaiseAlarm"),
    fc.record({ severity: fc.constantFrom(...SEVERITIES), message: fc.string(), by: fc.string() }),
  ),
  fc.tuple(
    fc.constant("RenewPart"),
    fc.record({ part: fc.constantFrom("A", "B"), by: fc.constant("anna") }),
  ),
  fc.tuple(
    fc.constant("ConfigureSilence"),
    fc.record({ timeoutSeconds: fc.option(fc.integer({ min: 1, max: 7_200 })) }),
  ),
  fc.tuple(
    fc.constantFrom("DecommissionDevice", "RecommissionDevice"),
    fc.constant({ by: "anna" }),
  ),
);

/** Up to sixty inputs to one device, our clock going forward, the device's own anywhere near it. */
export function story(kind: Kind): fc.Arbitrary<readonly Input[]> {
  const step = fc.record({
    passedMs: fc.oneof(fc.constant(0), fc.nat(90_000), fc.nat(3 * HOUR)),
    // Few different ones, so that late, simultaneous and future moments all occur.
    skewMs: fc.constantFrom(0, 0, 0, -1_000, -30 * HOUR, 500, HOUR),
    said: fc.oneof(
      { weight: 8, arbitrary: REPORTS[kind].map((said) => ["report", ...said] as const) },
      orders.map((said) => ["order", ...said] as const),
      fc.constant(["tick", "", {}] as const),
    ),
    messageId: fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined, freq: 2 }),
  });
  return fc.array(step, { maxLength: 60, size: "max" }).map((steps) => {
    let now = NOON;
    return steps.map(({ passedMs, skewMs, said: [what, name, body], messageId }) => {
      now += passedMs;
      if (what === "tick") return tick(now);
      if (what === "order") return command(name, body, now, { messageId });
      const at = now + skewMs;
      return message(name, { ...body, timestamp: iso(at) }, at, { now, messageId });
    });
  });
}
