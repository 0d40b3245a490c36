/** Made-up histories to train on. */
import type { Reading } from "../../../models/lstm/samples.ts";

export const MINUTE = 60_000;
export const START = Date.UTC(2026, 0, 5);

/** A wave of two hours and ten minutes (no day is like the last), read every five, with a little seeded noise. */
export function wave(length: number, seed = 1): Reading[] {
  let state = seed;
  return Array.from({ length }, (_, i) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const noise = state / 2 ** 32 - 0.5;
    return {
      value: 20 + 5 * Math.sin(2 * Math.PI * i / 26) + noise / 4,
      at: START + i * 5 * MINUTE,
    };
  });
}
