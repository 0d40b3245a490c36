/**
 * The spectrum of a waveform through a Hann window, and where in it each component really lies.
 *
 * A window spreads a sine over four bins. How the phase turns within the window says where the sine
 * is between them: every bin carries the frequency of what is in it (reassignment: Kodera, Gendrin
 * and de Villedary 1978; Auger and Flandrin 1995). Peaks are read, and accelerations integrated, at
 * that frequency and not at the bin's.
 */
import { transformReal } from "./fft.ts";
import { movementOf } from "./statistics.ts";

export interface Spectrum {
  /** Hz from bin to bin: sample rate / number of samples. Bin 0 is 0 Hz. */
  readonly binHz: number;
  /** Single-sided, zero to peak, in the samples' unit: 2/N · |FFT| over the window's mean of ½. */
  readonly amplitudes: Float64Array;
  /**
   * How far from its bin's frequency what is in the bin lies, in bins. Beyond ±2 the bin holds only
   * what leaks from elsewhere.
   */
  readonly shifts: Float64Array;
  /** Windowed transform, scaled as the amplitudes: its absolute values are the amplitudes. */
  readonly complex: Float64Array;
}

export interface Peak {
  readonly frequencyHz: number;
  /** Zero to peak, in the samples' unit. */
  readonly amplitude: number;
}

/** Needs four samples at least. */
export function spectrumOf(samples: Float64Array, sampleRateHz: number): Spectrum {
  const count = samples.length;
  const plain = transformReal(movementOf(samples));
  const bins = Math.floor(count / 2) + 1;
  const amplitudes = new Float64Array(bins);
  const shifts = new Float64Array(bins);
  const complex = new Float64Array(2 * bins);
  for (let k = 0; k < bins; k++) {
    const before = 2 * ((k + count - 1) % count);
    const after = 2 * ((k + 1) % count);
    const [lowRe, lowIm] = [plain[before] as number, plain[before + 1] as number];
    const [highRe, highIm] = [plain[after] as number, plain[after + 1] as number];
    // In the frequency domain a Hann window is a mean with both neighbours, of weight ½, −¼, −¼;
    // its derivative, times N/2π, is their difference over 4i.
    const re = (plain[2 * k] as number) / 2 - (lowRe + highRe) / 4;
    const im = (plain[2 * k + 1] as number) / 2 - (lowIm + highIm) / 4;
    const energy = re * re + im * im;
    const turn = ((lowRe - highRe) * re + (lowIm - highIm) * im) / 4;
    const sides = k === 0 || 2 * k === count ? 1 : 2; // 0 Hz and Nyquist have no mirror image.
    const scale = sides / (count / 2);
    complex[2 * k] = re * scale;
    complex[2 * k + 1] = im * scale;
    amplitudes[k] = Math.sqrt(energy) * scale;
    shifts[k] = energy === 0 ? 0 : turn / energy;
  }
  return { binHz: sampleRateHz / count, amplitudes, shifts, complex };
}

/** The strongest component; undefined where there is nothing but a constant. */
export function dominantPeak(spectrum: Spectrum): Peak | undefined {
  const { binHz, amplitudes, shifts } = spectrum;
  let bin = 1;
  for (let k = 2; k < amplitudes.length; k++) {
    if ((amplitudes[k] as number) > (amplitudes[bin] as number)) bin = k;
  }
  const amplitude = amplitudes[bin] ?? 0;
  if (amplitude === 0) return undefined;
  // The strongest bin of a sine is at most half a bin off.
  const shift = Math.max(-0.5, Math.min(0.5, shifts[bin] as number));
  return { frequencyHz: (bin + shift) * binHz, amplitude: amplitude / hannLobe(shift) };
}

/** What a Hann window leaves of a sine so many bins off: sin(πδ) / (πδ (1 − δ²)). */
function hannLobe(shift: number): number {
  if (shift === 0) return 1;
  const angle = Math.PI * shift;
  return Math.sin(angle) / (angle * (1 - shift * shift));
}
