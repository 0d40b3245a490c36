/**
 * Fourier transforms of any length. Complex numbers are interleaved: re, im, re, im …
 *
 * The library transforms lengths that are powers of two. Others are taken apart into a few of such a
 * length, or become a convolution of one (Bluestein 1970): a reading of 2,560 samples at 25,600 Hz keeps its 10 Hz bins,
 * which zero padding would move.
 */
import FFT from "fft.js";

/** A day's machines send few different lengths; what a plan keeps is a few times its length. */
const PLANS_MAX = 16;
/** Up to so many parts are transformed one by one: more would cost more than a convolution. */
const ODD_MAX = 15;

interface Plan {
  /** out may not be the input. */
  transform(out: Float64Array, input: Float64Array): void;
}

interface RealPlan {
  /** exp(−2πi n/N) for half of all n. */
  readonly turns: Float64Array;
  /** Room for the bins of half as many complex numbers, and the first again behind the last. */
  readonly bins: Float64Array;
}

const plans = new Map<number, Plan>();
const realPlans = new Map<number, RealPlan>();

/** Σ x(n) exp(−2πi kn/N), not scaled. */
export function transform(input: Float64Array): Float64Array<ArrayBuffer> {
  const out = new Float64Array(input.length);
  if (input.length > 0) planFor(input.length / 2).transform(out, input);
  return out;
}

/** As `transform`, for whoever has many to do and keeps the room for them. `out` is not `input`. */
export function transformInto(out: Float64Array, input: Float64Array): void {
  planFor(input.length / 2).transform(out, input);
}

/**
 * The same of real samples. An even number of them is transformed as half as many complex ones, even
 * places and odd ones, which are then told apart (Press et al. 2007, section 12.3.2).
 */
export function transformReal(samples: Float64Array): Float64Array<ArrayBuffer> {
  const size = samples.length;
  if (size % 2 === 1 || size === 0) return transform(complexOf(samples));
  const out = new Float64Array(2 * size);
  transformRealInto(out, samples);
  for (let k = size / 2 + 1; k < size; k++) {
    out[2 * k] = at(out, 2 * (size - k));
    out[2 * k + 1] = -at(out, 2 * (size - k) + 1);
  }
  return out;
}

/** Bins 0 to N/2 of an even number of real samples; the others mirror them, and are left alone. */
export function transformRealInto(out: Float64Array, samples: Float64Array): void {
  const half = samples.length / 2;
  const { turns, bins } = realPlanFor(samples.length);
  transformInto(bins, samples);
  bins[2 * half] = at(bins, 0);
  bins[2 * half + 1] = at(bins, 1);
  for (let k = 0; k <= half; k++) {
    const mirror = 2 * (half - k);
    const evenRe = (at(bins, 2 * k) + at(bins, mirror)) / 2;
    const evenIm = (at(bins, 2 * k + 1) - at(bins, mirror + 1)) / 2;
    const oddRe = (at(bins, 2 * k + 1) + at(bins, mirror + 1)) / 2;
    const oddIm = (at(bins, mirror) - at(bins, 2 * k)) / 2;
    const cos = at(turns, 2 * k);
    const sin = at(turns, 2 * k + 1);
    out[2 * k] = evenRe + oddRe * cos - oddIm * sin;
    out[2 * k + 1] = evenIm + oddRe * sin + oddIm * cos;
  }
}

/** (1/N) Σ X(k) exp(+2πi kn/N): undoes `transform`. */
export function inverse(input: Float64Array): Float64Array<ArrayBuffer> {
  const size = input.length / 2;
  const out = transform(conjugate(input));
  for (let i = 0; i < size; i++) {
    out[2 * i] = at(out, 2 * i) / size;
    out[2 * i + 1] = -at(out, 2 * i + 1) / size;
  }
  return out;
}

/** Real samples as complex numbers, followed by zeros up to a size. */
export function complexOf(samples: Float64Array, size = samples.length): Float64Array<ArrayBuffer> {
  const out = new Float64Array(2 * size);
  for (let i = 0; i < samples.length; i++) out[2 * i] = at(samples, i);
  return out;
}

export function powerOfTwoFrom(size: number): number {
  let power = 1;
  while (power < size) power *= 2;
  return power;
}

function planFor(size: number): Plan {
  return kept(plans, size, makePlan);
}

function realPlanFor(size: number): RealPlan {
  return kept(realPlans, size, () => ({
    turns: turnsOf(size).subarray(0, size + 2),
    bins: new Float64Array(size + 2),
  }));
}

/** The plan of this size, made where there is none; of too many the one used longest ago goes. */
function kept<P>(among: Map<number, P>, size: number, make: (size: number) => P): P {
  const plan = among.get(size) ?? make(size);
  among.delete(size);
  among.set(size, plan);
  for (const oldest of among.keys()) {
    if (among.size <= PLANS_MAX) break;
    among.delete(oldest);
  }
  return plan;
}

/** exp(−2πi n/N) for every n. */
function turnsOf(size: number): Float64Array {
  const turns = new Float64Array(2 * size);
  for (let n = 0; n < size; n++) {
    turns[2 * n] = Math.cos(2 * Math.PI * n / size);
    turns[2 * n + 1] = -Math.sin(2 * Math.PI * n / size);
  }
  return turns;
}

function makePlan(size: number): Plan {
  const odd = oddPartOf(size);
  if (odd === 1) return directly(size);
  return odd <= ODD_MAX ? byParts(size, odd) : byConvolution(size);
}

/** What is left when every factor of two is taken out. */
function oddPartOf(size: number): number {
  let odd = size;
  while (odd > 1 && odd % 2 === 0) odd /= 2;
  return odd;
}

