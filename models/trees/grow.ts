/**
 * Grows one tree, node by node, until nothing gains enough.
 *
 * With no limit but the depth, the order in which nodes are split changes nothing about the tree;
 * going down one side first needs a histogram per level instead of one per node.
 */
import { type Bins, MISSING } from "./bins.ts";
import type { ForestNode } from "./forest.ts";
import { count, type Gradients, type HistogramPool, subtract } from "./histogram.ts";
import type { TreeParameters } from "./parameters.ts";
import {
  bestSplit,
  type Bounds,
  boundsOfSides,
  leafWeight,
  type Split,
  type Sums,
  UNBOUNDED,
} from "./split.ts";

/** Subtraction may leave less than nothing, and contributions divide by it. */
const COVER_MIN = 1e-16;

export interface Ground {
  readonly bins: Bins;
  readonly gradients: Gradients;
  /** The columns this tree may ask about. */
  readonly columns: Int32Array;
  readonly parameters: TreeParameters;
  readonly pool: HistogramPool;
  /** As long as the rows: gradients in order, and rows that go right. */
  readonly ordered: Gradients;
  readonly aside: Int32Array;
}

/** A node that also knows its split by bins, which is how rows that were binned go down. */
export interface GrownNode extends ForestNode {
  bin: number;
  /** Where the rows it was grown on stand, once they are in the order of the leaves. */
  from: number;
  to: number;
}

interface Plot {
  readonly rows: Int32Array;
  /** Where those stand among all rows of the tree. */
  readonly from: number;
  readonly sums: Sums;
  readonly bounds: Bounds;
  readonly depth: number;
}

/** The nodes of the tree, root first. `rows` is put in the order of the leaves. */
export function growTree(ground: Ground, rows: Int32Array): GrownNode[] {
  const { bins, columns, gradients, ordered, pool } = ground;
  const nodes: GrownNode[] = [leafNode()];
  const histogram = pool.take();
  count(histogram, bins, columns, rows, gradients, ordered);
  const plot = { rows, from: 0, sums: sumOf(gradients, rows), bounds: UNBOUNDED, depth: 0 };
  grow(ground, nodes, 0, plot, histogram);
  pool.giveBack(histogram);
  return nodes;
}

/** Whoever calls keeps the histogram, which is used up. */
function grow(
  ground: Ground,
  nodes: GrownNode[],
  place: number,
  plot: Plot,
  histogram: Float64Array,
): void {
  const { bins, columns, parameters } = ground;
  const { rows, from, sums, bounds, depth } = plot;
  const node = nodes[place] as GrownNode;
  describe(node, plot, parameters);
  if (isSpent(plot, parameters)) return;
  const split = bestSplit(histogram, bins, columns, sums, parameters, bounds);
  // As XGBoost's histogram method, which does not ask what a split may lead to.
  if (split === undefined || split.gain < parameters.gainMin) return;

  const border = partition(rows, bins.binned[split.column] as Uint8Array, split, ground.aside);
  const [boundsLeft, boundsRight] = boundsOfSides(split, parameters, bounds);
  const left = {
    rows: rows.subarray(0, border),
    from,
    sums: split.left,
    bounds: boundsLeft,
    depth: depth + 1,
  };
  const right = {
    rows: rows.subarray(border),
    from: from + border,
    sums: split.right,
    bounds: boundsRight,
    depth: depth + 1,
  };
  const child = nodes.push(leafNode(), leafNode()) - 2;
  growSides(ground, nodes, child, [left, right], histogram);
  node.column = split.column;
  node.bin = split.bin;
  node.threshold = (bins.cuts[split.column] as Float32Array)[split.bin] as number;
  node.missingLeft = split.missingLeft;
  node.child = child;
  node.gain = split.gain;
  node.weight = 0;
}

/** No split is allowed below, whatever it would gain. */
function isSpent({ depth, sums }: Plot, parameters: TreeParameters): boolean {
  return depth >= parameters.depth || sums.h < 2 * parameters.childWeightMin;
}

