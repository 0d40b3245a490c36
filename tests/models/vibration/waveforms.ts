/** Waveforms whose answers are known on paper. */

export interface Sine {
  readonly hz: number;
  /** Zero to peak. */
  readonly amplitude: number;
  readonly phase?: number;
}

export function sines(
  count: number,
  sampleRateHz: number,
  parts: readonly Sine[],
  constant = 0,
): Float64Array {
  return Float64Array.from({ length: count }, (_, n) =>
    parts.reduce(
      (sum, { hz, amplitude, phase = 0 }) =>
        sum + amplitude * Math.sin(2 * Math.PI * hz * n / sampleRateHz + phase),
      constant,
    ));
}

/** Seeded, normal, variance 1 (Box and Muller 1958 over mulberry32). */
export function noise(count: number, seed: number): Float64Array {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return Float64Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

export interface Impacts {
  /** How often something passes over the defect. */
  readonly hz: number;
  /** What the impacts ring at. */
  readonly resonanceHz: number;
  readonly amplitude: number;
  /** Impacts grow and fade this often: the shaft's turns for a defect that turns with it. */
  readonly modulationHz?: number;
}

/**
 * Ringing that decays within a few milliseconds, begun anew at every impact. Rolling elements slip:
 * each impact is early or late by about a hundredth of the time between two.
 */
export function impacts(count: number, sampleRateHz: number, given: Impacts): Float64Array {
  const out = new Float64Array(count);
  const decay = 800; // per second
  const slips = noise(Math.ceil(count / sampleRateHz * given.hz) + 2, 77);
  for (let i = 0;; i++) {
    const at = Math.max(0, i + 0.01 * (slips[i] ?? 0)) / given.hz;
    const first = Math.ceil(at * sampleRateHz);
    if (first >= count) return out;
    const strength = given.amplitude *
      (given.modulationHz === undefined
        ? 1
        : (1 + Math.cos(2 * Math.PI * given.modulationHz * at)) / 2);
    for (let n = first; n < Math.min(count, first + 0.01 * sampleRateHz); n++) {
      const since = n / sampleRateHz - at;
      out[n] = (out[n] as number) +
        strength * Math.exp(-decay * since) * Math.sin(2 * Math.PI * given.resonanceHz * since);
    }
  }
}

export function add(...parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(
    parts[0] ?? [],
    (_, n) => parts.reduce((sum, part) => sum + (part[n] ?? 0), 0),
  );
}
