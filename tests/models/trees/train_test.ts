import assert from "node:assert/strict";
import { averagePrecision, logLoss, rocAuc } from "../../../models/metrics.ts";
import { sigmoid } from "../../../models/calibration.ts";
import { type Forest, importances, scoreMargins } from "../../../models/trees/forest.ts";
import { DEFAULTS } from "../../../models/trees/parameters.ts";
import { type Examples, growForest } from "../../../models/trees/train.ts";
import { crossed, examplesOf } from "./examples.ts";

const FEW = { ...DEFAULTS, trees: 30, depth: 3 };

Deno.test("trees learn what no single column says, and only from the columns that say it", () => {
  const { forest } = growForest(examplesOf(2_000, 6, crossed, { noise: 0.05 }), FEW);
  const others = examplesOf(1_000, 6, crossed, { seed: 2 });
  assert.ok(rocAuc(scoreMargins(forest, others.features), others.labels) > 0.98);
  const [first, second] = importances(forest);
  assert.deepEqual([first?.column, second?.column].sort(), [0, 1]);
  const shares = importances(forest).map(({ share }) => share);
  assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
});

Deno.test("the same rows, parameters and seed give the same trees, another seed others", () => {
  const examples = examplesOf(500, 5, crossed, { noise: 0.1, missing: 0.1 });
  const sampled = { ...FEW, rowShare: 0.7, columnShare: 0.6 };
  const { forest } = growForest(examples, sampled);
  assert.deepEqual(growForest(examples, sampled).forest, forest);
  assert.notDeepEqual(growForest(examples, { ...sampled, seed: 2 }).forest, forest);
});

Deno.test("a split and its leaves are those of XGBoost's formulas, tried on every cut", () => {
  const examples = examplesOf(200, 3, (row) => (row[1] as number) > 0.6, {
    noise: 0.2,
    missing: 0.2,
  });
  const parameters = { ...FEW, trees: 1, depth: 1, l1: 0.7, l2: 2, positiveWeight: 3 };
  const { forest } = growForest(examples, parameters);
  const found = bruteForce(examples, parameters, forest.base);
  assert.equal(forest.column[0], found.column);
  assert.ok(Math.abs((forest.gain[0] as number) - found.gain) < 1e-4 * found.gain);
  assert.ok(Math.abs((forest.weight[1] as number) - found.left) < 1e-6);
  assert.ok(Math.abs((forest.weight[2] as number) - found.right) < 1e-6);
});

/** Every cut between two values of every column, missing values to the one side and the other. */
function bruteForce(
  { features, labels }: Examples,
  { l1, l2, rate, positiveWeight }: typeof FEW,
  base: number,
): { column: number; gain: number; left: number; right: number } {
  const rows = Array.from(labels, (label, row) => {
    const weight = label === 1 ? positiveWeight : 1;
    const probability = sigmoid(base);
    const values = features.values.subarray(row * features.columns);
    return {
      values,
      g: weight * (probability - label),
      h: weight * probability * (1 - probability),
    };
  });
  const pull = (g: number) => Math.sign(g) * Math.max(0, Math.abs(g) - l1);
  const sums = (some: typeof rows) => ({
    g: some.reduce((sum, { g }) => sum + g, 0),
    h: some.reduce((sum, { h }) => sum + h, 0),
  });
  const score = ({ g, h }: { g: number; h: number }) => pull(g) ** 2 / (h + l2);
  const weight = ({ g, h }: { g: number; h: number }) => -rate * pull(g) / (h + l2);
  let best = { column: -1, gain: 0, left: 0, right: 0 };
  for (let column = 0; column < features.columns; column++) {
    for (const { values: { [column]: cut = NaN } } of rows) {
      for (const missingLeft of [false, true]) {
        const goesLeft = (value = NaN) => Number.isNaN(value) ? missingLeft : value <= cut;
        const left = sums(rows.filter(({ values }) => goesLeft(values[column])));
        const right = sums(rows.filter(({ values }) => !goesLeft(values[column])));
        if (Number.isNaN(cut) || Math.min(left.h, right.h) < 1) continue;
        const gain = score(left) + score(right) - score(sums(rows));
        if (gain > best.gain) best = { column, gain, left: weight(left), right: weight(right) };
      }
    }
  }
  return best;
}

Deno.test("a missing value goes where rows like it went", () => {
  const { features, labels } = examplesOf(1_000, 2, (row) => (row[0] as number) > 0.5);
  for (let row = 0; row < labels.length; row++) {
    if (row % 4 === 0) {
      features.values[2 * row] = NaN;
      labels[row] = 1;
    }
  }
  const { forest } = growForest({ features, labels }, { ...FEW, trees: 10 });
  const asked = { values: Float32Array.of(NaN, 0.5, 0.9, 0.5, 0.1, 0.5), rows: 3, columns: 2 };
  const [missing, high, low] = scoreMargins(forest, asked);
  assert.ok((missing as number) > 1 && (high as number) > 1 && (low as number) < -1);
});

