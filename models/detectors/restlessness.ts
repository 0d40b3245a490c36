/**
 * Looks for a change of variance: how far the latest readings lie from one another, against those
 * before. Differences of neighbours say it without the level or the season in the way.
 */
import { alone } from "./alone.ts";
import { ALARM, type Judge, type Judgement, type MemberKind, UNKNOWN } from "./detector.ts";
import { Latest } from "./latest.ts";
import { rarityScore } from "./rarity.ts";
import { Tail, TAIL_SHORT } from "./tail.ts";
import { short, TINY } from "./words.ts";
import type { Layout } from "./workbench.ts";

const LATEST = 100;
/** A step of so small a part of the usual one is as good as none: ratios stay finite. */
const FLOOR = 0.1;

/** Where in `#state` it is. */
const SEEN = 0;
const PREVIOUS = 1;

class Restlessness implements Judge {
  readonly #latest: Latest;
  readonly #tail: Tail;
  readonly #state: Float64Array;

  constructor(layout: Layout) {
    this.#latest = new Latest(layout, LATEST);
    this.#tail = new Tail(layout, { capacity: TAIL_SHORT, after: 2 * LATEST });
    this.#state = layout.doubles(2);
  }

  update(value: number): Judgement {
    const isFirst = this.#state[SEEN] === 0;
    const expected = this.#state[PREVIOUS] as number;
    this.#state[SEEN] = 1;
    this.#state[PREVIOUS] = value;
    if (isFirst) return UNKNOWN;
    this.#latest.push(Math.abs(value - expected));
    const { countBefore, meanBefore, deviationBefore } = this.#latest;
    if (countBefore < LATEST) return UNKNOWN;
    const step = this.#latest.mean();
    const floor = FLOOR * meanBefore + TINY;
    const size = Math.abs(Math.log((step + floor) / (meanBefore + floor)));
    const score = rarityScore(this.#tail.update(size));
    const reason = score < ALARM
      ? ""
      : `The readings are ${
        step > meanBefore ? "more" : "less"
      } restless than before: the latest ${LATEST} lie ${short(step)} apart, those before ${
        short(meanBefore)
      }`;
    const reach = meanBefore + 3 * deviationBefore;
    return { score, expected, lower: expected - reach, upper: expected + reach, reason };
  }
}

export const restlessness: MemberKind = alone({
  name: "restlessness",
  looksFor: "a change of variance",
  equip: (layout) => new Restlessness(layout),
});
