/** The quick check says exactly what zod says, of every message there is and of much that is none. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { AtmTelemetry } from "../../events/atm.ts";
import { MachineBearing, MachineReading, MachineRegistered } from "../../events/machine.ts";
import { quickCheck } from "../../events/quick_check.ts";
import { SensorReading } from "../../events/sensor.ts";
import { StorePoll, StorePolls, StoreSchedule, UnreadableLine } from "../../events/store.ts";

const at = "2026-05-01T12:00:00Z";
const SCHEMAS: readonly [z.ZodType, right: Record<string, unknown>][] = [
  [AtmTelemetry, { atm_id: "ATM-1", timestamp: at, status: "online", cash_level_percent: 40 }],
  [MachineRegistered, { machineClass: "II", status: "Normal" }],
  [MachineBearing, { geometry: { balls: 9, ballDiameter: 7.9, pitchDiameter: 39 } }],
  [MachineReading, { bearingId: "B1", velocity: { rms: 1 }, temperature: 50, rawData: [1, 2] }],
  [StorePoll, { timestamp: at, status: "active" }],
  [StorePolls, { polls: [[at, "active"]] }],
  [StoreSchedule, { timezone: "America/Chicago" }],
  [UnreadableLine, { file: "a", line: 1, text: "b", reason: "c" }],
  [SensorReading, { sensor_id: "S1", value: 1 }],
];

/** What is right for some field, and what is just beyond what is right for another. */
const part = fc.oneof(
  fc.constantFrom(undefined, null, true, "", at, "online", "connected", "Normal", "I", "active"),
  fc.constantFrom(0, -0, 1, -1, 1.5, 100, 100.1, -10, -10.1, 60, 61, -90, 91, 2 ** 53, 1e300),
  fc.constantFrom(NaN, Infinity, -Infinity, "America/Chicago", "Nowhere", [], [1], ["1"], {}),
  fc.constantFrom(1, 10, 20, 50, 64, 100, 200, 500).chain((length) =>
    fc.constantFrom("x".repeat(length), "x".repeat(length + 1))
  ),
  fc.record({ rms: fc.double(), peak: fc.option(fc.double()) }, { requiredKeys: [] }),
  fc.record({ balls: fc.double(), ballDiameter: fc.integer(), pitchDiameter: fc.integer() }),
  fc.anything(),
);

for (const [index, [schema, right]] of SCHEMAS.entries()) {
  Deno.test(`the quick check of message schema ${index} says what zod says`, () => {
    const check = quickCheck(schema);
    assert.ok(check(right) && schema.safeParse(right).success);
    const names = [...Object.keys((schema as z.ZodObject).shape), "more"];
    const changes = fc.array(fc.tuple(fc.constantFrom(...names), part), { maxLength: 3 });
    fc.assert(
      fc.property(changes, (changed) => {
        const message = { ...right, ...Object.fromEntries(changed) };
        assert.equal(check(message), schema.safeParse(message).success);
      }),
      { numRuns: 3_000 },
    );
    fc.assert(fc.property(fc.anything(), (value) => {
      assert.equal(check(value), schema.safeParse(value).success);
    }));
  });
}

Deno.test("what the quick check does not know it leaves to zod", () => {
  const strict = z.strictObject({ day: z.iso.date(), tags: z.array(z.string()).max(1) });
  const check = quickCheck(strict);
  assert.equal(check({ day: "2026-05-01", tags: ["a"] }), true);
  assert.equal(check({ day: "2026-05-01", tags: ["a", "b"] }), false);
  assert.equal(check({ day: "1 May", tags: [] }), false);
  assert.equal(check({ day: "2026-05-01", tags: [], more: 1 }), false);
});
