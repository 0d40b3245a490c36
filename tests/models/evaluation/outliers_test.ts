import assert from "node:assert/strict";
import { detectionsOf, scoresOf } from "../../../models/evaluation/judged.ts";
import { addCounts, countsOf, NO_ROWS, ratesOf } from "../../../models/evaluation/outliers.ts";
import { ensemble } from "../../../models/detectors/mod.ts";
import { daily, momentOf } from "../detectors/series.ts";

const YES = true;
const NO = false;

Deno.test("rows are counted from where counting begins, and rates are parts of them", () => {
  const called = [YES, YES, YES, NO, NO, YES, NO];
  const labelled = [NO, YES, YES, YES, NO, NO, NO];
  const counts = countsOf(called, labelled, 1);
  assert.deepEqual(counts, {
    truePositive: 2,
    falsePositive: 1,
    trueNegative: 2,
    falseNegative: 1,
  });
  assert.deepEqual(ratesOf(addCounts(counts, NO_ROWS)), {
    f1: 4 / 6,
    falseAlarmRate: 1 / 3,
    missedAlarmRate: 1 / 3,
  });
  assert.ok(Number.isNaN(ratesOf(NO_ROWS).f1));
});

Deno.test("alarms on the ensemble's scores are the ensemble's own detections", () => {
  const values = Float64Array.from([...daily(900), ...Array(30).fill(90), ...daily(400)]);
  const times = values.map((_, row) => momentOf(row));
  const watcher = ensemble.start();
  const own = [...values].flatMap((value, row) =>
    watcher.update(value, momentOf(row)).isAnomaly ? [row] : []
  );
  assert.ok(own.length > 0);
  assert.deepEqual(detectionsOf(scoresOf(ensemble, { values, times })), own);
});
