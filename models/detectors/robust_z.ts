/**
 * Looks for readings far from the median of the latest ones, measured in their median deviation:
 * the modified z-score of Iglewicz and Hoaglin 1993. Half of the readings may be outliers before
 * it is led astray.
 */
import { ALARM, type Detector, type DetectorKind, type Judgement, UNKNOWN } from "./detector.ts";
import { rarityScore } from "./rarity.ts";
import { Ring } from "./ring.ts";
import { Sorted } from "./sorted.ts";
import { type SavedTail, Tail, TAIL_SHORT } from "./tail.ts";
import { short, TINY } from "./words.ts";

const LATEST = 240;
const ENOUGH = 30;
/** From a median deviation to the standard deviation of a normal distribution. */
const NORMAL = 1.4826;
/** Beyond so many deviations Iglewicz and Hoaglin speak of an outlier. */
const OUTLIER = 3.5;

interface Saved {
  readonly latest: string;
  readonly tail: SavedTail;
}

export class RobustZ implements Detector {
  readonly #latest: Ring;
  readonly #sorted: Sorted;
  readonly #tail: Tail;

  constructor(saved?: Saved) {
    this.#latest = new Ring(LATEST, saved?.latest);
    this.#sorted = new Sorted(this.#latest.values());
    this.#tail = new Tail(TAIL_SHORT, saved?.tail);
  }

  update(value: number): Judgement {
    const judgement = this.#sorted.count < ENOUGH ? UNKNOWN : this.#judge(value);
    const leaving = this.#latest.push(value);
    if (leaving !== undefined) this.#sorted.remove(leaving);
    this.#sorted.add(value);
    return judgement;
  }

  #judge(value: number): Judgement {
    const { median } = this.#sorted;
    const deviation = NORMAL * this.#sorted.medianDeviation();
    const size = Math.abs(value - median) / (deviation + Math.abs(median) * 1e-3 + TINY);
    const score = rarityScore(this.#tail.update(size));
    const reason = score < ALARM
      ? ""
      : `${short(value)} is ${short(size)} deviations from the median of the latest readings, ${
        short(median)
      }`;
    const reach = OUTLIER * deviation;
    return { score, expected: median, lower: median - reach, upper: median + reach, reason };
  }

  toJSON(): Saved {
    return { latest: this.#latest.toJSON(), tail: this.#tail.toJSON() };
  }
}

export const robustZ: DetectorKind<RobustZ> = {
  name: "robust-z",
  looksFor: "readings far from the median of the latest ones",
  start: (saved) => new RobustZ(saved as Saved | undefined),
};
