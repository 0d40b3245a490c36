import assert from "node:assert/strict";
import { atm } from "../../actors/atm.ts";
import { historyOf } from "../../actors/atm_memory.ts";
import type { Json } from "../../events/vocabulary.ts";
import { FEATURE_NAMES, features } from "../../models/features/mod.ts";
import { saved } from "../given.ts";
import { bring, HOUR, iso, message, MINUTE, NOON } from "./saying.ts";

function report(status: string, at: number, more: Json = {}) {
  return message("telemetry", { atm_id: "D-1", status, timestamp: iso(at), ...more }, at);
}

const jam = { error_code: "E002" };

Deno.test("an ATM says that it failed when maintenance comes, once, and as of when", () => {
  const actor = bring(atm);
  actor.hear(report("online", NOON));
  assert.equal(actor.hear(report("error", NOON + HOUR, jam)).at(-1)?.type, "AlarmRaised");
  actor.hear(report("error", NOON + 2 * HOUR, jam));
  const said = actor.hear(report("maintenance", NOON + 4 * HOUR));
  const place = said.findIndex(({ type }) => type === "FailureObserved");
  assert.deepEqual(said[place], {
    type: "FailureObserved",
    data: { beganAt: iso(NOON + HOUR), code: "E002", serviceAt: iso(NOON + 4 * HOUR) },
    occurredAt: NOON + 4 * HOUR,
  });
  // Who foretold it hears that it came true before hearing that somebody saw to it.
  assert.ok(place < said.findIndex(({ type }) => type === "StatusChanged"));
  const after = [
    ...actor.hear(report("maintenance", NOON + 4 * HOUR + MINUTE)),
    ...actor.hear(report("online", NOON + 5 * HOUR)),
  ];
  assert.ok(after.every(({ type }) => type !== "FailureObserved"));
});

Deno.test("an outage that is over by itself, or mended at once, is no failure", () => {
  const actor = bring(atm);
  actor.hear(report("error", NOON, jam));
  actor.hear(report("online", NOON + HOUR));
  const said = [
    ...actor.hear(report("maintenance", NOON + 3 * HOUR)),
    ...actor.hear(report("error", NOON + 4 * HOUR, jam)),
    ...actor.hear(report("maintenance", NOON + 5 * HOUR)),
  ];
  assert.ok(said.every(({ type }) => type !== "FailureObserved"));
});

Deno.test("a report that comes late begins no outage and ends none", () => {
  const actor = bring(atm);
  actor.hear(report("error", NOON, jam));
  actor.hear(report("online", NOON - HOUR));
  const said = actor.hear(report("maintenance", NOON + 3 * HOUR));
  assert.ok(said.some(({ type }) => type === "FailureObserved"));
});

Deno.test("an outage under way outlives a snapshot, and so do the features", () => {
  const actor = bring(atm);
  actor.hear(report("online", NOON, { cpu_usage_percent: 31, network_latency_ms: 90 }));
  actor.hear(report("error", NOON + HOUR, jam));
  const before = historyOf(actor.state.memory ?? assert.fail()).toJSON();
  actor.state = saved(actor.state);
  const said = actor.hear(report("maintenance", NOON + 4 * HOUR));
  assert.ok(said.some(({ type }) => type === "FailureObserved"));
  actor.state = saved(actor.state);
  const history = historyOf(actor.state.memory ?? assert.fail());
  assert.notDeepEqual(history.toJSON(), before);
  const row = features(history, NOON + 4 * HOUR);
  assert.equal(row[FEATURE_NAMES.indexOf("error_code_ratio")], 0.5);
});

Deno.test("a critical code that is new is noted by our clock", () => {
  const actor = bring(atm);
  actor.hear(report("online", NOON, { error_code: "E001" }));
  assert.equal(actor.state.memory?.criticalAt, null);
  actor.hear(report("online", NOON + MINUTE, jam));
  actor.hear(report("online", NOON + 2 * MINUTE, jam));
  assert.equal(actor.state.memory?.criticalAt, NOON + MINUTE);
});
