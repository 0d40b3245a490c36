import assert from "node:assert/strict";
import {
  CALIBRATED,
  type Incumbent,
  trainCandidate,
  verdictOf,
} from "../../../models/failure/candidate.ts";
import { cardOf, FAILURE_LABEL } from "../../../models/failure/card.ts";
import { fileOf } from "../../../models/failure/file.ts";
import { learnFailures, TooFewFailuresError } from "../../../models/failure/learn.ts";
import { laterTimes } from "../../../models/failure/splits.ts";
import type { FailureRows } from "../../../models/features/mod.ts";
import { toldRows, wearingRows } from "./rows.ts";

const OPTIONS = { trials: 0, seed: 1, source: "rows" };
const HOUR_MS = 3_600_000;

const rows = toldRows(wearingRows(12, 500, 1));

/** A model of the first rows, or of others of which those are none. */
async function incumbentOf(
  own: FailureRows,
  { simulated, hours = Infinity }: { simulated: boolean; hours?: number },
): Promise<Incumbent> {
  const places = own.times.keys().filter((row) => (own.times[row] as number) < hours * HOUR_MS);
  const learned = await learnFailures(own, places.toArray(), OPTIONS);
  const about = { source: "rows", label: FAILURE_LABEL, judged: {}, simulated };
  const { onnx, card } = await fileOf(learned.model, cardOf(learned, about));
  return { sha256: card.sha256, onnx };
}

/** Knows nothing: what wears is hidden from it. */
function blinded(own: FailureRows): FailureRows {
  return { ...own, matrix: own.matrix.map((value, i) => i % own.names.length === 3 ? value : NaN) };
}

Deno.test("a model that sees what wears takes the place of one that does not", async () => {
  const blind = await incumbentOf(blinded(rows), { simulated: true });
  const { card, comparison } = await trainCandidate(rows, blind, OPTIONS);
  assert.equal(comparison.better, true);
  assert.match(comparison.verdict, /^Better than the model in force: PR-AUC 0\.\d+ against 0\./);
  assert.equal(comparison.model, blind.sha256);
  assert.deepEqual(comparison.own, card.judged.laterTimes);
  assert.ok((comparison.own?.prAuc ?? 0) > 2 * (comparison.other?.prAuc ?? 1));
  const { judge } = laterTimes(rows);
  const first = Math.min(...Array.from(judge, (row) => rows.times[row] as number));
  assert.ok(Date.parse(card.data.to) < first, "the hold-out was learned from");
});

Deno.test("one that learned nothing does not take the place of one that sees", async () => {
  const seeing = await incumbentOf(toldRows(wearingRows(12, 500, 2)), { simulated: true });
  const { learn } = laterTimes(rows);
  const matrix = rows.matrix.slice();
  for (const row of learn) matrix.fill(NaN, row * rows.names.length, (row + 1) * rows.names.length);
  const { comparison } = await trainCandidate({ ...rows, matrix }, seeing, OPTIONS);
  assert.equal(comparison.better, false);
  assert.match(comparison.verdict, /^Not better than the model in force, it ranks no better/);
});

Deno.test("the one in force is not judged by what it has learned from", async () => {
  const knowing = await incumbentOf(rows, { simulated: false });
  const { comparison } = await trainCandidate(rows, knowing, OPTIONS);
  assert.deepEqual([comparison.better, comparison.own, comparison.other], [false, null, null]);
  assert.match(comparison.verdict, /has learned from all but 0 of the failures/);

  const older = await incumbentOf(rows, { simulated: false, hours: 400 });
  const { card, comparison: fair } = await trainCandidate(rows, older, OPTIONS);
  assert.ok((fair.own?.rows ?? 0) < (card.judged.laterTimes?.rows ?? 0));
  assert.ok((fair.own?.rows ?? 0) > 0);
  assert.equal(fair.own?.rows, fair.other?.rows);
});

Deno.test("one that cannot be used makes way, and that is said", async () => {
  const onnx = new TextEncoder().encode("no model");
  const { comparison } = await trainCandidate(rows, { sha256: "f".repeat(64), onnx }, OPTIONS);
  assert.equal(comparison.better, true);
  assert.match(comparison.verdict, /cannot be used here/);
});

Deno.test("a handful of failures is no ground to train on", async () => {
  const few = toldRows(wearingRows(2, 300, 3));
  const blind = await incumbentOf(blinded(rows), { simulated: true });
  await assert.rejects(
    trainCandidate(few, blind, OPTIONS),
    (error) => error instanceof TooFewFailuresError && /10 and 5 are needed$/.test(error.message),
  );
});

Deno.test("better ranks higher and is as well calibrated, or well enough", () => {
  const judged = (prAuc: number, calibrationError: number) => ({
    prAuc,
    calibrationError,
    baseRate: 0.02,
  });
  const isBetter = (own: number[], other: number[]) =>
    verdictOf(
      judged(own[0] as number, own[1] as number),
      judged(other[0] as number, other[1] as number),
    ).better;
  assert.equal(isBetter([0.4, 0.01], [0.3, 0.01]), true);
  assert.equal(isBetter([0.4, CALIBRATED], [0.3, 0.001]), true);
  assert.equal(isBetter([0.4, 0.06], [0.3, 0.001]), false);
  assert.equal(isBetter([0.4, 0.06], [0.3, 0.07]), true);
  assert.equal(isBetter([0.3, 0.001], [0.3, 0.01]), false);
  assert.equal(isBetter([NaN, 0.001], [0.3, 0.01]), false);
});
