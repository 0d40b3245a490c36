/**
 * The 3-sigma model of a series: its mean and its population standard deviation.
 *
 * A value is an anomaly when |value − mean| > threshold · sd, strictly; with "upper" only where it
 * lies above the mean. (Shewhart, Economic Control of Quality, 1931.)
 */
import type { Sided } from "../events/series.ts";

export interface ThreeSigma {
  readonly mean: number;
  readonly sd: number;
  /** In standard deviations. */
  readonly threshold: number;
  readonly sided: Sided;
}

export interface Moments {
  readonly mean: number;
  /** Population standard deviation; 0 where all values are the same, as far as doubles can tell. */
  readonly sd: number;
  readonly min: number;
  readonly max: number;
}

/** A power of two keeps every digit; 2^±1000 keeps the scale itself a double. */
const EXPONENT_MAX = 1000;

/** In two passes with compensated sums, scaled so that no square over- or underflows. */
export function momentsOf(values: Float64Array): Moments {
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (min === max) return { mean: min, sd: 0, min, max };

  const scale = powerOfTwoNear(Math.max(Math.abs(min), Math.abs(max)));
  const mean = meanOf(values, (value) => value / scale);
  const variance = meanOf(values, (value) => (value / scale - mean) ** 2);
  return { mean: mean * scale, sd: Math.sqrt(variance) * scale, min, max };
}

function powerOfTwoNear(magnitude: number): number {
  const exponent = Math.floor(Math.log2(magnitude));
  return 2 ** Math.min(EXPONENT_MAX, Math.max(-EXPONENT_MAX, exponent));
}

/** Neumaier's sum: what each addition rounds away is carried along. */
function meanOf(values: Float64Array, term: (value: number) => number): number {
  let sum = 0;
  let lost = 0;
  for (const value of values) {
    const next = term(value);
    const total = sum + next;
    lost += Math.abs(sum) >= Math.abs(next) ? (sum - total) + next : (next - total) + sum;
    sum = total;
  }
  return (sum + lost) / values.length;
}

export function isAnomaly({ mean, sd, threshold, sided }: ThreeSigma, value: number): boolean {
  const deviation = value - mean;
  return (sided === "upper" ? deviation : Math.abs(deviation)) > threshold * sd;
}

/** What is compared with the threshold: how many standard deviations the value is off. Finite. */
export function scoreOf({ mean, sd, sided }: ThreeSigma, value: number): number {
  const score = (sided === "upper" ? value - mean : Math.abs(value - mean)) / sd;
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, score));
}
