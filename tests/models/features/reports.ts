/** Telemetry as fast-check makes it up: uneven in time, with gaps, and with values missing. */
import fc from "fast-check";
import type { Report } from "../../../models/features/mod.ts";

export const START = Date.UTC(2026, 2, 1, 7, 3);
const MINUTE_MS = 60_000;

function maybe<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.option(value, { nil: undefined, freq: 4 });
}

const percent = fc.integer({ min: 0, max: 10_000 }).map((value) => value / 100);

const data = fc.record({
  status: fc.constantFrom("online", "online", "online", "offline", "error", "maintenance"),
  uptime_seconds: maybe(fc.nat(1_000_000)),
  cash_level_percent: maybe(percent),
  temperature_celsius: maybe(fc.integer({ min: -100, max: 600 }).map((value) => value / 10)),
  cpu_usage_percent: maybe(percent),
  memory_usage_percent: maybe(percent),
  network_status: maybe(fc.constantFrom("connected", "disconnected", "unstable")),
  network_latency_ms: maybe(fc.nat(2000)),
  error_code: maybe(fc.constantFrom("E001", "E002", "E003", "E005", "E007", "E010", "X9")),
});

const gap = fc.oneof(
  { weight: 10, arbitrary: fc.integer({ min: 1, max: 40 * MINUTE_MS }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 30 * 60 * MINUTE_MS }) },
);

/** In the order of time, no two at one moment. */
export const reports: fc.Arbitrary<Report[]> = fc
  .array(fc.record({ gap, data }), { minLength: 1, maxLength: 120 })
  .map((steps) => {
    let at = START;
    return steps.map(({ gap, data }) => ({ at: at += gap, data }));
  });
