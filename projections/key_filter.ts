/**
 * Remembers which keys were added, in a fixed two megabytes: a Bloom filter.
 *
 * It may take a key for one of them that is not (one in two hundred after a million), never the
 * other way round. A rebuild asks it whether a row can be in the new table at all.
 */

const BITS = 2 ** 24;

export interface KeyFilter {
  add(key: string): void;
  mayHold(key: string): boolean;
}

export function createKeyFilter(): KeyFilter {
  const bits = new Uint8Array(BITS / 8);
  return {
    add(key) {
      const step = hash(key, 0x9747b28c);
      let place = hash(key, 0);
      for (let i = 0; i < 3; i++, place += step) {
        const byte = place % BITS >>> 3;
        bits[byte] = (bits[byte] ?? 0) | 1 << (place % 8);
      }
    },
    mayHold(key) {
      const step = hash(key, 0x9747b28c);
      let place = hash(key, 0);
      for (let i = 0; i < 3; i++, place += step) {
        if (((bits[place % BITS >>> 3] ?? 0) & 1 << (place % 8)) === 0) return false;
      }
      return true;
    },
  };
}

/** FNV-1a, its bits stirred at the end: keys of one device differ only in their last digits. */
function hash(key: string, seed: number): number {
  let value = 0x811c9dc5 ^ seed;
  for (let i = 0; i < key.length; i++) {
    value = Math.imul(value ^ key.charCodeAt(i), 0x01000193);
  }
  value = Math.imul(value ^ value >>> 16, 0x85ebca6b);
  value = Math.imul(value ^ value >>> 13, 0xc2b2ae35);
  return (value ^ value >>> 16) >>> 0;
}
