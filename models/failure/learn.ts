/**
 * Rows into a failure model: parameters searched for, trees grown, log-odds made probabilities, and
 * a threshold for alarms. All of it happens within the rows given, so that whoever keeps rows aside
 * judges by what the model has nothing of.
 *
 * Parameters are those whose trees, grown on the past, rank the time after best: expanding folds,
 * cleared of rows that reach into the judgement or share a failure with it. Trees are grown on every
 * row before a failure and on some of the many others, which ranks as well and is quicker; the
 * calibration, on all rows, makes up for it. Calibration and threshold rest on what each row is
 * claimed to be by trees grown without its device.
 */
import { fitPlatt, probabilityOf } from "../calibration.ts";
import { type FailureRows, HORIZON_MS } from "../features/mod.ts";
import { expandingFolds, type Fold, groupedFolds } from "../folds.ts";
import { averagePrecision } from "../metrics.ts";
import { seeded } from "../random.ts";
import { bestOf, type Point, search } from "../search.ts";
import { type Importance, importances, scoreMargins } from "../trees/forest.ts";
import { type Matrix, takeRows } from "../trees/matrix.ts";
import type { TreeModel } from "../trees/model.ts";
import { DEFAULTS, type TreeParameters } from "../trees/parameters.ts";
import { TREE_SPACE } from "../trees/space.ts";
import { type Examples, growForest } from "../trees/train.ts";
import { bestThreshold } from "./alarms.ts";
import { matrixOf, pickRows, pickValues } from "./rows.ts";

/**
 * Where nothing was searched for: on simulated ATMs as good as trees of depth 6 and twice as many,
 * and explained in a tenth of the time.
 */
export const UNSEARCHED: TreeParameters = {
  ...DEFAULTS,
  trees: 100,
  depth: 4,
  rate: 0.1,
  rowShare: 0.8,
  columnShare: 0.6,
  l2: 5,
};

const SEARCH_FOLDS = 3;
const CALIBRATION_FOLDS = 3;
/** How many of the rows that are not before a failure trees are grown on: in a search, and after. */
const THINNED_TO = { search: 1 / 6, model: 1 / 3 };

export interface LearningProgress {
  readonly doing: "searching" | "calibrating" | "growing";
  readonly done: number;
  readonly of: number;
}

export interface LearningOptions {
  /** How many points of the space of parameters to try beside `parameters`; 0 for these as they are. */
  readonly trials: number;
  readonly seed: number;
  /** @default UNSEARCHED */
  readonly parameters?: TreeParameters;
  /** May throw, which ends the learning. */
  readonly onProgress?: (progress: LearningProgress) => void;
}

export interface LearnedModel {
  readonly model: TreeModel;
  readonly importances: readonly Importance[];
  readonly parameters: TreeParameters;
  /** What the search found: mean average precision over its folds. NaN without a search. */
  readonly searched: { readonly trials: number; readonly averagePrecision: number };
  /** Probabilities from here on are alarms. */
  readonly threshold: number;
  readonly learned: {
    readonly rows: number;
    readonly positives: number;
    readonly devices: number;
    readonly failures: number;
    /** Moments of the first and the last row, epoch ms. */
    readonly from: number;
    readonly to: number;
  };
}

export async function learnFailures(
  rows: FailureRows,
  places: ArrayLike<number>,
  { trials, seed, parameters = UNSEARCHED, onProgress = () => {} }: LearningOptions,
): Promise<LearnedModel> {
  const own = pickRows(rows, places);
  const found = await searchParameters(own, { trials, seed, parameters, onProgress });
  const claimed = claimsWithoutOwnDevice(own, found.parameters, onProgress);
  const labels = Uint8Array.from(claimed.places, (row) => own.labels[row] as number);
  const calibration = fitPlatt(claimed.margins, labels);
  const probabilities = claimed.margins.map((margin) => probabilityOf(margin, calibration));
  const { forest } = growForest(
    thinned(own, Int32Array.from(own.labels.keys()), THINNED_TO.model, seed),
    found.parameters,
    undefined,
    ({ trees, of }) => onProgress({ doing: "growing", done: trees, of }),
  );
  return {
    model: { features: own.names, forest, calibration },
    importances: importances(forest),
    parameters: found.parameters,
    searched: { trials: found.trials, averagePrecision: found.averagePrecision },
    threshold: bestThreshold(probabilities, labels),
    learned: {
      rows: own.labels.length,
      positives: positivesOf(own.labels),
      devices: new Set(own.devices).size,
      failures: failuresIn(own),
      from: own.times.reduce((first, at) => Math.min(first, at), Infinity),
      to: own.times.reduce((last, at) => Math.max(last, at), -Infinity),
    },
  };
}

