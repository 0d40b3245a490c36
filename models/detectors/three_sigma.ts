/**
 * Looks for readings more than three standard deviations from a mean that is learnt once and then
 * stays: the oldest rule, and the one to beat.
 */
import { momentsOf, scoreOf as deviations } from "../three_sigma.ts";
import { alone } from "./alone.ts";
import {
  ALARM,
  type Judge,
  type Judgement,
  type MemberKind,
  scoreOf,
  UNKNOWN,
} from "./detector.ts";
import { Ring } from "./ring.ts";
import { short } from "./words.ts";
import type { Layout } from "./workbench.ts";

/** Learnt from so many readings, the first. */
const LEARNT = 150;
const THRESHOLD = 3;

/** Where in `#learnt` it is. */
const MEAN = 0;
const SD = 1;

class ThreeSigmaDetector implements Judge {
  readonly #learning: Ring;
  readonly #learnt: Float64Array;

  constructor(layout: Layout) {
    this.#learning = new Ring(layout, LEARNT);
    this.#learnt = layout.doubles(2);
  }

  update(value: number): Judgement {
    if (!this.#learning.isFull) {
      this.#learning.push(value);
      if (this.#learning.isFull) {
        const { mean, sd } = momentsOf(this.#learning.values());
        this.#learnt[MEAN] = mean;
        this.#learnt[SD] = sd;
      }
      return UNKNOWN;
    }
    const mean = this.#learnt[MEAN] as number;
    const sd = this.#learnt[SD] as number;
    if (sd === 0) return UNKNOWN; // Constant: there is nothing to measure a deviation in.
    const size = deviations({ mean, sd, threshold: THRESHOLD, sided: "both" }, value);
    const score = scoreOf(size, THRESHOLD);
    const reason = score < ALARM
      ? ""
      : `${short(value)} is ${
        short(size)
      } standard deviations from the mean of the first ${LEARNT} readings, ${short(mean)}`;
    const reach = THRESHOLD * sd;
    return { score, expected: mean, lower: mean - reach, upper: mean + reach, reason };
  }
}

export const threeSigma: MemberKind = alone({
  name: "three-sigma",
  looksFor: "readings more than three standard deviations from a mean learnt once",
  equip: (layout) => new ThreeSigmaDetector(layout),
});
