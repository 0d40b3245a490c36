import assert from "node:assert/strict";
import fc from "fast-check";
import {
  failureProbability,
  HORIZON_HOURS,
  learnLife,
  LIFE,
  type Lived,
  remainingOf,
  THRESHOLD,
} from "../../../models/vibration/life.ts";
import { noise } from "./waveforms.ts";

const HOUR_MS = 3_600_000;
const age = fc.double({ min: 1e5, max: 1e11, noNaN: true });
const above = fc.double({ min: 0.5, max: 3, noNaN: true });
const RUNS = { seed: 11, numRuns: 500 };

Deno.test("a life that runs a hundred times as fast has a hundredth of the time left", () => {
  fc.assert(
    fc.property(age, above, (ageMs, above) => {
      const slow = remainingOf({ ageMs, above }, LIFE);
      const fast = remainingOf({ ageMs: ageMs / 100, above }, LIFE);
      assert.ok(Math.abs(slow.expectedMs / fast.expectedMs / 100 - 1) < 1e-9);
      assert.ok(slow.earliestMs < slow.expectedMs && slow.expectedMs < (slow.latestMs ?? 0));
    }),
    RUNS,
  );
});

Deno.test("the more it has grown and the longer the horizon, the likelier the failure", () => {
  fc.assert(
    fc.property(age, above, fc.double({ min: 1, max: 1e4, noNaN: true }), (ageMs, above, hours) => {
      const of = (grown: number, horizon: number) =>
        failureProbability(
          { ageMs, remaining: remainingOf({ ageMs, above: grown }, LIFE) },
          horizon,
        );
      const probability = of(above, hours);
      assert.ok(probability >= 0 && probability <= 1);
      assert.ok(of(above + 0.1, hours) >= probability && of(above, 2 * hours) >= probability);
    }),
    RUNS,
  );
});

Deno.test("the probability is that of the interval: half at its middle, a fortieth at its edge", () => {
  const remaining = remainingOf({ ageMs: 5_000 * HOUR_MS, above: 1.2 }, LIFE);
  const within = (ms: number | null) =>
    failureProbability({ ageMs: 0, remaining }, (ms ?? NaN) / HOUR_MS);
  assert.ok(Math.abs(within(remaining.expectedMs) - 0.5) < 1e-6);
  assert.ok(Math.abs(within(remaining.earliestMs) - 0.025) < 1e-4);
  assert.ok(Math.abs(within(remaining.latestMs) - 0.975) < 1e-4);
});

Deno.test("without a sign, the longer it has run the less likely is this week its last", () => {
  const quiet = (hours: number) =>
    failureProbability({ ageMs: hours * HOUR_MS, remaining: null }, HORIZON_HOURS);
  assert.ok(quiet(200) > quiet(500) && quiet(500) > quiet(8_760));
  assert.ok(quiet(8_760) < 0.01);
  // A whole plant that was connected this morning is not foretold to fail by next week.
  assert.ok(quiet(0) === quiet(1) && quiet(0) < THRESHOLD / 2);
});

Deno.test("lives that were made by a rule teach that rule, each counting alike", () => {
  const wobble = noise(4_000, 5);
  const lives = Array.from(
    { length: 8 },
    (_, life) =>
      Array.from({ length: life === 0 ? 500 : 50 }, (_, i): Lived => {
        const ageMs = 1e9 * (life + 1);
        const above = 0.9 + i / (life === 0 ? 500 : 50);
        const share = 0.5 - 3 * above + 0.3 * (wobble[500 * life + i] ?? 0);
        return { ageMs, above, leftMs: ageMs * Math.exp(share) };
      }),
  );
  const learned = learnLife(lives);
  assert.ok(learned);
  assert.ok(Math.abs(learned.atNormal - 0.5) < 0.15, `${learned.atNormal}`);
  assert.ok(Math.abs(learned.perLogarithm + 3) < 0.1, `${learned.perLogarithm}`);
  assert.ok(Math.abs(learned.spread - 0.3) < 0.05, `${learned.spread}`);
  assert.equal(learnLife([[], lives[0] ?? []]), undefined);
});
