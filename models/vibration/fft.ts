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

const plans = new Map<number, Plan>();

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
  const kept = plans.get(size);
  if (kept) {
    plans.delete(size);
    plans.set(size, kept);
    return kept;
  }
  const plan = makePlan(size);
  plans.set(size, plan);
  for (const oldest of plans.keys()) {
    if (plans.size <= PLANS_MAX) break;
    plans.delete(oldest);
  }
  return plan;
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
 * part is transformed, and their bins are added with the turn by which the part is late (Cooley and
 * Tukey 1965).
 */
function byParts(size: number, parts: number): Plan {
  const length = size / parts;
  const fft = directly(length);
  const part = new Float64Array(2 * length);
  const bins = new Float64Array(2 * length);
  const turns = new Float64Array(2 * size); // exp(−2πi n/N)
  for (let n = 0; n < size; n++) {
    turns[2 * n] = Math.cos(2 * Math.PI * n / size);
    turns[2 * n + 1] = -Math.sin(2 * Math.PI * n / size);
  }
  return {
    transform(out, input) {
      out.fill(0);
      for (let late = 0; late < parts; late++) {
        for (let n = 0; n < length; n++) {
          const from = 2 * (n * parts + late);
          part[2 * n] = at(input, from);
          part[2 * n + 1] = at(input, from + 1);
        }
        fft.transform(bins, part);
        let turn = 0;
        for (let k = 0; k < size; k++) {
          const bin = k % length;
          const [re, im] = [at(bins, 2 * bin), at(bins, 2 * bin + 1)];
          const [cos, sin] = [at(turns, 2 * turn), at(turns, 2 * turn + 1)];
          out[2 * k] = at(out, 2 * k) + re * cos - im * sin;
          out[2 * k + 1] = at(out, 2 * k + 1) + re * sin + im * cos;
          turn += late;
          if (turn >= size) turn -= size;
        }
      }
    },
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
