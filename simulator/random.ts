/**
 * Chance that can be repeated: the same seed draws the same numbers, on every machine.
 *
 * Every device has a source of its own, named after it, so that adding a device to a fleet changes
 * nothing about the others.
 */

export interface Random {
  /** In [0, 1). */
  uniform(): number;
  between(min: number, max: number): number;
  /** A whole number, both ends included. */
  integer(min: number, max: number): number;
  normal(mean: number, deviation: number): number;
  /** Time until something that happens once in `mean`, on average. */
  waiting(mean: number): number;
  chance(probability: number): boolean;
  pick<const Items extends readonly [unknown, ...unknown[]]>(items: Items): Items[number];
}

export function createRandom(seed: string): Random {
  const uniform = sfc32(seed);

  function between(min: number, max: number): number {
    return min + (max - min) * uniform();
  }

  return {
    uniform,
    between,
    integer: (min, max) => Math.floor(between(min, max + 1)),
    normal(mean, deviation) {
      // Box and Muller; 1 − u keeps the logarithm away from 0.
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return mean + deviation * radius * Math.cos(2 * Math.PI * uniform());
    },
    waiting: (mean) => -mean * Math.log(1 - uniform()),
    chance: (probability) => uniform() < probability,
    pick: (items) => items[Math.floor(uniform() * items.length)],
  };
}

/** Chris Doty-Humphrey's small fast counter generator, 128 bits of state, seeded from text. */
function sfc32(seed: string): () => number {
  let a = hash(seed, 0x9e3779b9);
  let b = hash(seed, 0x85ebca6b);
  let c = hash(seed, 0xc2b2ae35);
  let counter = 1;

  function next(): number {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return (sum >>> 0) / 4294967296;
  }

  // The first numbers still show the seed's shape.
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** FNV-1a with a basis of our own, mixed so that neighbouring seeds end far apart. */
function hash(text: string, basis: number): number {
  let value = basis;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  value = Math.imul(value ^ (value >>> 15), 0x846ca68b);
  return value ^ (value >>> 16);
}
