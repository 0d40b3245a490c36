/**
 * Looks for readings far from the median of the latest ones, measured in their median deviation:
 * the modified z-score of Iglewicz and Hoaglin 1993. Half of the readings may be outliers before
 * it is led astray.
 */
import { alone } from "./alone.ts";
import { ALARM, type Judge, type Judgement, type MemberKind, UNKNOWN } from "./detector.ts";
import { rarityScore } from "./rarity.ts";
import { Ring } from "./ring.ts";
import { Sorted } from "./sorted.ts";
import { Tail, TAIL_SHORT } from "./tail.ts";
import { short, TINY } from "./words.ts";
import type { Layout } from "./workbench.ts";

const LATEST = 240;
const ENOUGH = 30;
/** From a median deviation to the standard deviation of a normal distribution. */
const NORMAL = 1.4826;
/** Beyond so many deviations Iglewicz and Hoaglin speak of an outlier. */
const OUTLIER = 3.5;

class RobustZ implements Judge {
  readonly #latest: Ring;
  readonly #sorted: Sorted;
  readonly #tail: Tail;

  constructor(layout: Layout) {
    const room = Math.min(LATEST, layout.readings);
    this.#latest = new Ring(layout, LATEST);
    this.#sorted = new Sorted(layout.doubles(room, "derived"), layout.integers(1, "derived"));
    this.#tail = new Tail(layout, { capacity: TAIL_SHORT, after: ENOUGH });
  }

  update(value: number): Judgement {
    // Just restored.
    if (this.#sorted.count < this.#latest.count) this.#sorted.fill(this.#latest.values());
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
}

export const robustZ: MemberKind = alone({
  name: "robust-z",
  looksFor: "readings far from the median of the latest ones",
  equip: (layout) => new RobustZ(layout),
});
