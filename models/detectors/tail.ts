/**
 * How rare a score is among the scores its own series has had: the streaming empirical tail
 * probability, which makes scores of any unit and any shape comparable.
 *
 * Scores of neighbouring readings are much alike, so a long history need not be kept whole: when
 * the memory is full every second score is dropped and from then on only every second one kept.
 * After `STRIDE_MAX` it is a window of the latest `KEPT_MAX · STRIDE_MAX` readings.
 */
import { pack, unpack } from "./packing.ts";

const KEPT_MAX = 512;
const STRIDE_MAX = 32;

export interface SavedTail {
  readonly kept: string;
  readonly stride: number;
  readonly skipped: number;
}

export class Tail {
  /** In the order in which they came. */
  #kept: number[];
  /** The same scores, ascending. */
  #sorted: number[];
  #stride: number;
  /** Scores since the last one that was kept. */
  #skipped: number;

  constructor(saved?: SavedTail) {
    this.#kept = saved ? [...unpack(saved.kept)] : [];
    this.#sorted = this.#kept.toSorted((a, b) => a - b);
    this.#stride = saved?.stride ?? 1;
    this.#skipped = saved?.skipped ?? 0;
  }

  /**
   * The share of scores so far, this one included, that are at least as high: 1 for an ordinary
   * one, 1 / (n + 1) for the highest of all. This score becomes part of the history.
   */
  update(score: number): number {
    const exact = Math.fround(score); // What is kept has single precision; compare like with like.
    const at = firstNotBelow(this.#sorted, exact);
    const share = (1 + this.#sorted.length - at) / (1 + this.#sorted.length);
    if (++this.#skipped >= this.#stride) {
      this.#skipped = 0;
      this.#keep(exact);
    }
    return share;
  }

  #keep(score: number): void {
    if (this.#kept.length === KEPT_MAX) this.#makeRoom();
    this.#kept.push(score);
    this.#sorted.splice(firstNotBelow(this.#sorted, score), 0, score);
  }

  #makeRoom(): void {
    if (this.#stride < STRIDE_MAX) {
      this.#stride *= 2;
      this.#kept = this.#kept.filter((_, i) => i % 2 === 1);
      this.#sorted = this.#kept.toSorted((a, b) => a - b);
    } else {
      const oldest = this.#kept.shift() as number;
      this.#sorted.splice(firstNotBelow(this.#sorted, oldest), 1);
    }
  }

  toJSON(): SavedTail {
    return {
      kept: pack(Float32Array.from(this.#kept)),
      stride: this.#stride,
      skipped: this.#skipped,
    };
  }
}

/** Index of the first that is not below this; all of them ascend. */
function firstNotBelow(sorted: readonly number[], score: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < score) low = middle + 1;
    else high = middle;
  }
  return low;
}
