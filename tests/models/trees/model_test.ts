import assert from "node:assert/strict";
import {
  readModel,
  scoreProbabilities,
  type TreeModel,
  writeModel,
} from "../../../models/trees/model.ts";
import type { FreshForest } from "../../../models/trees/forest.ts";
import { exportTrees } from "../../../models/trees/export.ts";
import { DEFAULTS } from "../../../models/trees/parameters.ts";
import { sha256Of } from "../../../models/sha256.ts";
import { growForest } from "../../../models/trees/train.ts";
import { crossed, examplesOf } from "./examples.ts";

const examples = examplesOf(400, 3, crossed, { noise: 0.1, missing: 0.1 });
const PARAMETERS = { ...DEFAULTS, trees: 20, depth: 3 };

function grow(): TreeModel & { forest: FreshForest } {
  const { forest } = growForest(examples, PARAMETERS);
  const calibration = { kind: "platt", slope: 0.9, offset: -0.1 } as const;
  return { features: ["a", "b", "c"], forest, calibration };
}

Deno.test("a model read back is the same to the bit, and so is its name", async () => {
  const model = grow();
  const file = writeModel(model, { source: "a test" });
  const { model: read, card } = readModel(file);
  const { gain: _, ...forest } = model.forest;
  assert.deepEqual(read, { ...model, forest });
  assert.deepEqual(card, { source: "a test" });
  const rows = examples.features;
  assert.deepEqual(scoreProbabilities(read, rows), scoreProbabilities(model, rows));
  assert.deepEqual(writeModel(grow(), card as object), file);
  assert.equal(await sha256Of(file), await sha256Of(writeModel(read, card as object)));
  assert.match(await sha256Of(file), /^[0-9a-f]{64}$/);
  const renamed = writeModel({ ...model, features: ["a", "b", "d"] }, card as object);
  assert.notEqual(await sha256Of(renamed), await sha256Of(file));
});

Deno.test("a model of another format, or whose trees lead nowhere, is refused", () => {
  const { forest, calibration, features } = grow();
  const about = { format: "telltale-trees", version: "1", features: JSON.stringify(features) };
  const told = { ...about, calibration: JSON.stringify(calibration), card: "{}" };
  const refused = (words: RegExp, changes: object, otherwise: Partial<FreshForest> = {}) =>
    assert.throws(
      () =>
        readModel(exportTrees({ ...forest, ...otherwise }, calibration, { ...told, ...changes })),
      words,
    );
  refused(/format "xgboost", version 1/, { format: "xgboost" });
  refused(/version 2/, { version: "2" });
  refused(/format "undefined"/, { format: undefined });
  const circling = forest.child.map((child, node) => child === node ? node : 0);
  refused(/lead nowhere/, {}, { child: circling });
  refused(/lead nowhere/, {}, { column: forest.column.map((column) => column < 0 ? -1 : 7) });
  refused(/lead nowhere/, {}, { cover: forest.cover.subarray(1) });
  refused(/lead nowhere/, { features: '["a"]' });
  refused(/JSON/, { features: "a, b, c" });
});

Deno.test("bytes that are no ONNX file, cut off, or nothing at all, are refused", () => {
  const file = writeModel(grow());
  for (const bytes of [new Uint8Array(), file.subarray(0, 1000), new TextEncoder().encode("{}")]) {
    assert.throws(() => readModel(bytes), Error);
  }
});

Deno.test("rows of another width are refused, not read askew", () => {
  const rows = { values: new Float32Array(8), rows: 2, columns: 4 };
  assert.throws(() => scoreProbabilities(grow(), rows), /rows of 4 features: .* grown on 3/);
});
