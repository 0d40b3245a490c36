/**
 * How rare a score is among the scores its own series has had: the streaming empirical tail
 * probability, which makes scores of any unit and any shape comparable.
 *
 * Scores of neighbouring readings are much alike, so a long history need not be kept whole: when
 * the memory is full every second score is dropped and from then on only every second one kept.
 * At `STRIDE_MAX` it becomes a window over the latest `capacity · STRIDE_MAX` readings.
 */
import { countBelow } from "./inner_loops.wasm";
import { pack32, unpack32 } from "./packing.ts";
import { layScores, SCORES_AT } from "./workbench.ts";

const STRIDE_MAX = 32;

const ROOM_MIN = 32;

/** Scores kept: where the rarest of five hundred has to be told from the rest, and where not. */
export const TAIL_LONG = 512;
export const TAIL_SHORT = 128;

export interface SavedTail {
  readonly kept: string;
  readonly stride: number;
  readonly skipped: number;
}

export class Tail {
  readonly #capacity: number;
  /** In the order in which they came; room for `#count` and more. */
  #kept: Float32Array;
  #count: number;
  #stride: number;
  /** Scores since the last one that was kept. */
  #skipped: number;

  constructor(capacity: number, saved?: SavedTail) {
    this.#capacity = capacity;
    this.#kept = saved ? unpack32(saved.kept) : new Float32Array(0);
    this.#count = this.#kept.length;
    this.#stride = saved?.stride ?? 1;
    this.#skipped = saved?.skipped ?? 0;
  }

  /**
   * The share of scores so far, this one included, that are at least as high: 1 for the lowest,
   * 1 / (n + 1) for the highest of all. This score becomes part of the history.
   */
  update(score: number): number {
    const exact = Math.fround(score); // What is kept has single precision; compare like with like.
    layScores(this.#kept);
    const share = (1 + this.#count - countBelow(SCORES_AT, this.#count, exact)) / (1 + this.#count);
    if (++this.#skipped >= this.#stride) {
      this.#skipped = 0;
      this.#keep(exact);
    }
    return share;
  }

  #keep(score: number): void {
    if (this.#count === this.#capacity) this.#thin();
    if (this.#count === this.#kept.length) {
      const room = Math.min(this.#capacity, Math.max(ROOM_MIN, 2 * this.#count));
      const longer = new Float32Array(room);
      longer.set(this.#kept);
      this.#kept = longer;
    }
    this.#kept[this.#count++] = score;
  }

  /** Makes room for at least one more. */
  #thin(): void {
    const kept = this.#kept;
    if (this.#stride >= STRIDE_MAX) {
      kept.copyWithin(0, 1);
      this.#count--;
      return;
    }
    this.#stride *= 2;
    this.#count >>= 1;
    for (let i = 0; i < this.#count; i++) kept[i] = kept[2 * i + 1] as number;
  }

  toJSON(): SavedTail {
    return {
      kept: pack32(this.#kept.subarray(0, this.#count)),
      stride: this.#stride,
      skipped: this.#skipped,
    };
  }
}
