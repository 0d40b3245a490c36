/** The latest values of a series apart from those before: what is now, and what used to be. */
import { Ring } from "./ring.ts";
import type { Layout } from "./workbench.ts";

/** About so many earlier values count. */
const MEMORY = 1000;

/** Where in `#before` it is. */
const COUNT = 0;
const MEAN = 1;
const VARIANCE = 2;

export class Latest {
  readonly #latest: Ring;
  /** Of the values that are no longer among the latest, later ones counting more. */
  readonly #before: Float64Array;

  constructor(layout: Layout, length: number) {
    this.#latest = new Ring(layout, length);
    this.#before = layout.doubles(3);
  }

  push(value: number): void {
    const leaving = this.#latest.push(value);
    if (leaving === undefined) return;
    // West 1979: mean and variance in one pass, with weights.
    const count = Math.min(MEMORY, this.countBefore + 1);
    const difference = leaving - this.meanBefore;
    const mean = this.meanBefore + difference / count;
    const variance = this.#before[VARIANCE] as number;
    this.#before[COUNT] = count;
    this.#before[MEAN] = mean;
    this.#before[VARIANCE] = variance + (difference * (leaving - mean) - variance) / count;
  }

  mean(): number {
    return this.#latest.mean();
  }

  /** Counted up to `MEMORY`. */
  get countBefore(): number {
    return this.#before[COUNT] as number;
  }

  get meanBefore(): number {
    return this.#before[MEAN] as number;
  }

  get deviationBefore(): number {
    return Math.sqrt(this.#before[VARIANCE] as number);
  }
}
