import assert from "node:assert/strict";
import { createScorer, type ModelFile } from "../../../models/failure/scorer.ts";
import { FEATURE_NAMES } from "../../../models/features/mod.ts";
import { WEARING, wearModel, WELL } from "../../runtime/foretelling.ts";

const [first, second] = [await wearModel(1), await wearModel(2)];

function kept({ onnx, card }: typeof first): ModelFile {
  return { sha256: card.sha256, onnx };
}

function rowsOf(...cpus: readonly number[]): Float32Array {
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

Deno.test("rows are scored, and those at the threshold are explained", async () => {
  const { scorer, problems } = scoring(kept(first));
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
});

Deno.test("more rows than are scored in a step each get the score they get alone", async () => {
  const { scorer } = scoring(kept(first));
  await scorer.refresh();
  const cpus = Array.from({ length: 150 }, (_, i) => i % 100);
  const [all, ...alone] = await Promise.all([
    scorer.score(rowsOf(...cpus), cpus.length, { reasons: "all" }),
    ...cpus.map((cpu) => scorer.score(rowsOf(cpu), 1, { reasons: "all" })),
  ]);
  assert.deepEqual([...all.probabilities], alone.map(({ probabilities: [own] }) => own));
  assert.deepEqual([...all.factors.values()], alone.map(({ factors }) => factors.get(0)));
  assert.ok(new Set(all.probabilities).size > 1, "one answer for all proves nothing");
});

Deno.test("another model serves once it is looked for, and not before", async () => {
  const { scorer, state } = scoring(kept(first));
  await scorer.refresh();
  state.inForce = kept(second);
  assert.equal((await scorer.score(rowsOf(WELL), 1)).model, first.card.sha256);
  const asked = scorer.score(rowsOf(WELL, WEARING), 2);
  await Promise.all([scorer.refresh(), scorer.refresh()]);
  assert.equal((await asked).model, first.card.sha256, "what was begun is ended by the same");
  assert.equal((await scorer.score(rowsOf(WELL), 1)).model, second.card.sha256);
});

Deno.test("a file that is no model, or not the one it is called, leaves the one before it", async () => {
  const { scorer, problems, state } = scoring(kept(first));
  await scorer.refresh();
  state.inForce = { sha256: "b".repeat(64), onnx: new TextEncoder().encode("no model") };
  await scorer.refresh();
  await scorer.refresh();
  state.inForce = { sha256: "c".repeat(64), onnx: second.onnx };
  await scorer.refresh();
  assert.equal(problems.length, 2, "each is told of once");
  assert.match(problems[0] ?? "", /^The failure model b+ cannot be used: /);
  assert.match(problems[1] ?? "", /its file was changed/);
  assert.equal((await scorer.score(rowsOf(WELL), 1)).model, first.card.sha256);
});

Deno.test("rows that do not fit fail by themselves, and the next are scored", async () => {
  const { scorer, problems } = scoring(kept(first));
  await scorer.refresh();
  await assert.rejects(scorer.score(new Float32Array(4), 2), /Cannot score rows of 2 features/);
  assert.equal(problems.length, 1);
  assert.equal((await scorer.score(rowsOf(WELL), 1)).probabilities.length, 1);
});

Deno.test("without a model, or where none can be read, whoever asks is told", async () => {
  const { scorer } = scoring(undefined);
  await scorer.refresh();
  assert.equal(scorer.serving(), undefined);
  await assert.rejects(scorer.score(rowsOf(WELL), 1), /No failure model is in force/);
  const problems: string[] = [];
  const { refresh, serving } = createScorer({
    load: () => Promise.reject(new Error("no database")),
    report: (problem) => problems.push(problem),
  });
  await refresh();
  await refresh();
  assert.equal(serving(), undefined);
  assert.equal(problems.length, 2);
  assert.match(problems[0] ?? "", /cannot be read: Error: no database/);
});