interface Found {
  readonly parameters: TreeParameters;
  readonly trials: number;
  readonly averagePrecision: number;
}

async function searchParameters(
  rows: FailureRows,
  { trials, seed, parameters, onProgress }: Required<LearningOptions>,
): Promise<Found> {
  const moments = { at: rows.times, episode: rows.episodes };
  const folds = expandingFolds(moments, SEARCH_FOLDS, HORIZON_MS).filter((fold) =>
    isMixed(rows.labels, fold.learn) && isMixed(rows.labels, fold.judge)
  );
  const unsearched = { parameters: { ...parameters, seed }, trials: 0, averagePrecision: NaN };
  if (trials === 0 || folds.length === 0) return unsearched;
  const features = matrixOf(rows);
  const prepared = folds.map(({ learn, judge }) => ({
    learn: thinned(rows, learn, THINNED_TO.search, seed),
    judge: examplesOf(features, rows.labels, judge),
  }));
  const asParameters = (point: Point<keyof typeof TREE_SPACE>) => ({ ...DEFAULTS, ...point, seed });
  let grown = 0;
  const precisionOf = (own: TreeParameters): number => {
    const precisions = prepared.map(({ learn, judge }) => {
      onProgress({ doing: "searching", done: grown++, of: (trials + 1) * folds.length });
      const { forest } = growForest(learn, own);
      return averagePrecision(scoreMargins(forest, judge.features), judge.labels);
    });
    return precisions.reduce((sum, precision) => sum + precision, 0) / precisions.length;
  };
  const known = precisionOf(unsearched.parameters);
  const tried = await search(
    TREE_SPACE,
    trials,
    seeded(seed),
    (point) => -precisionOf(asParameters(point)),
  );
  const best = bestOf(tried);
  if (!best || -best.loss <= known) return { ...unsearched, trials, averagePrecision: known };
  return { parameters: asParameters(best.point), trials, averagePrecision: -best.loss };
}

/** What trees say of rows of devices they were grown without; of later times where there are too few. */
function claimsWithoutOwnDevice(
  rows: FailureRows,
  parameters: TreeParameters,
  onProgress: Required<LearningOptions>["onProgress"],
): { places: number[]; margins: Float64Array } {
  const features = matrixOf(rows);
  const folds = calibrationFolds(rows);
  const places = folds.flatMap(({ judge }) => [...judge]);
  const margins = new Float64Array(places.length);
  let from = 0;
  folds.forEach(({ learn, judge }, fold) => {
    onProgress({ doing: "calibrating", done: fold, of: folds.length });
    const lesson = thinned(rows, learn, THINNED_TO.model, parameters.seed);
    const { forest } = growForest(lesson, parameters);
    margins.set(scoreMargins(forest, takeRows(features, judge)), from);
    from += judge.length;
  });
  return { places, margins };
}

function calibrationFolds({ devices, times, episodes, labels }: FailureRows): Fold[] {
  const canLearn = ({ learn }: Fold) => isMixed(labels, learn);
  const grouped = groupedFolds(devices, CALIBRATION_FOLDS).filter(canLearn);
  if (grouped.length > 0) return grouped;
  const moments = { at: times, episode: episodes };
  const later = expandingFolds(moments, CALIBRATION_FOLDS, HORIZON_MS).filter(canLearn);
  if (later.length > 0) return later;
  throw new TooFewFailuresError(
    `Cannot learn from ${positivesOf(labels)} of ${labels.length} rows before a failure: ` +
      `failures at two devices, or at two times, are the least`,
  );
}

/** For whoever asks to learn: the message says what is missing. */
export class TooFewFailuresError extends Error {
  override readonly name = "TooFewFailuresError";
}

/** Of these rows every positive and, by chance, as large a share of the others. */
function thinned(rows: FailureRows, places: Int32Array, share: number, seed: number): Examples {
  const uniform = seeded(seed);
  const kept = places.filter((row) => rows.labels[row] === 1 || uniform() < share);
  return examplesOf(matrixOf(rows), rows.labels, kept);
}

function examplesOf(features: Matrix, labels: Uint8Array, places: Int32Array): Examples {
  return {
    features: takeRows(features, places),
    labels: Uint8Array.from(pickValues(labels, places)),
  };
}

function isMixed(labels: Uint8Array, places: Int32Array): boolean {
  const first = labels[places[0] as number];
  return places.some((row) => labels[row] !== first);
}

/** How many failures the rows are before. */
export function failuresIn({ labels, episodes }: Pick<FailureRows, "labels" | "episodes">): number {
  return new Set(episodes.filter((_, row) => labels[row] === 1)).size;
}

function positivesOf(labels: Uint8Array): number {
  return labels.reduce((sum, label) => sum + label, 0);
}
