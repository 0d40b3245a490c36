/** Parts of the rows a failure model learns from and is judged by. */
import type { FailureRows } from "../features/mod.ts";
import { type Matrix, takeRows } from "../trees/matrix.ts";

export function matrixOf({ names, matrix, labels }: FailureRows): Matrix {
  return { values: matrix, rows: labels.length, columns: names.length };
}

/** The rows named, in that order. */
export function pickRows(rows: FailureRows, places: ArrayLike<number>): FailureRows {
  const own = Array.from(places);
  return {
    names: rows.names,
    matrix: takeRows(matrixOf(rows), own).values,
    labels: Uint8Array.from(own, (row) => rows.labels[row] as number),
    times: Float64Array.from(own, (row) => rows.times[row] as number),
    devices: Int32Array.from(own, (row) => rows.devices[row] as number),
    episodes: Int32Array.from(own, (row) => rows.episodes[row] as number),
  };
}

/** The same rows with the first columns only. */
export function firstColumns(rows: FailureRows, count: number): FailureRows {
  const columns = rows.names.length;
  const matrix = new Float32Array(rows.labels.length * count);
  for (let row = 0; row < rows.labels.length; row++) {
    matrix.set(rows.matrix.subarray(row * columns, row * columns + count), row * count);
  }
  return { ...rows, names: rows.names.slice(0, count), matrix };
}

/** Values of the rows named. */
export function pickValues(values: ArrayLike<number>, places: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: places.length }, (_, i) => values[places[i] as number] ?? NaN);
}
