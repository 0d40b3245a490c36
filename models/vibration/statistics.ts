/** What a waveform amounts to as a whole. Same unit as the samples; crest and kurtosis have none. */

export interface Statistics {
  /** √(Σx²/N), of the samples as given: the mean is not taken out. */
  readonly rms: number;
  /** max |x|. */
  readonly peak: number;
  /** Peak / RMS: √2 for a sine, 4 to 5 for noise, more for impacts. 0 for silence. */
  readonly crestFactor: number;
  /** Pearson's, about the mean: m4 / m2². 3 for noise, 1.5 for a sine. Null for constants. */
  readonly kurtosis: number | null;
}

/** A spread that is only rounding is no spread. */
const ROUNDING = 1e-12;

export function statisticsOf(samples: Float64Array): Statistics {
  let sum = 0;
  let squares = 0;
  let peak = 0;
  for (const value of samples) {
    sum += value;
    squares += value * value;
    peak = Math.max(peak, Math.abs(value));
  }
  const count = samples.length;
  const rms = count === 0 ? 0 : Math.sqrt(squares / count);
  return {
    rms,
    peak,
    crestFactor: rms === 0 ? 0 : peak / rms,
    kurtosis: kurtosisOf(samples, sum / count, peak),
  };
}

/** In a second pass: fourth powers about zero would drown in those of the mean. */
function kurtosisOf(samples: Float64Array, mean: number, peak: number): number | null {
  let second = 0;
  let fourth = 0;
  for (const value of samples) {
    const square = ((value - mean) / peak) ** 2; // A fourth power of something tiny would vanish.
    second += square;
    fourth += square * square;
  }
  // Not greater: silence has no number here at all.
  if (!(Math.sqrt(second / samples.length) > ROUNDING)) return null;
  return samples.length * fourth / (second * second);
}

/** What moves: the samples about their mean. Of a constant nothing is left, not even rounding. */
export function movementOf(samples: Float64Array): Float64Array {
  let sum = 0;
  let peak = 0;
  for (const value of samples) {
    sum += value;
    peak = Math.max(peak, Math.abs(value));
  }
  const mean = sum / samples.length;
  const moved = new Float64Array(samples.length);
  for (let i = 0; i < moved.length; i++) {
    const movement = (samples[i] as number) - mean;
    if (Math.abs(movement) > peak * ROUNDING) moved[i] = movement;
  }
  return moved;
}
