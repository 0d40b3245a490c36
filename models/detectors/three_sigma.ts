/**
 * Looks for readings more than three standard deviations from a mean that is learnt once and then
 * stays: the oldest rule, and the one to beat.
 */
import { momentsOf, scoreOf as deviations } from "../three_sigma.ts";
import {
  ALARM,
  type Detector,
  type DetectorKind,
  type Judgement,
  scoreOf,
  UNKNOWN,
} from "./detector.ts";
import { Ring } from "./ring.ts";
import { short } from "./words.ts";

/** Learnt from so many readings, the first. */
const LEARNT = 150;
const THRESHOLD = 3;

type Saved = { readonly learning: string } | { readonly mean: number; readonly sd: number };

export class ThreeSigmaDetector implements Detector {
  #learning: Ring | undefined;
  #mean = 0;
  #sd = 0;

  constructor(saved?: Saved) {
    if (saved && "mean" in saved) {
      this.#mean = saved.mean;
      this.#sd = saved.sd;
    } else this.#learning = new Ring(LEARNT, saved?.learning);
  }

  update(value: number): Judgement {
    if (this.#learning) {
      this.#learning.push(value);
      if (this.#learning.isFull) {
        const { mean, sd } = momentsOf(this.#learning.values());
        this.#mean = mean;
        this.#sd = sd;
        this.#learning = undefined;
      }
      return UNKNOWN;
    }
    const mean = this.#mean;
    const sd = this.#sd;
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

  toJSON(): Saved {
    if (this.#learning) return { learning: this.#learning.toJSON() };
    return { mean: this.#mean, sd: this.#sd };
  }
}

export const threeSigma: DetectorKind<ThreeSigmaDetector> = {
  name: "three-sigma",
  looksFor: "readings more than three standard deviations from a mean learnt once",
  start: (saved) => new ThreeSigmaDetector(saved as Saved | undefined),
};
