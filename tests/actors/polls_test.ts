/** Polls of a store that arrive many in one message, against the same polls one by one. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { store } from "../../actors/store.ts";
import { bring, HOUR, iso, message, NOON } from "./saying.ts";

type Told = readonly [at: number, status: string];

function together(polls: readonly Told[], now: number) {
  const data = { polls: polls.map(([at, status]) => [iso(at), status]) };
  return message("polls", data, Math.max(...polls.map(([at]) => at)), { now });
}

function alone([at, status]: Told, now: number) {
  return message("status", { timestamp: iso(at), status }, at, { now });
}

Deno.test("polls told together are one event, and the status moves once, since it says so", () => {
  const actor = bring(store);
  const events = actor.hear(together([
    [NOON, "active"],
    [NOON + 3 * HOUR, "inactive"],
    [NOON + 2 * HOUR, "inactive"],
    [NOON + HOUR, "inactive"],
  ], NOON + 4 * HOUR));
  assert.deepEqual(events.map(({ type }) => type), [
    "DeviceRegistered",
    "PollsReported",
    "StatusChanged",
    "AlarmRaised",
  ]);
  assert.equal(events[2]?.occurredAt, NOON + HOUR);
  assert.equal(actor.state.statusSince, NOON + HOUR);
  assert.equal(actor.state.lastAt, NOON + 3 * HOUR);
});

Deno.test("polls that are all known change nothing, one new among them is recorded", () => {
  const actor = bring(store);
  const polls: Told[] = [[NOON, "active"], [NOON + HOUR, "inactive"]];
  actor.hear(together(polls, NOON + 2 * HOUR));
  assert.deepEqual(actor.hear(together([...polls].reverse(), NOON + 2 * HOUR)), []);
  assert.deepEqual(actor.hear(alone([NOON, "active"], NOON + 2 * HOUR)), []);
  const more = together([...polls, [NOON + 2 * HOUR, "active"]], NOON + 2 * HOUR);
  assert.deepEqual(actor.hear(more).map(({ type }) => type), [
    "PollsReported",
    "StatusChanged",
    "AlarmCleared",
  ]);
});

Deno.test("polls from before what is known are recorded, and raise no alarm", () => {
  const actor = bring(store);
  actor.hear(alone([NOON, "active"], NOON));
  const late = together([[NOON - 2 * HOUR, "inactive"], [NOON - HOUR, "inactive"]], NOON);
  assert.deepEqual(actor.hear(late).map(({ type }) => type), ["PollsReported"]);
  assert.equal(actor.state.status, "active");
});

Deno.test("of two polls at one moment the active one never counted", () => {
  const actor = bring(store);
  actor.hear(together([
    [NOON, "inactive"],
    [NOON + HOUR, "inactive"],
    [NOON + HOUR, "active"],
  ], NOON + HOUR));
  assert.deepEqual([actor.state.status, actor.state.statusSince], ["inactive", NOON]);
});

Deno.test("told together or one by one, in order, an actor ends in the same state", () => {
  const told = fc.uniqueArray(
    fc.record({ minute: fc.integer({ min: 0, max: 600 }), down: fc.boolean() }),
    { selector: ({ minute }) => minute, minLength: 1, maxLength: 40 },
  );
  fc.assert(
    fc.property(told, fc.integer({ min: 0, max: 40 }), (polls, cut) => {
      const ascending = polls
        .map(({ minute, down }): Told => [NOON + minute * 60_000, down ? "inactive" : "active"])
        .sort(([a], [b]) => a - b);
      const now = NOON + 601 * 60_000;
      const first = ascending.slice(0, cut);
      const second = ascending.slice(cut);
      const one = bring(store);
      for (const poll of ascending) one.hear(alone(poll, now));
      const many = bring(store);
      for (const part of [first, second]) {
        if (part.length > 0) many.hear(together([...part].reverse(), now));
      }
      // Away and back again within one message is history: the status never moved.
      const { alarms, statusSince, ...state } = many.state;
      const { alarms: alarmsOfOne, statusSince: sinceOfOne, ...stateOfOne } = one.state;
      assert.deepEqual(Object.keys(alarms), Object.keys(alarmsOfOne));
      assert.deepEqual(state, stateOfOne);
      if (first.length === 0 || second.length === 0) assert.equal(statusSince, sinceOfOne);
    }),
    { seed: 5, numRuns: 300 },
  );
});
