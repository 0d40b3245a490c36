/**
 * Trees, as arrays: what training ends in, and all that scoring needs.
 *
 * The nodes of all trees stand one after the other. The children of a node are neighbours, the left
 * one first. A value goes left where it is not above the threshold; a missing one where its node
 * says. Sums are kept in floats, tree after tree, so that onnxruntime's are the very same.
 */
import type { Matrix } from "./matrix.ts";

export interface Forest {
  readonly columns: number;
  /** Log-odds before any tree has spoken. */
  readonly base: number;
  /** The root of each tree. */
  readonly roots: Int32Array;
  /** The most questions until a leaf of each tree. */
  readonly depths: Int32Array;
  /** The column a node asks about, −1 for a leaf. */
  readonly column: Int32Array;
  /** Infinity of a leaf. */
  readonly threshold: Float32Array;
  /** 1 where a missing value goes left, and of a leaf. */
  readonly missingLeft: Uint8Array;
  /** Left child; of a leaf itself, so that asking a leaf once more leads nowhere else. */
  readonly child: Int32Array;
  /** What a leaf adds to the log-odds; 0 of others. */
  readonly weight: Float32Array;
  /** Sum of second derivatives over the rows that came by while learning. */
  readonly cover: Float32Array;
}

/** Fresh from growing: what its splits gained is known, which is not kept with it. */
export interface FreshForest extends Forest {
  /** 0 of leaves. */
  readonly gain: Float32Array;
}

export interface ForestNode {
  column: number;
  threshold: number;
  missingLeft: boolean;
  child: number;
  weight: number;
  cover: number;
  gain: number;
}

/** `trees` hold the nodes of one tree each, root first, children by their place in the tree. */
export function plant(
  columns: number,
  base: number,
  trees: readonly (readonly ForestNode[])[],
): FreshForest {
  const nodes = trees.flat();
  const isLeaf = ({ column }: ForestNode) => column < 0;
  const roots = new Int32Array(trees.length);
  const offset = new Int32Array(nodes.length);
  let placed = 0;
  trees.forEach((tree, i) => {
    roots[i] = placed;
    offset.fill(placed, placed, placed + tree.length);
    placed += tree.length;
  });
  const column = Int32Array.from(nodes, ({ column }) => column);
  const child = Int32Array.from(
    nodes,
    (node, i) => isLeaf(node) ? i : node.child + (offset[i] as number),
  );
  return {
    columns,
    base,
    roots,
    depths: depthsOf(roots, column, child),
    column,
    threshold: Float32Array.from(nodes, (node) => isLeaf(node) ? Infinity : node.threshold),
    missingLeft: Uint8Array.from(nodes, (node) => Number(isLeaf(node) || node.missingLeft)),
    child,
    weight: Float32Array.from(nodes, ({ weight }) => weight),
    cover: Float32Array.from(nodes, ({ cover }) => cover),
    gain: Float32Array.from(nodes, ({ gain }) => gain),
  };
}

/** As children stand after their parents, one pass from the end knows what is below each node. */
export function depthsOf(roots: Int32Array, column: Int32Array, child: Int32Array): Int32Array {
  const below = new Int32Array(column.length);
  for (let node = column.length - 1; node >= 0; node--) {
    if ((column[node] as number) < 0) continue;
    const left = child[node] as number;
    below[node] = 1 + Math.max(below[left] as number, below[left + 1] as number);
  }
  return roots.map((root) => below[root] as number);
}

/** Rows scored together, so that a tree is read once for all of them and both stay in the cache. */
const BLOCK_ROWS = 256;

/** The log-odds of each row. */
export function scoreMargins(forest: Forest, { values, rows, columns }: Matrix): Float64Array {
  if (columns !== forest.columns) {
    throw new Error(
      `Cannot score rows of ${columns} features: the trees were grown on ${forest.columns}`,
    );
  }
  const sums = new Float32Array(rows);
  for (let from = 0; from < rows; from += BLOCK_ROWS) {
    const to = Math.min(rows, from + BLOCK_ROWS);
    for (let tree = 0; tree < forest.roots.length; tree++) {
      addTree(forest, tree, values, from, to, sums);
    }
  }
  return Float64Array.from(sums, (sum) => sum + forest.base);
}

/**
 * Four rows go down the tree side by side, and all of them as deep as it goes: while one waits for
 * memory the others move on, and no branch has to be guessed.
 */
function addTree(
  forest: Forest,
  tree: number,
  values: Float32Array,
  from: number,
  to: number,
  sums: Float32Array,
): void {
  const { column, threshold, missingLeft, child, weight, columns } = forest;
  const root = forest.roots[tree] as number;
  const depth = forest.depths[tree] as number;
  for (let row = from; row < to; row += 4) {
    // Past the last row its neighbours are it.
    const b = Math.min(row + 1, to - 1);
    const c = Math.min(row + 2, to - 1);
    const d = Math.min(row + 3, to - 1);
    let [atA, atB, atC, atD] = [root, root, root, root];
    for (let level = 0; level < depth; level++) {
      atA = next(values[row * columns + asked(column[atA] as number)] as number, atA);
      atB = next(values[b * columns + asked(column[atB] as number)] as number, atB);
      atC = next(values[c * columns + asked(column[atC] as number)] as number, atC);
      atD = next(values[d * columns + asked(column[atD] as number)] as number, atD);
    }
    sums[row] = (sums[row] as number) + (weight[atA] as number);
    if (b > row) sums[b] = (sums[b] as number) + (weight[atB] as number);
    if (c > b) sums[c] = (sums[c] as number) + (weight[atC] as number);
    if (d > c) sums[d] = (sums[d] as number) + (weight[atD] as number);
  }

  function next(value: number, node: number): number {
    const above = Number(value > (threshold[node] as number));
    const missing = Number(value !== value) & (1 - (missingLeft[node] as number));
    return (child[node] as number) + (above | missing);
  }
}

/** Of a leaf any column will do. */
function asked(column: number): number {
  return column & ~(column >> 31);
}

export interface Importance {
  readonly column: number;
  /** Its share of all that splits gained. */
  readonly share: number;
  readonly splits: number;
}

/** Columns by what their splits gained, the most first; those never asked about are left out. */
export function importances({ columns, column, gain }: FreshForest): Importance[] {
  const gains = new Float64Array(columns);
  const splits = new Int32Array(columns);
  for (let node = 0; node < column.length; node++) {
    const asked = column[node] as number;
    if (asked < 0) continue;
    gains[asked] = (gains[asked] as number) + (gain[node] as number);
    splits[asked] = (splits[asked] as number) + 1;
  }
  const total = gains.reduce((sum, gained) => sum + gained, 0);
  return Array.from(gains, (gained, column) => ({
    column,
    share: gained / total,
    splits: splits[column] as number,
  })).filter(({ splits }) => splits > 0).sort((a, b) => b.share - a.share || a.column - b.column);
}
