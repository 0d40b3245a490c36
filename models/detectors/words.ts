/** Numbers in sentences. */

/** Four significant digits: `21.53`, `1.2e+7`. */
export function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
