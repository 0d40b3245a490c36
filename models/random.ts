/** Chance that can be repeated: the same seed draws the same numbers, on every machine. */

/** Numbers in [0, 1): Tommy Ettinger's mulberry32, whose period of 2³² outlasts any training. */
export type Uniform = () => number;

export function seeded(seed: number): Uniform {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` different whole numbers below `total`, ascending. */
export function choose(count: number, total: number, uniform: Uniform): Int32Array {
  const all = Int32Array.from({ length: total }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const other = i + Math.floor(uniform() * (total - i));
    const taken = all[other] as number;
    all[other] = all[i] as number;
    all[i] = taken;
  }
  return all.slice(0, count).sort();
}
