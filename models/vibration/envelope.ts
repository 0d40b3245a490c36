/**
 * The spectrum of a vibration's envelope: how often something strikes, whatever it then rings at.
 *
 * Each impact makes the structure ring at its resonances, so a bearing's defect is not found at its
 * frequency but in how the ringing comes and goes (McFadden and Smith 1984). Which resonance carries
 * it is not known beforehand. So the signal is whitened, cut into bands, the squared envelope of each
 * is analysed (its amplitude from the one-sided spectrum: Hilbert), and the bands' spectra, each in
 * units of its own noise, are averaged, as in the enhanced envelope spectrum (Abboud et al. 2017). A
 * fault that is heard in one band out of eight is not drowned by the others.
 */
import { Sorted } from "../detectors/sorted.ts";
import { powerOfTwoFrom, transformInto, transformReal, transformRealInto } from "./fft.ts";
import { movementOf } from "./statistics.ts";

export interface EnvelopeSpectrum {
  /** Hz from bin to bin. Bin 0 is 0 Hz. */
  readonly binHz: number;
  /** Power beside that of the noise around: 1 is noise. */
  readonly prominence: Float64Array;
  /** Spectra averaged: with more of them noise stays closer to 1. */
  readonly averaged: number;
}

/** Below are shaft, belts and mains: not where bearings ring. */
const CARRIER_LOW_HZ = 100;
/** Whitening follows the resonances and flattens lines narrower than this. */
const WHITENING_HZ = 15;
const WHITENING_BINS_MIN = 4;
/** Half the width in which the noise around a bin is looked for. */
const AROUND_HZ = 25;
const AROUND_BINS_MIN = 8;
const BANDS_MAX = 32;
/**
 * The spectrum is cut in several ways and what they show is averaged (geometrically), lest a band's
 * edge in the middle of a resonance decide what is found. Narrow bands hear what one resonance
 * carries, wide ones what all of them do.
 */
const BANDS_OF_MOST = [1, 3 / 4, 1 / 2];

export interface EnvelopeOptions {
  readonly sampleRateHz: number;
  /** The highest frequency of interest; bands are as narrow as this allows. */
  readonly highestHz: number;
  /** Long signals are averaged over parts of so many seconds, each half over the last. */
  readonly partSeconds: number;
}

/** Undefined where the sampling is too slow for anything to be carried, or the signal too short. */
export function envelopeSpectrumOf(
  samples: Float64Array,
  { sampleRateHz, highestHz, partSeconds }: EnvelopeOptions,
): EnvelopeSpectrum | undefined {
  const wanted = powerOfTwoFrom(partSeconds * sampleRateHz / Math.SQRT2);
  const size = Math.min(samples.length, wanted);
  const binHz = sampleRateHz / size;
  const cuts = cutsOf(size, binHz, highestHz);
  const count = Math.floor(highestHz / binHz) + 2;
  if (cuts.length === 0 || count < 2 * AROUND_BINS_MIN) return undefined;

  const sums = cuts.map(({ bands }) =>
    Array.from({ length: bands }, () => new Float64Array(count))
  );
  let parts = 0;
  for (let start = 0; start + size <= samples.length; start += Math.max(1, size >> 1)) {
    const whitened = whitenedTransform(samples.subarray(start, start + size), binHz);
    for (const [i, { first, width }] of cuts.entries()) {
      const room = roomFor(width + count);
      for (const [band, sum] of (sums[i] ?? []).entries()) {
        addSquaredEnvelope(sum, whitened, first + band * width, width, room);
      }
    }
    parts++;
  }
  const spectra = sums.map((bands) => besideNoise(meanBesideNoise(bands, count), binHz));
  const prominence = new Float64Array(count).map((_, k) =>
    spectra.reduce((product, spectrum) => product * (spectrum[k] as number), 1) **
      (1 / spectra.length)
  );
  const bands = cuts.reduce((sum, { bands }) => sum + bands, 0) / cuts.length;
  return { binHz, prominence, averaged: parts * bands };
}

/** One way of cutting the spectrum into bands of equal width. */
interface Cut {
  readonly bands: number;
  /** Bins. */
  readonly first: number;
  readonly width: number;
}

