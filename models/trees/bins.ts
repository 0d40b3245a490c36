/**
 * Values as small numbers: each column is cut at its quantiles, and of a value only its bin is kept.
 *
 * Learning looks at nothing else. Bin b of a column holds the values in (cut b − 1, cut b]; a
 * missing value has a bin of its own, after all others.
 */
import type { Matrix } from "./matrix.ts";

/** With the bin of the missing values, all that a byte can name. */
export const BINS_MAX = 255;
export const MISSING = 255;

export interface Bins {
  readonly rows: number;
  readonly columns: number;
  /** Per column, per row: its bin, or MISSING. */
  readonly binned: readonly Uint8Array[];
  /** Per column the upper end of each of its bins; the last is Infinity. */
  readonly cuts: readonly Float32Array[];
}

export function cutIntoBins(matrix: Matrix): Bins {
  const binned: Uint8Array[] = [];
  const cuts: Float32Array[] = [];
  for (let column = 0; column < matrix.columns; column++) {
    const values = columnOf(matrix, column);
    const ends = quantileCuts(values);
    cuts.push(ends);
    binned.push(assign(values, ends));
  }
  return { rows: matrix.rows, columns: matrix.columns, binned, cuts };
}

/** Other rows by the same cuts. */
export function binLike(matrix: Matrix, { cuts }: Bins): Bins {
  const binned = cuts.map((ends, column) => assign(columnOf(matrix, column), ends));
  return { rows: matrix.rows, columns: matrix.columns, binned, cuts };
}

function columnOf({ values, rows, columns }: Matrix, column: number): Float32Array {
  const taken = new Float32Array(rows);
  for (let row = 0; row < rows; row++) taken[row] = values[row * columns + column] as number;
  return taken;
}

/**
 * Cuts between neighbouring values, so that as many values lie in each bin as ties allow. A column
 * of few different values has a bin for each.
 */
function quantileCuts(values: Float32Array): Float32Array {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const cuts: number[] = [];
  let each = false;
  for (let from = 0; from < sorted.length;) {
    // What is left is shared by the bins that are left: a heavy tie takes a bin and no more.
    const left = BINS_MAX - cuts.length;
    each ||= distinctFit(sorted, from, left);
    const wanted = each ? 1 : Math.max(1, Math.round((sorted.length - from) / left));
    let end = from + wanted;
    const last = sorted[end - 1] as number;
    while (end < sorted.length && sorted[end] === last) end++;
    if (end >= sorted.length || left === 1) break;
    cuts.push(between(last, sorted[end] as number));
    from = end;
  }
  return Float32Array.of(...cuts, Infinity);
}

/** Whether the different values from here on are no more than this. */
function distinctFit(sorted: Float32Array, from: number, most: number): boolean {
  let distinct = 1;
  for (let i = from + 1; i < sorted.length; i++) {
    if (sorted[i] !== sorted[i - 1] && ++distinct > most) return false;
  }
  return true;
}

/** A float in [low, high), half-way where floats are dense enough. */
function between(low: number, high: number): number {
  const middle = Math.fround(low / 2 + high / 2);
  return middle >= low && middle < high ? middle : low;
}

function assign(values: Float32Array, cuts: Float32Array): Uint8Array {
  const bins = new Uint8Array(values.length);
  for (let row = 0; row < values.length; row++) bins[row] = binOf(values[row] as number, cuts);
  return bins;
}

/** The first bin whose upper end is not below the value. */
function binOf(value: number, cuts: Float32Array): number {
  if (Number.isNaN(value)) return MISSING;
  let low = 0;
  let high = cuts.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cuts[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
