/** Numbers in sentences, and the smallest that is worth one. */

/** Four significant digits: `21.53`, `1.2e+7`. */
export function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Added to what is divided by, where it may be 0. */
export const TINY = 1e-9;
