import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addValue,
  aggregate,
  emptyRolling,
  HOUR_MS,
  inHour,
  MEASURES_MAX,
} from "../../actors/rolling.ts";
import { saved } from "../given.ts";
import { NOON } from "./saying.ts";

interface Value {
  readonly name: string;
  readonly at: number;
  readonly value: number;
}

const NAMES = ["heat", "cash", "load"];

function hourOf({ at }: Pick<Value, "at">): number {
  return Math.floor(at / HOUR_MS);
}

/** Those of one measure, looked through one by one. */
function bruteForce(values: readonly Value[]) {
  const kept = values.map(({ value }) => value);
  if (kept.length === 0) return undefined;
  return {
    count: kept.length,
    sum: kept.reduce((sum, value) => sum + value, 0),
    sumOfSquares: kept.reduce((sum, value) => sum + value * value, 0),
    min: Math.min(...kept),
    max: Math.max(...kept),
  };
}

Deno.test("aggregates are those of the last 24 hours, whatever the order of arrival, or between restarts", () => {
  const values = fc.array(
    fc.record({
      name: fc.constantFrom(...NAMES),
      at: fc.integer({ min: NOON, max: NOON + 60 * HOUR_MS }),
      // Whole numbers add up the same in any order.
      value: fc.integer({ min: -1_000, max: 1_000 }),
    }),
    { minLength: 1, maxLength: 200 },
  );
  fc.assert(
    fc.property(values, fc.nat(200), (list, restart) => {
      let rolling = emptyRolling();
      for (const [i, { name, at, value }] of list.entries()) {
        if (i === restart) rolling = saved(rolling);
        addValue(rolling, name, at, value);
      }
      const newest = Math.max(...list.map(hourOf));
      for (const name of NAMES) {
        const kept = list.filter((value) => value.name === name && hourOf(value) > newest - 24);
        assert.deepEqual(aggregate(rolling, name), bruteForce(kept));
        for (let hour = newest - 30; hour <= newest + 1; hour++) {
          const told = bruteForce(kept.filter((value) => hourOf(value) === hour));
          const expected = told && { count: told.count, sum: told.sum };
          assert.deepEqual(inHour(rolling, name, hour), expected);
        }
      }
    }),
    { seed: 5, numRuns: 500 },
  );
});

Deno.test("what is kept grows with what was told, not with what could be", () => {
  const rolling = emptyRolling();
  addValue(rolling, "heat", NOON, 20.5);
  addValue(rolling, "heat", NOON + HOUR_MS, 21);
  assert.deepEqual(rolling, {
    names: ["heat"],
    hours: [NOON / HOUR_MS, NOON / HOUR_MS + 1],
    cells: [1, 20.5, 20.5 ** 2, 20.5, 20.5, 1, 21, 21 ** 2, 21, 21],
  });
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
  assert.deepEqual(saved(rolling), rolling);
});

Deno.test("measures beyond the limit are left out, those known go on", () => {
  const rolling = emptyRolling();
  for (let i = 0; i <= MEASURES_MAX; i++) addValue(rolling, `m${i}`, NOON, i);
  addValue(rolling, "m0", NOON, 5);
  assert.equal(rolling.names.length, MEASURES_MAX);
  assert.equal(aggregate(rolling, "m0")?.count, 2);
  assert.equal(aggregate(rolling, `m${MEASURES_MAX}`), undefined);
});
