import assert from "node:assert/strict";
import { store } from "../../actors/store.ts";
import { bring, HOUR, iso, message, NOON } from "./saying.ts";

function poll(at: number, status: string) {
  return message("status", { timestamp: iso(at), status }, at);
}

Deno.test("two polls at one instant are both recorded, and inactive wins in either order", () => {
  for (const order of [["active", "inactive"], ["inactive", "active"]]) {
    const actor = bring(store);
    for (const status of order) actor.hear(poll(NOON, status));
    assert.equal(actor.state.status, "inactive");
    assert.equal(actor.log.filter(({ type }) => type === "PollReported").length, 2);
  }
});

Deno.test("an identical poll changes nothing", () => {
  const actor = bring(store);
  actor.hear(poll(NOON, "active"));
  actor.hear(poll(NOON, "inactive"));
  assert.deepEqual(actor.hear(poll(NOON, "active")), []);
  assert.deepEqual(actor.hear(poll(NOON, "inactive")), []);
});

Deno.test("a store that is inactive raises an alarm", () => {
  const actor = bring(store);
  actor.hear(poll(NOON, "active"));
  const events = actor.hear(poll(NOON + HOUR, "inactive"));
  assert.deepEqual(events.map(({ type }) => type), [
    "PollReported",
    "StatusChanged",
    "AlarmRaised",
  ]);
});

Deno.test("a schedule makes a store known, and says nothing about its status or silence", () => {
  const actor = bring(store);
  const events = actor.hear(message("schedule", { timezone_str: "America/Chicago" }, NOON));
  assert.deepEqual(events.map(({ type }) => type), ["DeviceRegistered", "ScheduleSet"]);
  assert.equal(actor.state.status, null);
  assert.equal(store.nextDeadline(actor.state), Infinity);
});

Deno.test("polls from before the schedule was sent teach the usual interval all the same", () => {
  const actor = bring(store);
  actor.hear(message("schedule", { timezone_str: "America/Chicago" }, NOON));
  for (let i = 0; i < 10; i++) {
    const at = NOON - (100 - i) * HOUR;
    actor.hear(message("status", { timestamp: iso(at), status: "active" }, at, { now: NOON + i }));
  }
  assert.equal(actor.state.intervalMs, HOUR);
});
