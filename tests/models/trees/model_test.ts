import assert from "node:assert/strict";
import {
  readModel,
  scoreProbabilities,
  sha256Of,
  type TreeModel,
  writeModel,
} from "../../../models/trees/model.ts";
import { DEFAULTS } from "../../../models/trees/parameters.ts";
import { growForest } from "../../../models/trees/train.ts";
import { growOnThread } from "../../../models/trees/trainer.ts";
import { crossed, examplesOf } from "./examples.ts";

const examples = examplesOf(400, 3, crossed, { noise: 0.1, missing: 0.1 });
const PARAMETERS = { ...DEFAULTS, trees: 20, depth: 3 };

function grow(): TreeModel {
  const { forest } = growForest(examples, PARAMETERS);
  const calibration = { kind: "platt", slope: 0.9, offset: -0.1 } as const;
  return { features: ["a", "b", "c"], forest, calibration };
}

Deno.test("a model read back is the same to the bit, and so is its name", async () => {
  const model = grow();
  const text = writeModel(model);
  const read = readModel(text);
  assert.deepEqual(read, model);
  const rows = examples.features;
  assert.deepEqual(scoreProbabilities(read, rows), scoreProbabilities(model, rows));
  assert.equal(writeModel(grow()), text);
  assert.equal(await sha256Of(text), await sha256Of(writeModel(read)));
  assert.match(await sha256Of(text), /^[0-9a-f]{64}$/);
  const renamed = writeModel({ ...model, features: ["a", "b", "d"] });
  assert.notEqual(await sha256Of(renamed), await sha256Of(text));
});

Deno.test("a model of another format, or whose trees lead nowhere, is refused", () => {
  const told = JSON.parse(writeModel(grow()));
  const refused = (changes: object, words: RegExp) =>
    assert.throws(() => readModel(JSON.stringify({ ...told, ...changes })), words);
  refused({ format: "xgboost" }, /format "xgboost", version 1/);
  refused({ version: 2 }, /version 2/);
  const { child, roots } = told.trees;
  const trees = (changes: object) => ({ trees: { ...told.trees, ...changes } });
  const zeros = new Uint8Array(Uint8Array.fromBase64(child).length).toBase64();
  refused(trees({ child: zeros }), /lead nowhere/); // Round in circles.
  refused(trees({ column: roots }), /lead nowhere/);
  refused(trees({ roots: new Uint8Array(Int32Array.of(1e6).buffer).toBase64() }), /lead nowhere/);
  refused({ features: ["a"] }, /lead nowhere/);
});

Deno.test("rows of another width are refused, not read askew", () => {
  const rows = { values: new Float32Array(8), rows: 2, columns: 4 };
  assert.throws(() => scoreProbabilities(grow(), rows), /rows of 4 features: .* grown on 3/);
});

Deno.test("a thread grows the same trees, says how far it is, and stops when told", async () => {
  const told: number[] = [];
  const stopping = { validation: examples, patience: 5, by: "log-loss" } as const;
  const grown = await growOnThread(examples, PARAMETERS, {
    stopping,
    onTree: ({ trees }) => told.push(trees),
    signal: new AbortController().signal,
  });
  assert.deepEqual(grown, growForest(examples, PARAMETERS, stopping));
  assert.deepEqual(told, grown.progress.map(({ trees }) => trees));

  const controller = new AbortController();
  const endless = growOnThread(examples, { ...PARAMETERS, trees: 10_000 }, {
    onTree: () => controller.abort(new Error("enough")),
    signal: controller.signal,
  });
  await assert.rejects(endless, /enough/);
});

Deno.test("what cannot be learned from is refused from the thread in the same words", async () => {
  const silent = { ...examples, labels: new Uint8Array(examples.labels.length) };
  const growing = growOnThread(silent, PARAMETERS, {
    onTree: () => {},
    signal: new AbortController().signal,
  });
  await assert.rejects(growing, /all the same: 0 of 400/);
});
