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
  /** The column a node asks about, −1 for a leaf. */
  readonly column: Int32Array;
  readonly threshold: Float32Array;
  /** 1 where a missing value goes left. */
  readonly missingLeft: Uint8Array;
  /** Left child; of a leaf itself. */
  readonly child: Int32Array;
  /** What a leaf adds to the log-odds; 0 of others. */
  readonly weight: Float32Array;
  /** Sum of second derivatives over the rows that came by while learning. */
  readonly cover: Float32Array;
  /** What its split gained; 0 of leaves. */
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
): Forest {
  const nodes = trees.flat();
  const roots = new Int32Array(trees.length);
  const offset = new Int32Array(nodes.length);
  let placed = 0;
  trees.forEach((tree, i) => {
    roots[i] = placed;
    offset.fill(placed, placed, placed + tree.length);
    placed += tree.length;
  });
  return {
    columns,
    base,
    roots,
    column: Int32Array.from(nodes, ({ column }) => column),
    threshold: Float32Array.from(nodes, ({ threshold }) => threshold),
    missingLeft: Uint8Array.from(nodes, ({ missingLeft }) => Number(missingLeft)),
    child: Int32Array.from(nodes, ({ child }, i) => child + (offset[i] as number)),
    weight: Float32Array.from(nodes, ({ weight }) => weight),
    cover: Float32Array.from(nodes, ({ cover }) => cover),
    gain: Float32Array.from(nodes, ({ gain }) => gain),
  };
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
      addTree(forest, forest.roots[tree] as number, values, from, to, sums);
    }
  }
  return Float64Array.from(sums, (sum) => sum + forest.base);
}

function addTree(
  { column, threshold, missingLeft, child, weight, columns }: Forest,
  root: number,
  values: Float32Array,
  from: number,
  to: number,
  sums: Float32Array,
): void {
  for (let row = from; row < to; row++) {
    const start = row * columns;
    let node = root;
    let asked = column[node] as number;
    while (asked >= 0) {
      const value = values[start + asked] as number;
      const right = value > (threshold[node] as number) ||
        (value !== value && missingLeft[node] === 0);
      node = (child[node] as number) + (right ? 1 : 0);
      asked = column[node] as number;
    }
    sums[row] = (sums[row] as number) + (weight[node] as number);
  }
}

export interface Importance {
  readonly column: number;
  /** Its share of all that splits gained. */
  readonly share: number;
  readonly splits: number;
}

/** Columns by what their splits gained, the most first; those never asked about are left out. */
export function importances({ columns, column, gain }: Forest): Importance[] {
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
