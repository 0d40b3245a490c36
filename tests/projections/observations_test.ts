/** Packing loses nothing, and depends on nothing but what is packed. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Observations, pack, unpack } from "../../projections/observations.ts";

const START = Date.UTC(2026, 0, 1);
const WEEK_US = 7 * 86_400_000_000;

function columnsOf(list: readonly { at: number; status: string }[]): Observations {
  return { at: list.map(({ at }) => at), status: list.map(({ status }) => status) };
}

Deno.test("packed observations come back as they were, to the microsecond", () => {
  const observations = fc.uniqueArray(
    fc.record({
      at: fc.integer({ min: 0, max: WEEK_US }).map((us) => (START * 1000 + us) / 1000),
      status: fc.constantFrom("online", "offline", "error", "maintenance"),
    }, { noNullPrototype: true }),
    { selector: ({ at }) => at, maxLength: 200 },
  ).map((list) => list.sort((a, b) => a.at - b.at));
  fc.assert(
    fc.property(observations, (list) => {
      assert.deepEqual(unpack(START, pack(START, columnsOf(list))), list);
    }),
    { seed: 4, numRuns: 300 },
  );
});

Deno.test("a report every second takes three bytes", () => {
  const list = Array.from({ length: 900 }, (_, i) => ({ at: START + i * 1000, status: "online" }));
  assert.ok(pack(START, columnsOf(list)).bytes.length <= 3 * list.length);
});
