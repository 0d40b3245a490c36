/** What brings features to about the same size: found on the training part, kept in the ONNX file. */
import { FEATURES, SEQUENCE } from "./features.ts";

/** Whatever lies further out, in standard deviations, is taken to be there. */
export const SCALED_LIMIT = 10;

export interface Scaler {
  /** Per feature. */
  readonly means: readonly number[];
  readonly sds: readonly number[];
  /** Standard deviation of the change from one value to the next. */
  readonly changeSd: number;
}

/**
 * `windows`: features of windows one after the other; `changes`: from each window's last value to
 * the next. Each window counts with its last row, so that a reading counts once.
 */
export function fitScaler(windows: Float64Array, changes: Float64Array): Scaler {
  const columns = FEATURES.map((_, column) => {
    const values = new Float64Array(changes.length);
    for (let i = 0; i < values.length; i++) {
      values[i] = windows[((i + 1) * SEQUENCE - 1) * FEATURES.length + column] ?? NaN;
    }
    return spread(values);
  });
  return {
    means: columns.map(({ mean }) => mean),
    // A column that never changes says nothing, and is divided by nothing.
    sds: columns.map(({ sd }) => sd > 0 ? sd : 1),
    changeSd: spread(changes).sd,
  };
}

function spread(values: Float64Array): { mean: number; sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / values.length) };
}

/** The same arithmetic as the first operators of the ONNX file. */
export function scale(windows: Float64Array, { means, sds }: Scaler): Float32Array {
  return Float32Array.from(windows, (value, i) => {
    const column = i % FEATURES.length;
    const scaled = (value - (means[column] ?? 0)) / (sds[column] ?? 1);
    return Math.min(SCALED_LIMIT, Math.max(-SCALED_LIMIT, scaled));
  });
}
