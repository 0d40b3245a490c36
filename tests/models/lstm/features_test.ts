import assert from "node:assert/strict";
import fc from "fast-check";
import {
  canForetell,
  CONTEXT_READINGS,
  emptyWindow,
  FEATURES,
  SEQUENCE,
  takeReading,
  type Window,
} from "../../../models/lstm/features.ts";

const MINUTE = 60_000;
/** A Saturday, 06:00 UTC. */
const START = Date.UTC(2026, 0, 3, 6);

interface Reading {
  readonly value: number;
  readonly at: number;
}

function windowOf(readings: readonly Reading[]): Window {
  const window = emptyWindow();
  for (const { value, at } of readings) takeReading(window, value, at);
  return window;
}

function everyFiveMinutes(values: readonly number[]): Reading[] {
  return values.map((value, i) => ({ value, at: START + i * 5 * MINUTE }));
}

const anyReadings = fc.array(
  fc.record({
    value: fc.double({ min: -1e9, max: 1e9, noNaN: true }),
    step: fc.integer({ min: -2, max: 30 }),
  }),
  { minLength: 1, maxLength: 120 },
).map((steps) => {
  let at = START;
  return steps.map(({ value, step }) => ({ value, at: at += step * MINUTE }));
});

Deno.test("a row holds value, hour, weekday, rolling mean and sd, difference and rate", () => {
  const { rows } = windowOf(everyFiveMinutes([10, 14]));
  const named = Object.fromEntries(FEATURES.map((name, i) => [name, rows[1]?.[i]]));
  const hour = 2 * Math.PI * (6 + 5 / 60) / 24;
  const saturday = 2 * Math.PI * 6 / 7;
  const expected = {
    value: 14,
    hour_sin: Math.sin(hour),
    hour_cos: Math.cos(hour),
    weekday_sin: Math.sin(saturday),
    weekday_cos: Math.cos(saturday),
    rolling_mean: 12,
    rolling_sd: 2,
    difference: 4,
    rate_per_hour: 48,
  };
  for (const [name, value] of Object.entries(expected)) {
    assert.ok(Math.abs((named[name] ?? NaN) - value) < 1e-9, `${name}: ${named[name]}, ${value}`);
  }
});

Deno.test("a row depends on nothing that comes after it", () => {
  fc.assert(fc.property(anyReadings, anyReadings, fc.nat(), (readings, others, cut) => {
    const known = readings.slice(0, 1 + cut % readings.length);
    const before = windowOf(known);
    const continued = emptyWindow();
    for (const { value, at } of known) takeReading(continued, value, at);
    const rowsThen = structuredClone(continued.rows);
    for (const { value, at } of others) takeReading(continued, value, at);
    assert.deepEqual(rowsThen, before.rows);
  }));
});

Deno.test("a window depends on the last 47 readings and on nothing before them", () => {
  fc.assert(fc.property(
    fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
      minLength: CONTEXT_READINGS,
      maxLength: 120,
    }),
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    (values, other) => {
      const readings = everyFiveMinutes(values);
      const start = readings.length - CONTEXT_READINGS;
      const changed = readings.map((reading, i) =>
        i < start ? { ...reading, value: other } : reading
      );
      const whole = windowOf(readings).rows;
      assert.deepEqual(windowOf(changed).rows, whole);
      assert.deepEqual(windowOf(readings.slice(start)).rows, whole);
    },
  ));
});

Deno.test("repeats and stragglers are left out of the sequence", () => {
  const readings = everyFiveMinutes([1, 2, 3, 4]);
  const [first, second, third, fourth] = readings as [Reading, Reading, Reading, Reading];
  const disturbed = [first, second, second, { ...second, value: 99 }, third, first, fourth];
  assert.deepEqual(windowOf(disturbed).rows, windowOf(readings).rows);
});

Deno.test("a clock that was set back begins a new sequence, after a while", () => {
  const window = windowOf(everyFiveMinutes(Array.from({ length: 30 }, (_, i) => i)));
  const earlier = START - 24 * 60 * MINUTE;
  const taken = Array.from(
    { length: 60 },
    (_, i) => takeReading(window, i, earlier + i * 5 * MINUTE),
  );
  assert.equal(taken.indexOf(true), SEQUENCE);
  assert.ok(taken.slice(SEQUENCE).every((yes) => yes));
  assert.equal(window.times[0], earlier + (60 - SEQUENCE) * 5 * MINUTE);
});

Deno.test("what is not a number is not taken in", () => {
  const window = emptyWindow();
  for (const value of [NaN, Infinity, -Infinity]) {
    assert.equal(takeReading(window, value, START), false);
  }
  assert.equal(window.rows.length, 0);
});

Deno.test("nothing is foretold from too few readings, across a gap, or at another pace", () => {
  const readings = everyFiveMinutes(Array.from({ length: SEQUENCE }, (_, i) => i));
  const last = readings.at(-1)?.at ?? 0;
  const full = windowOf(readings);
  assert.equal(canForetell(full, last + 5 * MINUTE, 5 * MINUTE), true);
  assert.equal(canForetell(windowOf(readings.slice(1)), last + 5 * MINUTE, 5 * MINUTE), false);
  assert.equal(canForetell(full, last + 26 * MINUTE, 5 * MINUTE), false);
  assert.equal(canForetell(full, last, 5 * MINUTE), false);
  assert.equal(canForetell(full, last + 5 * MINUTE, 60 * MINUTE), false);
  const gap = windowOf(readings.map(({ value, at }, i) => ({
    value,
    at: i < 10 ? at - 60 * MINUTE : at,
  })));
  assert.equal(canForetell(gap, last + 5 * MINUTE, 5 * MINUTE), false);
});
