/** Combs: a fundamental and some of its harmonics in the spectrum of an envelope. */
import type { EnvelopeSpectrum } from "./envelope.ts";

export interface Lines {
  readonly binHz: number;
  /**
   * Natural logarithm of prominence, 0 for noise: in place k the higher of bins k and k + 1, for what
   * is between two bins shows in both.
   */
  readonly heights: Float64Array;
  /** Standard deviation of a bin of noise, about. */
  readonly noise: number;
}

export interface Comb {
  readonly hz: number;
  /** Mean of its lines. */
  readonly height: number;
  /** The second highest of them. */
  readonly second: number;
}

/** From heights to decibels of power. */
export const DB = 10 / Math.LN10;
/** The highest harmonic that is looked at. */
export const HARMONIC_MAX = 4;
/** Bearings slip by one or two per cent (Randall and Antoni 2011, section 2). */
export const SLIP_MAX = 0.02;

/** Bins that hold nothing but what is left of the constant part. */
const CONSTANT_BINS = 3;
/** Where a turn of the shaft is fewer bins, its harmonics and others cannot be told apart. */
const TURN_BINS_MIN = 7;
/** From a median deviation to the standard deviation of a normal distribution. */
const NORMAL = 1.4826;
/** By chance combs differ by about so much of the deviation of a bin. */
const CHANCE = 0.4;

/** Without the harmonics of the shaft, whose turns modulate everything. */
export function linesOf({ prominence, binHz, averaged }: EnvelopeSpectrum, shaftHz: number): Lines {
  const heights = prominence.map((power) => power > 1 ? Math.log(power) : 0);
  const turn = shaftHz / binHz;
  for (let harmonic = 1; turn >= TURN_BINS_MIN && harmonic * turn < heights.length; harmonic++) {
    heights[Math.round(harmonic * turn)] = 0;
  }
  const pairs = heights.map((height, k) =>
    k < CONSTANT_BINS ? 0 : Math.max(height, heights[k + 1] ?? 0)
  );
  return { binHz, heights: pairs, noise: 1 / Math.sqrt(averaged) };
}

export function heightAtHz({ heights, binHz }: Lines, hz: number): number {
  return heights[Math.floor(hz / binHz)] ?? 0;
}

/** The fundamental within the slip whose harmonics are the highest; of equals the nearest. */
export function bestComb(
  { heights, binHz }: Lines,
  expectedHz: number,
  harmonics: readonly number[],
): Comb {
  const expected = expectedHz / binHz;
  const step = Math.min(1 / (2 * HARMONIC_MAX), SLIP_MAX * expected);
  const steps = Math.round(SLIP_MAX * expected / step);
  let best = { hz: expectedHz, height: 0, second: 0 };
  for (let i = 0; i <= 2 * steps; i++) {
    const bins = expected + step * (i % 2 === 0 ? -i : i + 1) / 2; // From the middle outwards.
    let sum = 0;
    let first = 0;
    let second = 0;
    for (const harmonic of harmonics) {
      const line = heights[Math.floor(bins * harmonic)] ?? 0;
      sum += line;
      second = Math.max(second, Math.min(first, line));
      first = Math.max(first, line);
    }
    const height = sum / harmonics.length;
    if (height > best.height) best = { hz: bins * binHz, height, second };
  }
  return best;
}

/** Median height of combs at other fundamentals, and how much they differ. */
export function usualComb(
  lines: Lines,
  fundamentalsHz: readonly number[],
  harmonics: readonly number[],
): { middle: number; deviation: number } {
  const others = fundamentalsHz.map((hz) => bestComb(lines, hz, harmonics).height);
  const middle = medianOf(others);
  const deviation = NORMAL * medianOf(others.map((other) => Math.abs(other - middle)));
  return { middle, deviation: Math.max(deviation, CHANCE * lines.noise) };
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[sorted.length >> 1] ?? 0;
}
