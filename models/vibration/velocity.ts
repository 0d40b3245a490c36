/**
 * Velocity of vibration from acceleration, in the band of ISO 20816-1: 10 to 1,000 Hz.
 *
 * v(f) = a(f) / 2πif. Dividing by each bin's own frequency instead of the component's would be wrong
 * by tens of per cent where bins are wide (10 Hz in a reading of a tenth of a second), and what
 * leaks from a component below the band would count most of all. So bins are integrated, and
 * counted as within the band, at the frequency of what is in them (see `spectrum.ts`).
 */
import { powerOfTwoFrom, transform } from "./fft.ts";
import type { Spectrum } from "./spectrum.ts";

/** In mm/s. */
export interface Velocity {
  readonly rms: number;
  /** Of the middle half of the reading, where the window leaves enough to undo it. */
  readonly peak: number;
  readonly crestFactor: number;
}

/** mm/s² in a g (standard gravity, 9.80665 m/s²). */
export const MM_PER_S2_PER_G = 9806.65;

const BAND_LOW_HZ = 10;
const BAND_HIGH_HZ = 1000;
/** A component at the band's edge counts, as exactly as its frequency is known. */
const EDGE_BINS = 0.1;
const EDGE_HZ_MAX = 1;
/** Half the width of a Hann window's main lobe: no component is further from its bin. */
const LOBE_BINS = 2;
/** Noise bandwidth of a Hann window in bins: the energy of a sine is spread over the lobe. */
const NOISE_BANDWIDTH_BINS = 1.5;

/** @param spectrum of acceleration in g */
export function velocityOf(spectrum: Spectrum): Velocity {
  const { binHz, amplitudes, shifts, complex } = spectrum;
  const bins = amplitudes.length;
  const used = Math.min(bins, Math.ceil(BAND_HIGH_HZ / binHz) + LOBE_BINS);
  // At least 16 moments in a period: of a peak no more than 2 % can fall between two of them.
  const size = powerOfTwoFrom(16 * used);
  const slackHz = Math.min(EDGE_HZ_MAX, EDGE_BINS * binHz);
  const windowed = new Float64Array(2 * size);
  let squares = 0;
  for (let k = 1; k < used; k++) {
    const shift = shifts[k] as number;
    if (!isInBand((k + shift) * binHz, slackHz)) continue;
    const hz = (k + Math.max(-LOBE_BINS, Math.min(LOBE_BINS, shift))) * binHz;
    const gain = MM_PER_S2_PER_G / (2 * Math.PI * hz);
    squares += ((amplitudes[k] as number) * gain) ** 2 / 2 / NOISE_BANDWIDTH_BINS;
    // The real part of this one-sided sum is the velocity: −i a / 2πf, with the mean of ½ undone.
    windowed[2 * k] = (complex[2 * k + 1] as number) * gain / 2;
    windowed[2 * k + 1] = -(complex[2 * k] as number) * gain / 2;
  }
  const rms = Math.sqrt(squares);
  const peak = peakOfMiddle(windowed, size);
  return { rms, peak, crestFactor: rms === 0 ? 0 : peak / rms };
}

function isInBand(hz: number, slackHz: number): boolean {
  return hz >= BAND_LOW_HZ - slackHz && hz <= BAND_HIGH_HZ + slackHz;
}

function peakOfMiddle(windowed: Float64Array, size: number): number {
  // Forwards and not back: the moments come out in reverse, and the middle half stays what it is.
  const moments = transform(windowed);
  const window = middleOfHann(size);
  const first = size / 4;
  let peak = 0;
  for (let i = 0; i < window.length; i++) {
    const moment = Math.abs(moments[2 * (first + i)] as number) / (window[i] as number);
    if (moment > peak) peak = moment;
  }
  return peak;
}

/** Sizes are powers of two, so they are few. */
const windows = new Map<number, Float64Array>();

/** A Hann window from one quarter to three, both included. */
function middleOfHann(size: number): Float64Array {
  let window = windows.get(size);
  if (window === undefined) {
    window = Float64Array.from(
      { length: size / 2 + 1 },
      (_, i) => 0.5 - 0.5 * Math.cos(2 * Math.PI * (size / 4 + i) / size),
    );
    windows.set(size, window);
  }
  return window;
}
