/** Grouping polls in columns of numbers, against doing it in the plainest way. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { createPollWindow, unknownOf } from "../../commands/import/poll_window.ts";
import { pollText, readPoll, Unreadable } from "../../commands/import/rows.ts";

const NOW = Date.UTC(2026, 0, 1);

Deno.test("every store has its polls, ascending and once, and the window is empty again", () => {
  const rows = fc.array(
    fc.tuple(
      fc.constantFrom("a", "b", "9223372036854775807", "d"),
      fc.integer({ min: 0, max: 60 }),
    ),
    { maxLength: 300 },
  );
  const window = createPollWindow(100);
  fc.assert(
    fc.property(rows, (rows) => {
      for (const [id, key] of rows) window.add(window.placeOf(id) ?? window.addStore(id), key);
      assert.equal(window.isFull(), rows.length >= 100);
      const expected = new Map<string, number[]>();
      for (const [id] of rows) expected.set(id, []);
      for (const id of expected.keys()) {
        const keys = rows.filter(([other]) => other === id).map(([, key]) => key);
        expected.set(id, [...new Set(keys)].sort((a, b) => a - b));
      }
      const drained = window.drain().map(({ id, keys }) => [id, [...keys]] as const);
      assert.deepEqual(new Map(drained), expected);
      assert.deepEqual([window.polls, window.stores, window.drain()], [0, 0, []]);
    }),
    { seed: 3 },
  );
});

Deno.test("what is known is left out, and so is active where the store was inactive", () => {
  const keys = Float64Array.of(10, 11, 20, 30, 31, 41);
  assert.deepEqual([...unknownOf(keys, [])], [...keys]);
  assert.deepEqual([...unknownOf(keys, [11, 20, 30, 50])], [31, 41]);
});

Deno.test("a poll is written as it was read, to the microsecond", () => {
  const key = readPoll("2023-01-22 12:09:39.388884 UTC", "inactive", NOW);
  assert.ok(typeof key === "number");
  assert.equal(pollText(key), '["2023-01-22T12:09:39.388884Z","inactive"]');
  assert.equal(pollText(key - 1), '["2023-01-22T12:09:39.388884Z","active"]');
  for (
    const [at, status] of [
      ["2023-02-30 00:00:00 UTC", "active"],
      ["1999-12-31 23:59:59 UTC", "active"],
      ["2026-01-03 00:00:00 UTC", "active"],
      ["", "active"],
      ["2023-01-22 12:09:39 UTC", "Active"],
    ] as const
  ) assert.ok(readPoll(at, status, NOW) instanceof Unreadable, at);
});
