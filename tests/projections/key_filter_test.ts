/** A filter may be wrong in one direction only, and seldom. */
import assert from "node:assert/strict";
import { createKeyFilter } from "../../projections/key_filter.ts";

Deno.test("a key filter holds every key it was given, and hardly any other", () => {
  const filter = createKeyFilter();
  const key = (i: number) => `atm-ATM-${i % 500}|60|${1_767_225_600 + 60 * Math.floor(i / 500)}`;
  for (let i = 0; i < 200_000; i++) filter.add(key(i));
  let wrong = 0;
  for (let i = 0; i < 200_000; i++) {
    assert.ok(filter.mayHold(key(i)));
    if (filter.mayHold(key(200_000 + i))) wrong++;
  }
  assert.ok(wrong < 200, `${wrong} of 200,000 other keys were taken for its own`);
});