function cutsOf(size: number, binHz: number, highestHz: number): Cut[] {
  const first = Math.max(1, Math.ceil(CARRIER_LOW_HZ / binHz));
  const bins = Math.floor(size / 2) - first;
  const most = Math.min(BANDS_MAX, Math.floor(bins * binHz / highestHz));
  const counts = new Set(BANDS_OF_MOST.map((share) => Math.floor(share * most)));
  return [...counts].filter((bands) => bands > 0)
    .map((bands) => ({ bands, first, width: Math.floor(bins / bands) }))
    .filter(({ width }) => width > highestHz / binHz + 2);
}

/** The bands' mean, each in units of its own noise: a loud band is not heard more than others. */
function meanBesideNoise(bands: readonly Float64Array[], count: number): Float64Array {
  const mean = new Float64Array(count);
  for (const band of bands) {
    const noise = medianOf(band.subarray(1));
    if (!(noise > 0)) continue;
    for (let k = 0; k < count; k++) mean[k] = (mean[k] as number) + (band[k] as number) / noise;
  }
  return mean;
}

/** Every bin beside the root mean square of those around it. */
function whitenedTransform(part: Float64Array, binHz: number): Float64Array {
  const out = transformReal(movementOf(part));
  const half = Math.floor(part.length / 2);
  const sums = new Float64Array(half + 2); // Of the energy of all bins before.
  for (let k = 0; k <= half; k++) {
    sums[k + 1] = (sums[k] as number) + (out[2 * k] as number) ** 2 +
      (out[2 * k + 1] as number) ** 2;
  }
  const reach = Math.max(WHITENING_BINS_MIN, Math.round(WHITENING_HZ / binHz));
  const total = sums[half + 1] as number;
  for (let k = 0; k <= half; k++) {
    const from = Math.max(0, k - reach);
    const to = Math.min(half, k + reach) + 1;
    const around = ((sums[to] as number) - (sums[from] as number)) / (to - from);
    // Where nothing is but rounding, nothing stays.
    const scale = around > total * 1e-24 ? 1 / Math.sqrt(around) : 0;
    out[2 * k] = (out[2 * k] as number) * scale;
    out[2 * k + 1] = (out[2 * k + 1] as number) * scale;
  }
  return out;
}

/** Room for the transforms of one band, of as many moments as it takes. */
interface Room {
  readonly band: Float64Array;
  readonly moments: Float64Array;
  readonly squares: Float64Array;
  readonly envelope: Float64Array;
}

/** No more moments are needed than bins in the band and in the sum: then nothing folds back. */
function roomFor(bins: number): Room {
  const size = powerOfTwoFrom(bins);
  return {
    band: new Float64Array(2 * size),
    moments: new Float64Array(2 * size),
    squares: new Float64Array(size),
    envelope: new Float64Array(size + 2),
  };
}

/**
 * Adds the power spectrum of the squared envelope of one band, relative to its constant part. The
 * band's positive frequencies alone are its analytic signal, moved to 0 Hz.
 */
function addSquaredEnvelope(
  sum: Float64Array,
  spectrum: Float64Array,
  first: number,
  width: number,
  { band, moments, squares, envelope }: Room,
): void {
  band.set(spectrum.subarray(2 * first, 2 * (first + width)));
  // Forwards and not back: the moments come out in reverse, which the power does not show.
  transformInto(moments, band);
  for (let n = 0; n < squares.length; n++) {
    const re = moments[2 * n] as number;
    const im = moments[2 * n + 1] as number;
    squares[n] = re * re + im * im;
  }
  transformRealInto(envelope, squares);
  const constant = (envelope[0] as number) ** 2;
  if (constant === 0) return;
  for (let k = 0; k < sum.length; k++) {
    const re = envelope[2 * k] as number;
    const im = envelope[2 * k + 1] as number;
    // In noise the power falls with k as ever fewer pairs of bins are k apart.
    sum[k] = (sum[k] as number) + (re * re + im * im) / constant * width / (width - k);
  }
}

/** Beside the median of the bins around, in a window that slides along. */
function besideNoise(power: Float64Array, binHz: number): Float64Array {
  const reach = Math.max(AROUND_BINS_MIN, Math.round(AROUND_HZ / binHz));
  const count = power.length;
  const width = Math.min(2 * reach, count - 1);
  const around = Sorted.of(power.slice(1, 1 + width));
  let from = 1;
  return power.map((value, k) => {
    for (; from < k - reach && from + width < count; from++) {
      around.remove(power[from] as number);
      around.add(power[from + width] as number);
    }
    return around.median > 0 ? value / around.median : 0;
  });
}

function medianOf(values: Float64Array): number {
  const sorted = values.slice().sort();
  return sorted[sorted.length >> 1] ?? 0;
}
