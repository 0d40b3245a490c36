import assert from "node:assert/strict";
import { sensor } from "../../actors/sensor.ts";
import type { Event, Foretold } from "../../events/event.ts";
import type { AnomalyFound } from "../../events/sensor.ts";
import { saved } from "../given.ts";
import { MINUTE, NOON } from "./saying.ts";

const model = "a".repeat(64);

function reading(i: number, value: number, foretold?: Foretold): Event {
  const at = NOON + i * MINUTE;
  const metadata = foretold === undefined ? {} : { foretold };
  return { type: "ReadingReported", data: { value }, occurredAt: at, recordedAt: at, metadata };
}

/** Long enough for alarms, and nothing in it that detectors remark on. */
const calm = Array.from({ length: 200 }, (_, i) => reading(i, 20 + i % 3));

function fold(events: readonly Event[]): ReturnType<typeof sensor.initial> {
  return events.reduce((state, event) => sensor.evolve(state, event), sensor.initial());
}

function foundIn(last: Event): AnomalyFound | undefined {
  const state = fold([...calm, last]);
  const found = sensor.conclude?.(state, last)?.events
    .find(({ type }) => type === "AnomalyDetected");
  return found?.data as AnomalyFound | undefined;
}

Deno.test("a reading far from what was foretold of it is an anomaly, and says who found it", () => {
  const found = foundIn(reading(200, 22, { expected: 12, error: 0.5, model }));
  assert.equal(found?.detectors[0]?.name, "forecaster");
  assert.deepEqual([found?.expected, found?.lower, found?.upper], [12, 11.5, 12.5]);
  assert.match(found?.reason ?? "", /further from what was foretold/);
});

Deno.test("the same reading as foretold, or with nothing foretold, is none", () => {
  assert.equal(foundIn(reading(200, 22, { expected: 21.8, error: 0.5, model })), undefined);
  assert.equal(foundIn(reading(200, 22)), undefined);
});

Deno.test("folding the log again takes what was foretold from the log", () => {
  const events = [...calm, reading(200, 22, { expected: 12, error: 0.5, model }), reading(201, 20)];
  assert.deepEqual(saved(fold(events)), saved(fold(events)));
  const halfway = sensor.evolve(saved(fold(events.slice(0, -1))), events.at(-1) as Event);
  assert.deepEqual(saved(halfway), saved(fold(events)));
  const without = events.map(({ metadata: _, ...event }) => event);
  assert.notDeepEqual(saved(fold(without)), saved(fold(events)));
});
