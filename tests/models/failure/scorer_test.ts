import assert from "node:assert/strict";
import { createScorer, type ModelFile } from "../../../models/failure/scorer.ts";
import { FEATURE_NAMES } from "../../../models/features/mod.ts";
import { WEARING, wearModel, WELL } from "../../runtime/foretelling.ts";

const [first, second] = [await wearModel(1), await wearModel(2)];

function kept({ onnx, card }: typeof first): ModelFile {
  return { sha256: card.sha256, onnx: onnx.slice() };
}

function rowsOf(...cpus: readonly number[]): Float32Array<ArrayBuffer> {
  const rows = new Float32Array(cpus.length * FEATURE_NAMES.length).fill(NaN);
  cpus.forEach((cpu, i) =>
    rows[i * FEATURE_NAMES.length + FEATURE_NAMES.indexOf("cpu_mean_1h")] = cpu
  );
  return rows;
}

/** A scorer whose model in force the test changes, and what it reported. */
function scoring(inForce: ModelFile | undefined) {
  const problems: string[] = [];
  const state = { inForce };
  const scorer = createScorer({
    load: () => Promise.resolve(state.inForce && { ...state.inForce }),
    report: (problem) => problems.push(problem),
  });
  return { scorer, problems, state };
}

Deno.test("rows are scored on a thread, and those at the threshold are explained", async () => {
  const { scorer, problems } = scoring(kept(first));
  try {
    await scorer.refresh();
    const { model, threshold, probabilities, factors } = await scorer.score(
      rowsOf(WELL, WEARING, WELL),
      3,
    );
    assert.equal(model, first.card.sha256);
    assert.deepEqual(
      Array.from(probabilities, (probability) => probability >= threshold),
      [false, true, false],
    );
    assert.deepEqual([...factors.keys()], [1]);
    assert.equal(factors.get(1)?.[0]?.feature, "cpu_mean_1h");
    assert.deepEqual(problems, []);
  } finally {
    scorer.stop();
  }
});

Deno.test("another model serves once it is looked for, and not before", async () => {
  const { scorer, state } = scoring(kept(first));
  try {
    await scorer.refresh();
    state.inForce = kept(second);
    assert.equal((await scorer.score(rowsOf(WELL), 1)).model, first.card.sha256);
    await Promise.all([scorer.refresh(), scorer.refresh()]);
    assert.equal((await scorer.score(rowsOf(WELL), 1)).model, second.card.sha256);
  } finally {
    scorer.stop();
  }
});

Deno.test("a file that is no model, or not the one it is called, leaves the one before it", async () => {
  const { scorer, problems, state } = scoring(kept(first));
  try {
    await scorer.refresh();
    state.inForce = { sha256: "b".repeat(64), onnx: new TextEncoder().encode("no model") };
    await scorer.refresh();
    state.inForce = { sha256: "c".repeat(64), onnx: second.onnx.slice() };
    await scorer.refresh();
    assert.equal(problems.length, 2);
    assert.match(problems[0] ?? "", /^The failure model b+ cannot be used: /);
    assert.match(problems[1] ?? "", /its file was changed/);
    assert.equal((await scorer.score(rowsOf(WELL), 1)).model, first.card.sha256);
  } finally {
    scorer.stop();
  }
});

Deno.test("rows that do not fit fail by themselves, and the next are scored", async () => {
  const { scorer, problems } = scoring(kept(first));
  try {
    await scorer.refresh();
    await assert.rejects(scorer.score(new Float32Array(4), 2), /Cannot score rows of 2 features/);
    assert.equal(problems.length, 1);
    assert.equal((await scorer.score(rowsOf(WELL), 1)).probabilities.length, 1);
  } finally {
    scorer.stop();
  }
});

Deno.test("without a model, and after the end, whoever asks is told", async () => {
  const { scorer } = scoring(undefined);
  await scorer.refresh();
  assert.equal(scorer.serving(), undefined);
  await assert.rejects(scorer.score(rowsOf(WELL), 1), /No failure model is in force/);
  scorer.stop();
  const { scorer: ending } = scoring(kept(first));
  await ending.refresh();
  const asked = assert.rejects(ending.score(rowsOf(WELL), 1), /Telltale is stopping/);
  ending.stop();
  await asked;
  await assert.rejects(ending.score(rowsOf(WELL), 1), /No failure model is in force/);
});
