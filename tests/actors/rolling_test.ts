import assert from "node:assert/strict";
import fc from "fast-check";
import { addValue, aggregate, emptyRolling, HOUR_MS, MEASURES_MAX } from "../../actors/rolling.ts";
import { NOON } from "./saying.ts";

interface Value {
  readonly at: number;
  readonly value: number;
}

/** The values of the newest hour and the twenty-three before it, looked through one by one. */
function bruteForce(values: readonly Value[]) {
  const newest = Math.max(...values.map(({ at }) => Math.floor(at / HOUR_MS)));
  const kept = values.filter(({ at }) => Math.floor(at / HOUR_MS) > newest - 24)
    .map(({ value }) => value);
  return {
    count: kept.length,
    sum: kept.reduce((sum, value) => sum + value, 0),
    sumOfSquares: kept.reduce((sum, value) => sum + value * value, 0),
    min: Math.min(...kept),
    max: Math.max(...kept),
  };
}

Deno.test("rolling aggregates are those of the last 24 hours, whatever the order of arrival", () => {
  const values = fc.array(
    fc.record({
      at: fc.integer({ min: NOON, max: NOON + 60 * HOUR_MS }),
      // Whole numbers add up the same in any order.
      value: fc.integer({ min: -1_000, max: 1_000 }),
    }),
    { minLength: 1, maxLength: 200 },
  );
  fc.assert(
    fc.property(values, (list) => {
      const rolling = emptyRolling();
      for (const { at, value } of list) addValue(rolling, "value", at, value);
      assert.deepEqual(aggregate(rolling, "value"), bruteForce(list));
    }),
    { seed: 5, numRuns: 500 },
  );
});

Deno.test("a measure that was not heard for a day has no aggregate, others keep theirs", () => {
  const rolling = emptyRolling();
  addValue(rolling, "old", NOON, 1);
  addValue(rolling, "new", NOON + 24 * HOUR_MS, 2);
  assert.equal(aggregate(rolling, "old"), undefined);
  assert.equal(aggregate(rolling, "new")?.count, 1);
});

Deno.test("values too large for their squares stay numbers that JSON can write", () => {
  const rolling = emptyRolling();
  for (const value of [1e300, 1e300, -1e300, -0]) addValue(rolling, "value", NOON, value);
  assert.deepEqual(JSON.parse(JSON.stringify(rolling)), rolling);
});

Deno.test("measures beyond the limit are left out, those known go on", () => {
  const rolling = emptyRolling();
  for (let i = 0; i <= MEASURES_MAX; i++) addValue(rolling, `m${i}`, NOON, i);
  addValue(rolling, "m0", NOON, 5);
  assert.equal(Object.keys(rolling.measures).length, MEASURES_MAX);
  assert.equal(aggregate(rolling, "m0")?.count, 2);
  assert.equal(aggregate(rolling, `m${MEASURES_MAX}`), undefined);
});
