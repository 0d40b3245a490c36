import assert from "node:assert/strict";
import fc from "fast-check";
import {
  averagePrecision,
  baseRate,
  brier,
  calibrationError,
  logLoss,
  reliability,
  rocAuc,
} from "../../models/metrics.ts";

const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-9, `${a} and ${b}`);

/** Claims of few different values, so that there are ties, with at least one of either label. */
const judged = fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 1 })), {
  minLength: 2,
  maxLength: 60,
}).map((pairs) => ({
  claims: pairs.map(([claim]) => claim / 8),
  labels: pairs.map(([, label]) => label),
})).filter(({ labels }) => new Set(labels).size === 2);

Deno.test("ROC-AUC is the share of pairs in the right order, ties counting half", () => {
  fc.assert(fc.property(judged, ({ claims, labels }) => {
    let right = 0;
    let pairs = 0;
    claims.forEach((yes, i) =>
      claims.forEach((no, j) => {
        if (labels[i] !== 1 || labels[j] !== 0) return;
        pairs++;
        right += yes > no ? 1 : yes === no ? 0.5 : 0;
      })
    );
    near(rocAuc(claims, labels), right / pairs);
  }));
});

Deno.test("average precision is the precision at each threshold, by the recall it adds", () => {
  fc.assert(fc.property(judged, ({ claims, labels }) => {
    const positives = labels.filter((label) => label === 1).length;
    let before = 0;
    let sum = 0;
    for (const threshold of [...new Set(claims)].sort((a, b) => b - a)) {
      const called = labels.filter((_, i) => (claims[i] ?? NaN) >= threshold);
      const hits = called.filter((label) => label === 1).length;
      sum += (hits / positives - before) * hits / called.length;
      before = hits / positives;
    }
    near(averagePrecision(claims, labels), sum);
  }));
});

Deno.test("the example of scikit-learn's documentation comes out the same", () => {
  const [claims, labels] = [[0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]];
  near(rocAuc(claims, labels), 0.75);
  near(averagePrecision(claims, labels), 5 / 6);
  near(brier([0.1, 0.9, 0.8, 0.3], [0, 1, 1, 0]), 0.0375);
});

Deno.test("claims that say nothing score what chance does", () => {
  const labels = Array.from({ length: 1_000 }, (_, i) => Number(i % 8 === 0));
  const same = labels.map(() => 0.5);
  near(rocAuc(same, labels), 0.5);
  near(averagePrecision(same, labels), baseRate(labels));
});

Deno.test("where all labels are the same there is nothing to measure", () => {
  assert.ok(Number.isNaN(rocAuc([0.1, 0.2], [1, 1])));
  assert.ok(Number.isNaN(averagePrecision([0.1, 0.2], [0, 0])));
});

Deno.test("log loss punishes the confident who are wrong, but not without end", () => {
  near(logLoss([0.8, 0.4], [1, 0]), -(Math.log(0.8) + Math.log(0.6)) / 2);
  assert.ok(Number.isFinite(logLoss([0, 1], [1, 0])));
});

Deno.test("reliability counts every claim once, and its error is by how much they are off", () => {
  const claims = [0, 0.05, 0.12, 0.18, 0.95, 1];
  const labels = [0, 1, 0, 0, 1, 1];
  const bins = reliability(claims, labels);
  assert.deepEqual(bins.map(({ count }) => count), [2, 2, 0, 0, 0, 0, 0, 0, 0, 2]);
  near(bins[0]?.claimed ?? NaN, 0.025);
  near(bins[0]?.happened ?? NaN, 0.5);
  assert.ok(Number.isNaN(bins[5]?.happened));
  near(calibrationError(claims, labels), (2 * 0.475 + 2 * 0.15 + 2 * 0.025) / 6);
});
