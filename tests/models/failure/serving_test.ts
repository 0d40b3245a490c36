import assert from "node:assert/strict";
import { cardOf, FAILURE_LABEL } from "../../../models/failure/card.ts";
import { fileOf } from "../../../models/failure/file.ts";
import { type LearnedModel, learnFailures } from "../../../models/failure/learn.ts";
import { loadFailureModel, ModelFileError } from "../../../models/failure/serving.ts";
import { readShippedModel } from "../../../models/failure/shipped.ts";
import { type FailureRows, FEATURE_NAMES } from "../../../models/features/mod.ts";
import { finish } from "../../../models/steps.ts";
import { writeModel } from "../../../models/trees/model.ts";
import { matrixOf } from "../../../models/failure/rows.ts";
import type { Matrix } from "../../../models/trees/matrix.ts";
import { contributionsOf } from "../../../models/trees/contributions.ts";
import { scoreProbabilities } from "../../../models/trees/model.ts";
import { NOISE_PLACE, toldRows, WEAR_PLACE, wearingRows } from "./rows.ts";

const [WEAR, NOISE] = [FEATURE_NAMES[WEAR_PLACE] as string, FEATURE_NAMES[NOISE_PLACE] as string];

/** Rows that wear under names the code knows, in an order that is not the code's. */
function namedRows(seed: number): FailureRows {
  return { ...wearingRows(8, 300, seed), names: [WEAR, NOISE] };
}

/** The same rows with all of the code's columns. */
function asTold(rows: FailureRows): Matrix {
  return matrixOf(toldRows(rows));
}

async function learn(rows: FailureRows): Promise<LearnedModel> {
  return await learnFailures(rows, rows.labels.keys().toArray(), { trials: 0, seed: 1 });
}

const rows = namedRows(1);
const learned = await learn(rows);
const card = cardOf(learned, { source: "rows", label: FAILURE_LABEL, judged: {} });
const file = await fileOf(learned.model, card);

Deno.test("a file scores rows of the code's features like the trees it was written from", async () => {
  const model = await loadFailureModel(file.onnx, file.card.sha256);
  const told = asTold(rows);
  const served = finish(model.score(told));
  const own = scoreProbabilities(learned.model, {
    values: rows.matrix,
    rows: rows.labels.length,
    columns: 2,
  });
  assert.deepEqual(served, own);
  assert.ok(Math.max(...served) - Math.min(...served) > 0.2, "one answer for all");
  assert.deepEqual(model.features, [WEAR, NOISE]);
  assert.equal(model.threshold, learned.threshold);
  assert.deepEqual(model.card, card);
  assert.equal(finish(model.score({ ...told, values: new Float32Array(), rows: 0 })).length, 0);
  assert.throws(
    () => finish(model.score({ values: new Float32Array(4), rows: 2, columns: 2 })),
    /rows of 2 features/,
  );
});

Deno.test("what moved an answer is told by name, the most first, and sums to the log-odds", async () => {
  const model = await loadFailureModel(file.onnx);
  const { values, columns } = asTold(rows);
  const row = rows.labels.indexOf(1);
  const factors = finish(
    model.explain(values.subarray(row * columns, (row + 1) * columns), 5),
  );
  assert.equal(factors.length, 2);
  assert.equal(factors[0]?.feature, WEAR);
  assert.equal(factors[0]?.value, rows.matrix[2 * row]);
  const exact = contributionsOf(
    learned.model.forest,
    rows.matrix.subarray(2 * row, 2 * row + 2),
  );
  factors.forEach(({ feature, contribution }) => {
    const expected = exact.values[feature === WEAR ? 0 : 1] as number;
    assert.ok(Math.abs(contribution - expected) < 1e-4, `${feature}: ${contribution}`);
  });
  const nothing = new Float32Array(columns).fill(NaN);
  assert.equal(finish(model.explain(nothing, 1)).length, 1);
  assert.equal(finish(model.explain(nothing, 1))[0]?.value, null);
});

Deno.test("a file that is not what it is called, or wants what is not known, says so", async () => {
  const refused = (onnx: Uint8Array<ArrayBuffer>, words: RegExp, named?: string) =>
    assert.rejects(
      loadFailureModel(onnx, named),
      (error) => error instanceof ModelFileError && words.test(error.message),
    );
  await refused(file.onnx, /its file was changed/, "f".repeat(64));
  await refused(new TextEncoder().encode("PK no model"), /it is no ONNX model|format/);
  await refused(writeModel(learned.model, { kind: "lstm" }), /its card is not a failure model's/);
  const strange = { ...learned.model, features: [WEAR, "phase_of_the_moon"] };
  await refused((await fileOf(strange, card)).onnx, /does not have: phase_of_the_moon; train/);
});

Deno.test("the model that comes with Telltale fits the features this version has", async () => {
  const { onnx, sha256 } = await readShippedModel();
  assert.ok(onnx.length < 300_000, `${onnx.length} bytes`);
  const model = await loadFailureModel(onnx, sha256);
  assert.equal(model.card.simulated, true);
  assert.deepEqual(model.features, FEATURE_NAMES);
  const values = new Float32Array(FEATURE_NAMES.length).fill(NaN);
  const [unknown = NaN] = finish(model.score({ values, rows: 1, columns: values.length }));
  assert.ok(unknown > 0 && unknown < model.threshold, `nothing known: ${unknown}`);
});
