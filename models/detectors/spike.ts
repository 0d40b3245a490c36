/** A rule: a reading far outside of the range in which all those before it lay. */
import {
  ALARM,
  type Detector,
  type DetectorKind,
  type Judgement,
  scoreOf,
  UNKNOWN,
} from "./detector.ts";
import { short } from "./words.ts";

/** As a part of the range. */
const OUTSIDE = 0.25;
const ENOUGH = 100;
/** A range narrows again so slowly: in so many readings to about a third. */
const FORGET_READINGS = 10_000;

interface Saved {
  readonly count: number;
  readonly low: number;
  readonly high: number;
}

export class Spike implements Detector {
  #count: number;
  #low: number;
  #high: number;

  constructor(saved: Saved = { count: 0, low: 0, high: 0 }) {
    this.#count = saved.count;
    this.#low = saved.low;
    this.#high = saved.high;
  }

  update(value: number): Judgement {
    const judgement = this.#judge(value);
    if (this.#count === 0) this.#low = this.#high = value;
    const middle = (this.#low + this.#high) / 2;
    this.#low = Math.min(value, this.#low + (middle - this.#low) / FORGET_READINGS);
    this.#high = Math.max(value, this.#high + (middle - this.#high) / FORGET_READINGS);
    this.#count = Math.min(ENOUGH, this.#count + 1);
    return judgement;
  }

  #judge(value: number): Judgement {
    const range = this.#high - this.#low;
    // A series that never moved has no range to be outside of; see the other detectors.
    if (this.#count < ENOUGH || range === 0) return UNKNOWN;
    const outside = Math.max(0, value - this.#high, this.#low - value);
    const score = scoreOf(outside / range, OUTSIDE);
    const reason = score < ALARM
      ? ""
      : `${short(value)} is far ${
        value > this.#high ? "above" : "below"
      } all readings so far, which lay between ${short(this.#low)} and ${short(this.#high)}`;
    return { score, expected: null, lower: this.#low, upper: this.#high, reason };
  }

  toJSON(): Saved {
    return { count: this.#count, low: this.#low, high: this.#high };
  }
}

export const spike: DetectorKind<Spike> = {
  name: "spike",
  looksFor: "readings far outside of all before",
  start: (saved) => new Spike(saved as Saved | undefined),
};
