/**
 * A new failure model beside the one in force, on time neither has learned from: the first three
 * quarters of the rows are learned from, the last quarter is the hold-out. What is judged is what
 * is kept; nothing is learned from the hold-out afterwards, so that the next training finds a
 * hold-out that this model has not seen.
 *
 * It is better where its average precision is higher and its probabilities are no further from
 * what happened than those of the other, or within 0.05: below that, differences are chance.
 */
import { type FailureRows, HORIZON_MS } from "../features/mod.ts";
import { matrixOf, pickRows } from "./rows.ts";
import { cardOf, type Comparison, FAILURE_LABEL, type FailureCard, judgedOnCard } from "./card.ts";
import { type FailureFile, fileOf } from "./file.ts";
import { judgeProbabilities, type ProbabilityJudgement } from "./judge.ts";
import {
  failuresIn,
  type LearnedModel,
  learnFailures,
  type LearningProgress,
  TooFewFailuresError,
} from "./learn.ts";
import { proveFile } from "./proof.ts";
import {
  columnsOf,
  ModelFileError,
  pickerOf,
  type ReadFailureModel,
  readFailureModel,
} from "./serving.ts";
import { laterTimes } from "./splits.ts";
import { scoreProbabilities } from "../trees/model.ts";

/** Fewer to learn from, or to be judged by, and what comes of it is chance. */
export const FAILURES_MIN = { learn: 10, judge: 5 };
/** Calibration errors up to this are as good as each other. */
export const CALIBRATED = 0.05;

export interface CandidateOptions {
  readonly trials: number;
  readonly seed: number;
  /** What the rows are of, in words. */
  readonly source: string;
  /** May throw, which ends the training. */
  readonly onProgress?: (progress: LearningProgress) => void;
}

export interface Candidate extends FailureFile {
  readonly comparison: Comparison;
}

export interface Incumbent {
  readonly sha256: string;
  readonly onnx: Uint8Array<ArrayBuffer>;
}

/** Throws TooFewFailuresError, and ModelFileError where the file would not say what the trees do. */
export async function trainCandidate(
  rows: FailureRows,
  incumbent: Incumbent,
  { source, ...options }: CandidateOptions,
): Promise<Candidate> {
  const { learn, judge } = laterTimes(rows);
  const held = pickRows(rows, judge);
  requireFailures(failuresIn(pickRows(rows, learn)), failuresIn(held));
  const learned = await learnFailures(rows, learn, options);
  const comparison = await compare(learned, incumbent, held);
  const card = cardOf(learned, {
    source,
    label: FAILURE_LABEL,
    judged: { laterTimes: judgeModel(learned, held) },
    comparison,
  });
  const file = await fileOf(learned.model, card);
  await proveFile(file.onnx, matrixOf(held));
  return { ...file, comparison };
}

function requireFailures(learn: number, judge: number): void {
  if (learn >= FAILURES_MIN.learn && judge >= FAILURES_MIN.judge) return;
  throw new TooFewFailuresError(
    `Cannot train: of the first three quarters of the time ${learn} failures are known, and of ` +
      `the last quarter ${judge}; at least ${FAILURES_MIN.learn} and ${FAILURES_MIN.judge} are needed`,
  );
}

function judgeModel({ model, threshold }: LearnedModel, rows: FailureRows): ProbabilityJudgement {
  return judgeProbabilities(scoreProbabilities(model, matrixOf(rows)), rows, threshold);
}

async function compare(
  learned: LearnedModel,
  { sha256, onnx }: Incumbent,
  held: FailureRows,
): Promise<Comparison> {
  let other: ReadFailureModel;
  let columns: Int32Array;
  try {
    other = await readFailureModel(onnx, sha256);
    columns = columnsOf(other.model);
  } catch (error) {
    if (!(error instanceof ModelFileError)) throw error;
    const verdict = "The model in force cannot be used here, so this one is better";
    return { model: sha256, own: null, other: null, better: true, verdict };
  }
  const rows = unseenBy(other.card, held);
  const failures = failuresIn(rows);
  if (failures < FAILURES_MIN.judge) {
    const verdict = `The model in force has learned from all but ${failures} of the failures ` +
      `it would be judged by: ${FAILURES_MIN.judge} are needed to say which is better`;
    return { model: sha256, own: null, other: null, better: false, verdict };
  }
  const own = judgeModel(learned, rows);
  const values = pickerOf(columns)(matrixOf(rows));
  const matrix = { values, rows: rows.labels.length, columns: columns.length };
  const theirs = judgeProbabilities(
    scoreProbabilities(other.model, matrix),
    rows,
    other.card.threshold,
  );
  return {
    model: sha256,
    own: judgedOnCard(own),
    other: judgedOnCard(theirs),
    ...verdictOf(own, theirs),
  };
}

/** Rows that tell of nothing a model has learned from. What it learned of simulated ATMs is of others. */
function unseenBy({ simulated, data }: FailureCard, rows: FailureRows): FailureRows {
  if (simulated) return rows;
  const since = Date.parse(data.to) + HORIZON_MS;
  const places = rows.times.keys().filter((row) => (rows.times[row] as number) > since);
  return pickRows(rows, places.toArray());
}

type Judged = Pick<ProbabilityJudgement, "prAuc" | "calibrationError" | "baseRate">;

/** Pure arithmetic, and the sentence that goes with it. */
export function verdictOf(
  own: Judged,
  other: Judged,
): Pick<Comparison, "better" | "verdict"> {
  const ranksBetter = own.prAuc > other.prAuc;
  const calibrated = own.calibrationError <= Math.max(other.calibrationError, CALIBRATED);
  const better = ranksBetter && calibrated;
  const numbers = `PR-AUC ${short(own.prAuc)} against ${short(other.prAuc)} (chance ${
    short(own.baseRate)
  }), calibration error ${short(own.calibrationError)} against ${short(other.calibrationError)}`;
  if (better) return { better, verdict: `Better than the model in force: ${numbers}` };
  const why = ranksBetter ? "it is worse calibrated" : "it ranks no better";
  return { better, verdict: `Not better than the model in force, ${why}: ${numbers}` };
}

function short(value: number): string {
  return value.toFixed(3);
}
