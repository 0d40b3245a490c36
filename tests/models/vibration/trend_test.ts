import assert from "node:assert/strict";
import fc from "fast-check";
import { type Point, timeToThreshold, trendOf } from "../../../models/vibration/trend.ts";
import { noise } from "./waveforms.ts";

function points(values: readonly number[], stepMs = 1000): Point[] {
  return values.map((value, i) => ({ at: i * stepMs, value }));
}

Deno.test("a straight line: its slope, no doubt about it, and when it gets there", () => {
  const trend = trendOf(points([1, 2, 3, 4, 5, 6]));
  assert.deepEqual(trend, {
    slope: 0.001,
    slopeLow: 0.001,
    slopeHigh: 0.001,
    latest: 6,
    at: 5000,
  });
  assert.ok(trend);
  assert.deepEqual(timeToThreshold(trend, 10), {
    expectedMs: 4000,
    earliestMs: 4000,
    latestMs: 4000,
  });
});

Deno.test("the interval, as scipy.stats.theilslopes has it", () => {
  const values = [1.2, 1.9, 3.4, 3.7, 5.4, 5.5, 7.3, 7.9, 9.6, 9.9];
  const trend = trendOf(points(values, 1));
  assert.ok(trend);
  for (
    const [found, expected] of [
      [trend.slope, SCIPY.slope],
      [trend.slopeLow, SCIPY.low],
      [trend.slopeHigh, SCIPY.high],
    ] as const
  ) assert.ok(Math.abs(found - expected) < 0.03, `${found} instead of ${expected}`);
});

/** `theilslopes(values, range(10), 0.95)`; its ranks round another way. */
const SCIPY = { slope: 1, low: 0.9, high: 1.1 };

Deno.test("two wild points of ten do not bend the line", () => {
  const values = [1, 2, 300, 4, 5, 6, 7, -200, 9, 10];
  const trend = trendOf(points(values));
  assert.ok(trend);
  assert.ok(Math.abs(trend.slope - 0.001) < 1e-4, `${trend.slope}`);
  assert.ok(Math.abs(trend.latest - 10) < 0.5);
});

Deno.test("the true slope lies within the interval in about 95 of 100 noisy series", () => {
  let within = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const trend = trendOf(points([...noise(24, seed)].map((value, i) => 0.1 * i + value), 1));
    assert.ok(trend);
    if (trend.slopeLow <= 0.1 && trend.slopeHigh >= 0.1) within++;
  }
  assert.ok(within >= 184 && within <= 199, `${within} of 200`);
});

Deno.test("what falls, or stays, never reaches a threshold above", () => {
  for (const values of [[5, 4, 3, 2, 1], [1, 1, 1, 1, 1]]) {
    const trend = trendOf(points(values));
    assert.ok(trend);
    assert.equal(timeToThreshold(trend, 10), undefined);
  }
});

Deno.test("what may as well not grow may never get there", () => {
  const trend = trendOf(points([1, 3, 0, 4, 1, 3, 2, 4, 1]));
  assert.ok(trend && trend.slopeLow <= 0 && trend.slope > 0);
  assert.equal(timeToThreshold(trend, 10)?.latestMs, null);
});

Deno.test("what is there already needs no time", () => {
  const trend = trendOf(points([1, 2, 3, 4, 5]));
  assert.ok(trend);
  assert.deepEqual(timeToThreshold(trend, 5), { expectedMs: 0, earliestMs: 0, latestMs: 0 });
});

Deno.test("four points, or all at one moment, are no trend", () => {
  assert.equal(trendOf(points([1, 2, 3, 4])), undefined);
  assert.equal(trendOf(points([1, 2, 3, 4, 5, 6], 0)), undefined);
});

Deno.test("any points: in any order the same trend, its interval around its slope", () => {
  const point = fc.record({
    at: fc.integer({ min: 0, max: 1_000 }),
    value: fc.integer({ min: -100, max: 100 }),
  });
  fc.assert(fc.property(fc.array(point, { minLength: 5, maxLength: 20 }), (points) => {
    const trend = trendOf(points);
    assert.deepEqual(trendOf(points.toReversed()), trend);
    if (trend) assert.ok(trend.slopeLow <= trend.slope && trend.slope <= trend.slopeHigh);
  }));
});