Deno.test("that a value is missing may be all there is to know", () => {
  const { features, labels } = examplesOf(400, 1, () => false);
  for (let row = 0; row < labels.length; row += 3) {
    features.values[row] = NaN;
    labels[row] = 1;
  }
  const { forest } = growForest({ features, labels }, { ...FEW, trees: 5 });
  assert.equal(rocAuc(scoreMargins(forest, features), labels), 1);
});

Deno.test("training stops where trees no longer help, and keeps those that did", () => {
  const learned = examplesOf(300, 5, crossed, { noise: 0.25 });
  const validation = examplesOf(2_000, 5, crossed, { seed: 2, noise: 0.25 });
  for (const by of ["log-loss", "average-precision"] as const) {
    const many = { ...FEW, trees: 300 };
    const { forest, bestTrees, progress } = growForest(learned, many, {
      validation,
      patience: 10,
      by,
    });
    assert.ok(bestTrees < 300 && progress.length === bestTrees + 10, `${by}: ${bestTrees}`);
    assert.equal(forest.roots.length, bestTrees);
    const margins = scoreMargins(forest, validation.features);
    const kept = by === "log-loss"
      ? logLoss(margins.map(sigmoid), validation.labels)
      : -averagePrecision(margins, validation.labels);
    assert.ok(Math.abs(kept - Math.min(...progress.map((told) => told.validation ?? NaN))) < 1e-4);
  }
});

Deno.test("the loss of the rows learned from falls with every tree", () => {
  const { progress } = growForest(examplesOf(500, 4, crossed, { noise: 0.1 }), FEW);
  progress.slice(1).forEach(({ loss }, i) => assert.ok(loss < (progress[i]?.loss ?? NaN)));
});

Deno.test("a monotone column never lowers the answer, whatever the noise says", () => {
  const examples = examplesOf(600, 2, (row) => (row[0] as number) > 0.4, { noise: 0.3 });
  const steps = 200;
  const falls = (forest: Forest) => {
    const values = Float32Array.from(
      { length: 2 * steps },
      (_, i) => i % 2 === 0 ? i / 2 / steps : 0.5,
    );
    const margins = scoreMargins(forest, { values, rows: steps, columns: 2 });
    return margins.slice(1).filter((margin, i) => margin < (margins[i] as number) - 1e-6).length;
  };
  const parameters = { ...FEW, depth: 5 };
  assert.ok(falls(growForest(examples, parameters).forest) > 0, "nothing to constrain");
  assert.equal(falls(growForest(examples, { ...parameters, monotone: [1, 0] }).forest), 0);
});

Deno.test("positive weight moves every answer towards yes", () => {
  const examples = examplesOf(1_000, 3, (row) => (row[0] as number) > 0.9, { noise: 0.05 });
  const mean = (positiveWeight: number) => {
    const { forest } = growForest(examples, { ...FEW, positiveWeight });
    return scoreMargins(forest, examples.features).reduce((sum, margin) => sum + margin, 0);
  };
  assert.ok(mean(10) > mean(1) + 500);
});

Deno.test("L1, L2 and the gain a split must have make trees smaller or weaker", () => {
  const examples = examplesOf(500, 4, crossed, { noise: 0.2 });
  const plain = growForest(examples, FEW).forest;
  const pruned = growForest(examples, { ...FEW, gainMin: 5 }).forest;
  assert.ok(pruned.column.length < plain.column.length);
  assert.ok(pruned.gain.every((gain) => gain === 0 || gain >= 5));
  const strength = ({ weight }: Forest) => weight.reduce((sum, own) => sum + Math.abs(own), 0);
  for (const more of [{ l1: 10 }, { l2: 50 }]) {
    assert.ok(strength(growForest(examples, { ...FEW, ...more }).forest) < strength(plain));
  }
});

Deno.test("what cannot be learned from is refused in words", () => {
  const examples = examplesOf(50, 2, crossed);
  const refused = (parameters: Partial<typeof FEW>, words: RegExp) =>
    assert.throws(() => growForest(examples, { ...FEW, ...parameters }), words);
  refused({ depth: 2.5 }, /depth 2\.5: expected a whole number from 1 to 16/);
  refused({ rowShare: 0 }, /rowShare 0: expected a number from above 0 to 1/);
  refused({ rate: NaN }, /rate NaN/);
  refused({ monotone: [1] }, /constrain 2 columns/);
  const silent = { ...examples, labels: new Uint8Array(50) };
  assert.throws(() => growForest(silent, FEW), /all the same: 0 of 50/);
  const short = { ...examples, labels: new Uint8Array(49) };
  assert.throws(() => growForest(short, FEW), /50 rows with 49 labels/);
});
