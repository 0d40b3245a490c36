import assert from "node:assert/strict";
import { askXgboost } from "../../../bench/xgboost.ts";
import { scoreMargins } from "../../../models/trees/forest.ts";
import { DEFAULTS, type TreeParameters } from "../../../models/trees/parameters.ts";
import { growForest } from "../../../models/trees/train.ts";
import { crossed, examplesOf } from "./examples.ts";

const VARIANTS: readonly Partial<TreeParameters>[] = [
  {},
  { depth: 4, l1: 1.5, l2: 3 },
  { depth: 5, gainMin: 2 },
  { depth: 4, childWeightMin: 8, positiveWeight: 4 },
  // More trees drift apart: XGBoost scores a constrained node under its parent's bounds.
  { trees: 1, depth: 4, monotone: [1, 0, -1, 1, 0] },
];

Deno.test("where values have a bin each, trees answer what XGBoost's answer", async () => {
  const examples = examplesOf(1_500, 5, crossed, { noise: 0.25, missing: 0.1 });
  const { values } = examples.features;
  values.forEach((value, i) => values[i] = Math.floor(60 * value));
  for (const variant of VARIANTS) {
    const parameters = { ...DEFAULTS, trees: 15, depth: 3, ...variant };
    const peer = await askXgboost(examples, examples, parameters);
    if (peer === undefined) return console.log("skipped: python3-xgboost is not installed");
    const margins = scoreMargins(growForest(examples, parameters).forest, examples.features);
    const apart = margins.map((margin, row) => Math.abs(margin - (peer.margins[row] ?? NaN)));
    const far = apart.filter((difference) => !(difference < 1e-4)).length;
    assert.ok(far === 0, `${JSON.stringify(variant)}: ${far} rows, ${Math.max(...apart)}`);
  }
});