function directly(size: number): Plan {
  if (size === 1) return { transform: (out, input) => out.set(input) };
  const fft = new FFT(size);
  return { transform: (out, input) => fft.transform(out, input) };
}

/**
 * Every fifth sample, for 2,560 = 5 · 512, and every fifth from the second on, and so forth: each
 * part is transformed, its bins are turned by as much as the part is late, and the same bin of all
 * parts is transformed once more (Cooley and Tukey 1965).
 */
function byParts(size: number, parts: number): Plan {
  const length = size / parts;
  const fft = directly(length);
  const part = new Float64Array(2 * length);
  const bins = Array.from({ length: parts }, () => new Float64Array(2 * length));
  const turns = turnsOf(size);
  const across = acrossOddly(parts, length);
  return {
    transform(out, input) {
      for (let late = 0; late < parts; late++) {
        const own = bins[late] as Float64Array;
        for (let n = 0; n < length; n++) {
          const from = 2 * (n * parts + late);
          part[2 * n] = at(input, from);
          part[2 * n + 1] = at(input, from + 1);
        }
        fft.transform(own, part);
        if (late === 0) continue;
        for (let k = 0; k < length; k++) {
          const re = at(own, 2 * k);
          const im = at(own, 2 * k + 1);
          const cos = at(turns, 2 * k * late);
          const sin = at(turns, 2 * k * late + 1);
          own[2 * k] = re * cos - im * sin;
          own[2 * k + 1] = re * sin + im * cos;
        }
      }
      across(out, bins);
    },
  };
}

/**
 * Transforms of a few numbers each, an odd count: one from every part, for every place in a part.
 * Numbers as far from the first as from the last are turned alike, one forwards and one back, so
 * their sum and their difference are turned, together.
 */
function acrossOddly(
  parts: number,
  length: number,
): (out: Float64Array, bins: readonly Float64Array[]) => void {
  const pairs = (parts - 1) / 2;
  const turns = turnsOf(parts);
  return (out, bins) => {
    const first = bins[0] as Float64Array;
    for (let m = 0; m < parts; m++) out.set(first, 2 * m * length);
    for (let j = 1; j <= pairs; j++) {
      const one = bins[j] as Float64Array;
      const other = bins[parts - j] as Float64Array;
      for (let i = 0; i < 2 * length; i += 2) {
        const sumRe = at(one, i) + at(other, i);
        const sumIm = at(one, i + 1) + at(other, i + 1);
        const gapRe = at(one, i) - at(other, i);
        const gapIm = at(one, i + 1) - at(other, i + 1);
        out[i] = at(out, i) + sumRe;
        out[i + 1] = at(out, i + 1) + sumIm;
        for (let m = 1; m <= pairs; m++) {
          const turn = 2 * ((j * m) % parts);
          const cos = at(turns, turn);
          const sin = at(turns, turn + 1);
          const up = 2 * m * length + i;
          const down = 2 * (parts - m) * length + i;
          out[up] = at(out, up) + sumRe * cos - gapIm * sin;
          out[up + 1] = at(out, up + 1) + sumIm * cos + gapRe * sin;
          out[down] = at(out, down) + sumRe * cos + gapIm * sin;
          out[down + 1] = at(out, down + 1) + sumIm * cos - gapRe * sin;
        }
      }
    }
  };
}

/** kn = (k² + n² − (k − n)²) / 2: a chirp, its convolution with another chirp, and a chirp. */
function byConvolution(size: number): Plan {
  const padded = powerOfTwoFrom(2 * size - 1);
  const fft = directly(padded);
  const chirp = new Float64Array(2 * size); // exp(−πi n²/N)
  const filter = new Float64Array(2 * padded);
  for (let n = 0; n < size; n++) {
    const angle = Math.PI * ((n * n) % (2 * size)) / size; // Exact while n² is below 2^53.
    const [re, im] = [Math.cos(angle), Math.sin(angle)];
    chirp[2 * n] = re;
    chirp[2 * n + 1] = -im;
    for (const place of [n, (padded - n) % padded]) {
      filter[2 * place] = re;
      filter[2 * place + 1] = im;
    }
  }
  const response = new Float64Array(2 * padded);
  fft.transform(response, filter);
  const [first, second] = [new Float64Array(2 * padded), new Float64Array(2 * padded)];

  return {
    transform(out, input) {
      first.fill(0);
      multiply(first, input, chirp, size);
      fft.transform(second, first);
      multiply(second, second, response, padded);
      for (let i = 1; i < second.length; i += 2) second[i] = -at(second, i);
      fft.transform(first, second); // Of the conjugate: the conjugate of the inverse, unscaled.
      for (let k = 0; k < size; k++) {
        const [re, im] = [at(first, 2 * k) / padded, -at(first, 2 * k + 1) / padded];
        const [cos, sin] = [at(chirp, 2 * k), at(chirp, 2 * k + 1)];
        out[2 * k] = re * cos - im * sin;
        out[2 * k + 1] = re * sin + im * cos;
      }
    },
  };
}

function multiply(out: Float64Array, a: Float64Array, b: Float64Array, count: number): void {
  for (let i = 0; i < 2 * count; i += 2) {
    const [re, im] = [at(a, i), at(a, i + 1)];
    const [cos, sin] = [at(b, i), at(b, i + 1)];
    out[i] = re * cos - im * sin;
    out[i + 1] = re * sin + im * cos;
  }
}

function conjugate(input: Float64Array): Float64Array {
  return input.map((value, i) => i % 2 === 0 ? value : -value);
}

/** What is known to be within bounds; `noUncheckedIndexedAccess` cannot know. */
function at(values: Float64Array, index: number): number {
  return values[index] as number;
}
