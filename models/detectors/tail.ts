/**
 * How rare a score is among the scores its own series has had: the streaming empirical tail
 * probability, which makes scores of any unit and any shape comparable.
 *
 * Scores of neighbouring readings are much alike, so a long history need not be kept whole: when
 * the memory is full every second score is dropped and from then on only every second one kept.
 * At `STRIDE_MAX` it becomes a window over the latest `capacity · STRIDE_MAX` readings.
 */
import { countBelow } from "./inner_loops.wasm";
import type { Layout } from "./workbench.ts";

/** In doublings. */
const STRIDE_MAX = 5;

/** Scores kept: where the rarest of five hundred has to be told from the rest, and where not. */
export const TAIL_LONG = 512;
export const TAIL_SHORT = 128;

export interface TailOptions {
  /** Scores kept. */
  readonly capacity: number;
  /** So many readings of a series come before it has a score. */
  readonly after: number;
}

/** Where in `#state` it is. */
const COUNT = 0;
/** How often the stride has doubled. */
const DOUBLINGS = 1;
/** Scores since the last one that was kept. */
const SKIPPED = 2;

export class Tail {
  readonly #capacity: number;
  /** In the order in which they came. */
  readonly #kept: Float32Array;
  /** Where that is, for the inner loop. */
  readonly #keptAt: number;
  readonly #state: Int32Array;

  constructor(layout: Layout, { capacity, after }: TailOptions) {
    this.#capacity = capacity;
    this.#kept = layout.singles(Math.max(0, Math.min(capacity, layout.readings - after)));
    this.#keptAt = this.#kept.byteOffset;
    this.#state = layout.integers(3);
  }

  /**
   * The share of scores so far, this one included, that are at least as high: 1 for the lowest,
   * 1 / (n + 1) for the highest of all. This score becomes part of the history.
   */
  update(score: number): number {
    const exact = Math.fround(score); // What is kept has single precision; compare like with like.
    const state = this.#state;
    const count = state[COUNT] as number;
    const share = (1 + count - countBelow(this.#keptAt, count, exact)) / (1 + count);
    const skipped = (state[SKIPPED] as number) + 1;
    if (skipped >> (state[DOUBLINGS] as number) > 0) {
      state[SKIPPED] = 0;
      this.#keep(exact);
    } else state[SKIPPED] = skipped;
    return share;
  }

  #keep(score: number): void {
    if (this.#state[COUNT] === this.#capacity) this.#thin();
    const count = this.#state[COUNT] as number;
    this.#kept[count] = score;
    this.#state[COUNT] = count + 1;
  }

  /** Makes room for at least one more. */
  #thin(): void {
    const kept = this.#kept;
    const doublings = this.#state[DOUBLINGS] as number;
    if (doublings === STRIDE_MAX) {
      kept.copyWithin(0, 1);
      this.#state[COUNT] = this.#capacity - 1;
      return;
    }
    const half = this.#capacity >> 1;
    this.#state[DOUBLINGS] = doublings + 1;
    this.#state[COUNT] = half;
    for (let i = 0; i < half; i++) kept[i] = kept[2 * i + 1] as number;
  }
}
