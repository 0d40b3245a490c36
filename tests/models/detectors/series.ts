/** Series made for tests: seeded, so that they are the same every time. */
import { Series, Workshop } from "../../../models/detectors/series.ts";
import type { Layout } from "../../../models/detectors/workbench.ts";
import { createRandom } from "../../../simulator/random.ts";

export const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 0, 5); // A Monday.

/** The moment of a reading, five minutes after the one before. */
export function momentOf(row: number): number {
  return START + row * 5 * MINUTE_MS;
}

/** Normal noise around a level. */
export function noise(rows: number, { level = 20, deviation = 1, seed = "noise" } = {}): number[] {
  const random = createRandom(seed);
  return Array.from({ length: rows }, () => random.normal(level, deviation));
}

/** A day's rhythm of 288 readings, with noise. */
export function daily(
  rows: number,
  { height = 10, deviation = 0.5, seed = "daily" } = {},
): number[] {
  return noise(rows, { level: 50, deviation, seed })
    .map((value, row) => value + height * Math.sin((2 * Math.PI * row) / 288));
}

/** A part of a detector, at work on a series of its own. */
export class AtWork<Part> {
  readonly #workshop: Workshop<Part>;
  #series: Series<Part>;

  constructor(equip: (layout: Layout) => Part) {
    this.#workshop = new Workshop(equip);
    this.#series = new Series(this.#workshop);
  }

  /** With its next reading. */
  tell<Result>(work: (part: Part) => Result): Result {
    const result = work(this.#series.layOut());
    this.#series.takeBack();
    return result;
  }

  saveAndRestore(): void {
    this.#series = new Series(this.#workshop, JSON.parse(JSON.stringify(this.#series)));
  }

  toJSON(): unknown {
    return this.#series.toJSON();
  }
}
