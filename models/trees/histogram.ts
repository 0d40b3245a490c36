/**
 * Sums of gradients per bin: all that a split is chosen by.
 *
 * A histogram is one array: per column a block of 256 bins, per bin the sum of first and of second
 * derivatives. That of one child is the parent's minus the other child's, so that only the smaller
 * child's rows are ever counted.
 */
import type { Bins } from "./bins.ts";

export const BLOCK = 2 * 256;

/** First and second derivative of the loss per row, in turn. */
export type Gradients = Float32Array;

/** Arrays are reused: a tree of 200,000 rows would otherwise throw away megabytes. */
export interface HistogramPool {
  take(): Float64Array;
  giveBack(histogram: Float64Array): void;
}

export function createPool(columns: number): HistogramPool {
  const free: Float64Array[] = [];
  return {
    take: () => free.pop() ?? new Float64Array(columns * BLOCK),
    giveBack: (histogram) => void free.push(histogram),
  };
}

/**
 * Counts these rows anew, of these columns. `ordered` is scratch space for the gradients of the
 * rows in their order, which otherwise would be looked up once per column.
 */
export function count(
  histogram: Float64Array,
  { binned }: Bins,
  columns: Int32Array,
  rows: Int32Array,
  gradients: Gradients,
  ordered: Gradients,
): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    ordered[2 * i] = gradients[2 * row] as number;
    ordered[2 * i + 1] = gradients[2 * row + 1] as number;
  }
  let c = 0;
  for (; c + 1 < columns.length; c += 2) {
    const first = columns[c] as number;
    const second = columns[c + 1] as number;
    countTwo(
      blockOf(histogram, first).fill(0),
      blockOf(histogram, second).fill(0),
      binned[first] as Uint8Array,
      binned[second] as Uint8Array,
      rows,
      ordered,
    );
  }
  for (; c < columns.length; c++) {
    const column = columns[c] as number;
    countOne(blockOf(histogram, column).fill(0), binned[column] as Uint8Array, rows, ordered);
  }
}

/** Two columns in one pass: the second fills the time the first waits for its memory. */
function countTwo(
  first: Float64Array,
  second: Float64Array,
  firstBins: Uint8Array,
  secondBins: Uint8Array,
  rows: Int32Array,
  ordered: Gradients,
): void {
  const length = rows.length;
  for (let i = 0; i < length; i++) {
    const row = rows[i] as number;
    const g = ordered[2 * i] as number;
    const h = ordered[2 * i + 1] as number;
    const a = 2 * (firstBins[row] as number);
    const b = 2 * (secondBins[row] as number);
    first[a] = (first[a] as number) + g;
    first[a + 1] = (first[a + 1] as number) + h;
    second[b] = (second[b] as number) + g;
    second[b + 1] = (second[b + 1] as number) + h;
  }
}

function countOne(
  block: Float64Array,
  bins: Uint8Array,
  rows: Int32Array,
  ordered: Gradients,
): void {
  for (let i = 0; i < rows.length; i++) {
    const at = 2 * (bins[rows[i] as number] as number);
    block[at] = (block[at] as number) + (ordered[2 * i] as number);
    block[at + 1] = (block[at + 1] as number) + (ordered[2 * i + 1] as number);
  }
}

/** Turns the parent's histogram into that of the child that was not counted. */
export function subtract(parent: Float64Array, child: Float64Array, columns: Int32Array): void {
  for (let c = 0; c < columns.length; c++) {
    const from = (columns[c] as number) * BLOCK;
    for (let i = from; i < from + BLOCK; i++) {
      parent[i] = (parent[i] as number) - (child[i] as number);
    }
  }
}

export function blockOf(histogram: Float64Array, column: number): Float64Array {
  return histogram.subarray(column * BLOCK, (column + 1) * BLOCK);
}