/** Counts the smaller side and takes it from the whole; the last level is never counted. */
function growSides(
  ground: Ground,
  nodes: GrownNode[],
  child: number,
  [left, right]: readonly [Plot, Plot],
  histogram: Float64Array,
): void {
  const { bins, columns, gradients, ordered, parameters, pool } = ground;
  if (isSpent(left, parameters) && isSpent(right, parameters)) {
    describe(nodes[child] as GrownNode, left, parameters);
    describe(nodes[child + 1] as GrownNode, right, parameters);
    return;
  }
  const [smaller, larger] = left.rows.length <= right.rows.length
    ? [{ plot: left, place: child }, { plot: right, place: child + 1 }]
    : [{ plot: right, place: child + 1 }, { plot: left, place: child }];
  const counted = pool.take();
  count(counted, bins, columns, smaller.plot.rows, gradients, ordered);
  subtract(histogram, counted, columns);
  grow(ground, nodes, smaller.place, smaller.plot, counted);
  pool.giveBack(counted);
  grow(ground, nodes, larger.place, larger.plot, histogram);
}

/** A leaf, until it is split. */
function describe(node: GrownNode, plot: Plot, parameters: TreeParameters): void {
  const { rows, from, sums, bounds } = plot;
  node.from = from;
  node.to = from + rows.length;
  node.cover = Math.max(sums.h, COVER_MIN);
  node.weight = parameters.rate * leafWeight(sums, parameters, bounds);
}

/** Puts the rows that go left first, each side in its old order. Returns how many those are. */
function partition(
  rows: Int32Array,
  bins: Uint8Array,
  { bin, missingLeft }: Split,
  aside: Int32Array,
): number {
  let left = 0;
  let right = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const own = bins[row] as number;
    if (own === MISSING ? missingLeft : own <= bin) rows[left++] = row;
    else aside[right++] = row;
  }
  rows.set(aside.subarray(0, right), left);
  return left;
}

function sumOf(gradients: Gradients, rows: Int32Array): Sums {
  let g = 0;
  let h = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    g += gradients[2 * row] as number;
    h += gradients[2 * row + 1] as number;
  }
  return { g, h };
}

function leafNode(): GrownNode {
  return {
    column: -1,
    threshold: 0,
    bin: 0,
    from: 0,
    to: 0,
    missingLeft: false,
    child: 0,
    weight: 0,
    cover: 0,
    gain: 0,
  };
}

/** Adds the weights of the leaves to the rows the tree was grown on, by where those stand now. */
export function addLeaves(
  nodes: readonly GrownNode[],
  rows: Int32Array,
  margins: Float64Array,
): void {
  for (const { column, from, to, weight } of nodes) {
    if (column >= 0) continue;
    const added = Math.fround(weight);
    for (let i = from; i < to; i++) {
      const row = rows[i] as number;
      margins[row] = (margins[row] as number) + added;
    }
  }
}

/** Adds to each of these rows the weight of the leaf it comes to. */
export function addWeights(
  nodes: readonly GrownNode[],
  { binned }: Bins,
  rows: Int32Array,
  margins: Float64Array,
): void {
  const column = Int32Array.from(nodes, ({ column }) => column);
  const bin = Int32Array.from(nodes, ({ bin }) => bin);
  const missingLeft = Uint8Array.from(nodes, ({ missingLeft }) => Number(missingLeft));
  const child = Int32Array.from(nodes, ({ child }) => child);
  const weight = Float32Array.from(nodes, ({ weight }) => weight);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    let node = 0;
    let asked = column[0] as number;
    while (asked >= 0) {
      const own = (binned[asked] as Uint8Array)[row] as number;
      const left = own === MISSING ? missingLeft[node] === 1 : own <= (bin[node] as number);
      node = (child[node] as number) + (left ? 0 : 1);
      asked = column[node] as number;
    }
    margins[row] = (margins[row] as number) + (weight[node] as number);
  }
}
