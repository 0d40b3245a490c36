import assert from "node:assert/strict";
import { simulatedRows } from "../../commands/evaluate/simulated_atms.ts";
import { averagePrecision } from "../../models/metrics.ts";

const FLEET = {
  seed: "rows",
  atms: 30,
  days: 16,
  startAt: Date.UTC(2026, 0, 1),
  everyMs: 600_000,
};

Deno.test("simulated rows come with risks that no single feature comes near", () => {
  const done: number[] = [];
  const { names, matrix, labels, risks } = simulatedRows(FLEET, (atms) => done.push(atms));
  assert.equal(done.at(-1), FLEET.atms);
  assert.equal(risks.length, labels.length);
  const best = averagePrecision(risks, labels);
  const base = labels.reduce((sum, label) => sum + label, 0) / labels.length;
  assert.ok(best > 15 * base && best < 0.95, `${best} at a base rate of ${base}`);
  const singles = names.map((_, column) => {
    const values = Float64Array.from(labels, (_, row) => matrix[row * names.length + column] ?? 0)
      .map((value) => Number.isNaN(value) ? -1e9 : value);
    return Math.max(
      averagePrecision(values, labels),
      averagePrecision(values.map((value) => -value), labels),
    );
  });
  const single = Math.max(...singles);
  assert.ok(single > 2 * base && single < 0.75 * best, `${single} of ${best}, base ${base}`);
});

Deno.test("the same fleet gives the same rows", () => {
  const small = { ...FLEET, atms: 3, days: 4 };
  const [one, other] = [simulatedRows(small), simulatedRows(small)];
  assert.deepEqual([...one.matrix], [...other.matrix]);
  assert.deepEqual([...one.risks], [...other.risks]);
  assert.notDeepEqual([...one.risks], [...simulatedRows({ ...small, seed: "x" }).risks]);
});

Deno.test("of several paces ATMs have one each, by turns", () => {
  const everyMs = [60_000, 1_200_000];
  const { names, matrix, devices } = simulatedRows({ ...FLEET, atms: 4, days: 3, everyMs });
  const column = names.indexOf("minutes_since_report");
  // An ATM is silent at times, and rows end half an hour into that.
  const usual = devices.filter((_, row) => (matrix[row * names.length + column] ?? 0) > 2);
  assert.ok(usual.filter((device) => device % 2 === 1).length > 0.9 * usual.length);
});
