/** Rows of features. A missing value is NaN, and stays missing. */
export interface Matrix {
  /** Row by row. */
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** The rows named, in that order. */
export function takeRows({ values, columns }: Matrix, rows: ArrayLike<number>): Matrix {
  const taken = new Float32Array(rows.length * columns);
  for (let i = 0; i < rows.length; i++) {
    const from = (rows[i] as number) * columns;
    taken.set(values.subarray(from, from + columns), i * columns);
  }
  return { values: taken, rows: rows.length, columns };
}
