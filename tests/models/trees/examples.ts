/** Rows to learn from, the same each time. */
import { seeded } from "../../../models/random.ts";
import type { Examples } from "../../../models/trees/train.ts";

/** Each value from 0 to 1, some missing; the label by a rule, with some noise. */
export function examplesOf(
  rows: number,
  columns: number,
  rule: (row: Float32Array) => boolean,
  { seed = 1, noise = 0, missing = 0 } = {},
): Examples {
  const uniform = seeded(seed);
  const values = new Float32Array(rows * columns);
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * columns, (row + 1) * columns);
    for (let column = 0; column < columns; column++) own[column] = uniform();
    const answer = rule(own);
    labels[row] = Number(uniform() < noise ? !answer : answer);
    for (let column = 0; column < columns; column++) {
      if (uniform() < missing) own[column] = NaN;
    }
  }
  return { features: { values, rows, columns }, labels };
}

/** A rule no single column says anything about. */
export function crossed(row: Float32Array): boolean {
  return (row[0] as number) > 0.5 !== (row[1] as number) > 0.3;
}
