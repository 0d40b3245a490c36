/**
 * Gradient-boosted trees for a yes or no: each tree corrects what those before it got wrong, by the
 * derivatives of the logistic loss.
 *
 * The same rows, parameters and seed give the same trees.
 */
import { averagePrecision, logLoss } from "../metrics.ts";
import { binLike, type Bins, cutIntoBins } from "./bins.ts";
import { type FreshForest, plant } from "./forest.ts";
import { addLeaves, addWeights, type GrownNode, growTree } from "./grow.ts";
import { createPool, type Gradients } from "./histogram.ts";
import type { Matrix } from "./matrix.ts";
import { checkParameters, type TreeParameters } from "./parameters.ts";
import { choose, seeded, type Uniform } from "../random.ts";

export interface Examples {
  readonly features: Matrix;
  /** 1 for yes, 0 for no. */
  readonly labels: Uint8Array;
}

/** When to stop: once this many trees in a row made nothing better. */
export interface Stopping {
  readonly validation: Examples;
  readonly patience: number;
  readonly by: "log-loss" | "average-precision";
}

export interface TreeProgress {
  /** Trees so far, of how many. */
  readonly trees: number;
  readonly of: number;
  /** Lower is better; of the rows learned from, and of those for validation where there are any. */
  readonly loss: number;
  readonly validation: number | undefined;
}

export interface GrownForest {
  readonly forest: FreshForest;
  /** How many trees were best, and kept. */
  readonly bestTrees: number;
  readonly progress: readonly TreeProgress[];
}

/** `onTree` may throw, which ends the training. */
export function growForest(
  examples: Examples,
  parameters: TreeParameters,
  stopping?: Stopping,
  onTree: (progress: TreeProgress) => void = () => {},
): GrownForest {
  const { features, labels } = examples;
  checkParameters(parameters, features.columns);
  checkExamples(examples, features.columns);
  if (stopping) checkExamples(stopping.validation, features.columns);

  const bins = cutIntoBins(features);
  const base = logOdds(labels, parameters.positiveWeight);
  const margins = new Float64Array(features.rows).fill(base);
  const judge = stopping && createJudge(stopping, bins, base);
  const uniform = seeded(parameters.seed);
  const gradients = new Float32Array(2 * features.rows);
  const shared = {
    bins,
    gradients,
    parameters,
    pool: createPool(features.columns),
    ordered: new Float32Array(2 * features.rows),
    aside: new Int32Array(features.rows),
  };
  const trees: GrownNode[][] = [];
  const progress: TreeProgress[] = [];
  let best = { trees: 0, loss: Infinity };
  while (trees.length < parameters.trees) {
    const loss = derive(margins, labels, parameters.positiveWeight, gradients);
    const columns = drawColumns(features.columns, parameters.columnShare, uniform);
    const { rows, others } = drawRows(features.rows, parameters.rowShare, uniform);
    const tree = growTree({ ...shared, columns }, rows);
    trees.push(tree);
    addLeaves(tree, rows, margins);
    addWeights(tree, bins, others, margins);
    const validation = judge?.(tree);
    const told = { trees: trees.length, of: parameters.trees, loss, validation };
    progress.push(told);
    onTree(told);
    if (validation === undefined || validation < best.loss) {
      best = { trees: trees.length, loss: validation ?? 0 };
    }
    if (stopping && trees.length - best.trees >= stopping.patience) break;
  }
  const kept = trees.slice(0, best.trees);
  return { forest: plant(features.columns, base, kept), bestTrees: best.trees, progress };
}

function checkExamples({ features, labels }: Examples, columns: number): void {
  if (features.columns !== columns) {
    throw new Error(`Cannot compare rows of ${features.columns} and of ${columns} features`);
  }
  if (labels.length !== features.rows) {
    throw new Error(`Cannot learn from ${features.rows} rows with ${labels.length} labels`);
  }
  const positive = labels.reduce((sum, label) => sum + label, 0);
  if (positive === 0 || positive === labels.length) {
    throw new Error(
      `Cannot learn to tell apart what is all the same: ${positive} of ${labels.length} are "yes"`,
    );
  }
}

function logOdds(labels: Uint8Array, positiveWeight: number): number {
  const positive = labels.reduce((sum, label) => sum + label, 0);
  return Math.log(positive * positiveWeight / (labels.length - positive));
}

/**
 * First derivative p − y and second p (1 − p) of the logistic loss, by weight. Returns the loss
 * itself, mean by weight.
 */
function derive(
  margins: Float64Array,
  labels: Uint8Array,
  positiveWeight: number,
  gradients: Gradients,
): number {
  let loss = 0;
  let weights = 0;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    const weight = label === 1 ? positiveWeight : 1;
    const probability = 1 / (1 + Math.exp(-(margins[row] as number)));
    gradients[2 * row] = weight * (probability - label);
    gradients[2 * row + 1] = Math.max(weight * probability * (1 - probability), 1e-16);
    const right = label === 1 ? probability : 1 - probability;
    loss -= weight * Math.log(Math.max(right, 1e-15));
    weights += weight;
  }
  return loss / weights;
}

function drawColumns(columns: number, share: number, uniform: Uniform): Int32Array {
  return choose(Math.max(1, Math.floor(share * columns)), columns, uniform);
}

interface Draw {
  readonly rows: Int32Array;
  readonly others: Int32Array;
}

/** Each row by a coin of its own, as XGBoost does; a tree without rows gets them all. */
function drawRows(count: number, share: number, uniform: Uniform): Draw {
  const all = Int32Array.from({ length: count }, (_, row) => row);
  if (share === 1) return { rows: all, others: new Int32Array() };
  const drawn = Uint8Array.from(all, () => Number(uniform() < share));
  const rows = all.filter((row) => drawn[row] === 1);
  if (rows.length === 0) return { rows: all, others: rows };
  return { rows, others: all.filter((row) => drawn[row] === 0) };
}

function createJudge(
  { validation: { features, labels }, by }: Stopping,
  learned: Bins,
  base: number,
): (tree: readonly GrownNode[]) => number {
  const bins = binLike(features, learned);
  const margins = new Float64Array(features.rows).fill(base);
  const rows = Int32Array.from(margins, (_, row) => row);
  return (tree) => {
    addWeights(tree, bins, rows, margins);
    if (by === "average-precision") return -averagePrecision(margins, labels);
    return logLoss(margins.map((margin) => 1 / (1 + Math.exp(-margin))), labels);
  };
}
