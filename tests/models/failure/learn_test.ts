import assert from "node:assert/strict";
import { cardOf, isFailureCard } from "../../../models/failure/card.ts";
import { judgeProbabilities } from "../../../models/failure/judge.ts";
import { learnFailures, TooFewFailuresError } from "../../../models/failure/learn.ts";
import { firstColumns, matrixOf, pickRows } from "../../../models/failure/rows.ts";
import { laterTimes, otherDevices } from "../../../models/failure/splits.ts";
import { HORIZON_MS } from "../../../models/features/mod.ts";
import { scoreProbabilities, writeModel } from "../../../models/trees/model.ts";
import { TREE_SPACE } from "../../../models/trees/space.ts";
import { wearingRows } from "./rows.ts";

const QUICK = { trials: 0, seed: 3 };

Deno.test("what is learned from some devices is right, and calibrated, about others", async () => {
  const rows = wearingRows(16, 700, 1);
  const { learn, judge } = otherDevices(rows)[0] ?? assert.fail("no fold");
  const learned = await learnFailures(rows, learn, QUICK);
  const judged = pickRows(rows, judge);
  const probabilities = scoreProbabilities(learned.model, matrixOf(judged));
  const judgement = judgeProbabilities(probabilities, judged, learned.threshold);
  // Every other rise ends in a failure, so that about half is all there is.
  assert.ok(judgement.prAuc > 0.35 && judgement.prAuc < 0.65, `${judgement.prAuc}`);
  assert.ok(judgement.calibrationError < 0.01, `${judgement.calibrationError}`);
  assert.equal(judgement.alarms.caught, judgement.alarms.failures);
  assert.ok(judgement.alarms.failures > 10);

  const card = cardOf(learned, {
    source: "rows",
    label: "a failure",
    judged: { otherDevices: judgement },
  });
  assert.equal(card.importances[0]?.feature, "wear");
  assert.deepEqual(JSON.parse(JSON.stringify(card)), card, "plain JSON");
  assert.ok(isFailureCard(card));
  assert.deepEqual([card.data.devices, card.simulated], [12, false]);
  assert.ok(card.data.failures > 20 && card.data.failures < card.data.positives);
  assert.equal(card.judged.otherDevices?.curve.at(-1)?.recall, 1);
  assert.equal(card.data.rows, learn.length);
  assert.equal(card.data.to, new Date(699 * 3_600_000).toISOString());
  assert.equal(card.judged.otherDevices?.baseRate, judgement.baseRate);
});

Deno.test("rows that are kept aside change nothing of what is learned", async () => {
  const rows = wearingRows(8, 400, 2);
  const { learn, judge } = laterTimes(rows);
  const otherwise = { ...rows, labels: rows.labels.slice(), matrix: rows.matrix.slice() };
  for (const row of judge) {
    otherwise.labels[row] = 1 - (rows.labels[row] as number);
    otherwise.matrix[2 * row] = -5;
  }
  const options = { trials: 2, seed: 4 };
  const [one, other] = [
    await learnFailures(rows, learn, options),
    await learnFailures(otherwise, learn, options),
  ];
  assert.deepEqual(writeModel(one.model), writeModel(other.model));
  assert.equal(one.threshold, other.threshold);
});

Deno.test("later times share neither a failure nor a label's reach with what came before", () => {
  const rows = wearingRows(8, 400, 5);
  const { learn, judge } = laterTimes(rows);
  const start = Math.min(...Array.from(judge, (row) => rows.times[row] as number));
  const told = new Set(Array.from(judge, (row) => rows.episodes[row]).filter((own) => own !== -1));
  assert.ok(told.size > 0);
  for (const row of learn) {
    assert.ok((rows.times[row] as number) + HORIZON_MS < start);
    assert.ok(!told.has(rows.episodes[row] as number));
  }
  assert.deepEqual(judge, judge.toSorted(), "device after device");
});

Deno.test("a model is grown by the parameters its search found best", async () => {
  const rows = wearingRows(8, 400, 6);
  const places = rows.labels.keys().toArray();
  const { parameters, searched, model } = await learnFailures(rows, places, { trials: 3, seed: 7 });
  assert.equal(searched.trials, 3);
  assert.ok(searched.averagePrecision > 0.3, `${searched.averagePrecision}`);
  for (const [name, { from, to }] of Object.entries(TREE_SPACE)) {
    const value = parameters[name as keyof typeof TREE_SPACE];
    assert.ok(value >= from && value <= to, `${name} ${value}`);
  }
  assert.equal(model.forest.roots.length, parameters.trees);
  const again = await learnFailures(rows, places, { ...QUICK, parameters, seed: 7 });
  assert.deepEqual(writeModel(again.model), writeModel(model));
});

Deno.test("from too few failures nothing is learned, and that is said", async () => {
  const rows = wearingRows(3, 60, 8);
  const none = { ...rows, labels: new Uint8Array(rows.labels.length) };
  await assert.rejects(
    learnFailures(none, none.labels.keys().toArray(), QUICK),
    (error) => error instanceof TooFewFailuresError && /from 0 of 180 rows/.test(error.message),
  );
});

Deno.test("a model of the first columns sees only those", async () => {
  const rows = firstColumns(wearingRows(6, 300, 9), 1);
  assert.deepEqual(rows.names, ["wear"]);
  const { model } = await learnFailures(rows, rows.labels.keys().toArray(), QUICK);
  assert.equal(model.forest.columns, 1);
});
