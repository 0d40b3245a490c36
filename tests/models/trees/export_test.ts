import assert from "node:assert/strict";
import { type Calibration, fitIsotonic, fitPlatt } from "../../../models/calibration.ts";
import { openSession } from "../../../models/onnx/session.ts";
import { exportTrees } from "../../../models/trees/export.ts";
import { type Forest, scoreMargins } from "../../../models/trees/forest.ts";
import { type Matrix, takeRows } from "../../../models/trees/matrix.ts";
import { scoreProbabilities } from "../../../models/trees/model.ts";
import { DEFAULTS } from "../../../models/trees/parameters.ts";
import { growForest } from "../../../models/trees/train.ts";
import { crossed, examplesOf } from "./examples.ts";

const NOISY = { noise: 0.2, missing: 0.1 };
const { forest } = growForest(examplesOf(3_000, 8, crossed, NOISY), {
  ...DEFAULTS,
  trees: 120,
  depth: 5,
});
const others = examplesOf(2_000, 8, crossed, { ...NOISY, seed: 2 });
const margins = scoreMargins(forest, others.features);

async function assertSame(forest: Forest, calibration: Calibration, rows: Matrix): Promise<void> {
  const session = await openSession(exportTrees(forest, calibration));
  try {
    const batch = { values: rows.values, shape: [rows.rows, rows.columns] };
    const marginsServed = await session.run("features", batch, "margin");
    assert.deepEqual([...marginsServed], [...scoreMargins(forest, rows)]);
    const served = await session.run("features", batch, "probability");
    const own = scoreProbabilities({ forest, calibration }, rows);
    assert.equal(served.length, rows.rows);
    own.forEach((probability, row) => {
      const apart = Math.abs(probability - (served[row] as number));
      assert.ok(apart < 1e-9, `row ${row}: ${apart} apart`);
    });
  } finally {
    await session.release();
  }
}

Deno.test("onnxruntime sums the trees to the very same margins, and calibrates like us", async () => {
  assert.ok(Math.max(...margins) - Math.min(...margins) > 2, "one answer for all proves nothing");
  for (
    const calibration of [
      { kind: "none" },
      fitPlatt(margins, others.labels),
      fitIsotonic(margins, others.labels),
    ] as const
  ) await assertSame(forest, calibration, others.features);
});

Deno.test("one row alone is scored like the same row among others", async () => {
  const calibration = fitIsotonic(margins, others.labels);
  for (const row of [0, 7, 1_999]) {
    await assertSame(forest, calibration, takeRows(others.features, [row]));
  }
});

Deno.test("values on a threshold, beyond all others, and rows that miss everything agree", async () => {
  const rows: number[][] = [new Array(8).fill(NaN), new Array(8).fill(1e30)];
  rows.push(new Array(8).fill(-1e30), new Array(8).fill(Infinity), new Array(8).fill(-Infinity));
  forest.column.forEach((column, node) => {
    if (column >= 0) rows.push(new Array(8).fill(forest.threshold[node]));
  });
  const values = Float32Array.from(rows.flat());
  await assertSame(forest, { kind: "none" }, { values, rows: rows.length, columns: 8 });
});

Deno.test("a tree that is a single leaf is exported, and so is a level line", async () => {
  const bare = growForest(examplesOf(40, 8, crossed), { ...DEFAULTS, trees: 2, gainMin: 1e9 });
  assert.equal(bare.forest.column.length, 2);
  const level = { kind: "isotonic", margins: [0], probabilities: [0.25] } as const;
  await assertSame(bare.forest, level, others.features);
});
