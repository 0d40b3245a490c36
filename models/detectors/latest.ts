/** The latest values of a series apart from those before: what is now, and what used to be. */
import { Ring } from "./ring.ts";

/** About so many earlier values count. */
const MEMORY = 1000;

export interface SavedLatest {
  readonly latest: string;
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

export class Latest {
  readonly #latest: Ring;
  /** Of the values that are no longer among the latest, later ones counting more. */
  #count: number;
  #mean: number;
  #variance: number;

  constructor(length: number, saved?: SavedLatest) {
    this.#latest = new Ring(length, saved?.latest);
    this.#count = saved?.count ?? 0;
    this.#mean = saved?.mean ?? 0;
    this.#variance = saved?.variance ?? 0;
  }

  push(value: number): void {
    const leaving = this.#latest.push(value);
    if (leaving === undefined) return;
    // West 1979: mean and variance in one pass, with weights.
    this.#count = Math.min(MEMORY, this.#count + 1);
    const difference = leaving - this.#mean;
    this.#mean += difference / this.#count;
    this.#variance += (difference * (leaving - this.#mean) - this.#variance) / this.#count;
  }

  mean(): number {
    return this.#latest.mean();
  }

  /** Counted up to `MEMORY`. */
  get countBefore(): number {
    return this.#count;
  }

  get meanBefore(): number {
    return this.#mean;
  }

  get deviationBefore(): number {
    return Math.sqrt(this.#variance);
  }

  toJSON(): SavedLatest {
    return {
      latest: this.#latest.toJSON(),
      count: this.#count,
      mean: this.#mean,
      variance: this.#variance,
    };
  }
}
