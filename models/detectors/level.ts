/** Looks for a level that has changed: the mean of the latest readings against those before. */
import { alone } from "./alone.ts";
import { ALARM, type Judge, type Judgement, type MemberKind, UNKNOWN } from "./detector.ts";
import { Latest } from "./latest.ts";
import { rarityScore } from "./rarity.ts";
import { Tail, TAIL_SHORT } from "./tail.ts";
import { short, TINY } from "./words.ts";
import type { Layout } from "./workbench.ts";

const LATEST = 31;

class Level implements Judge {
  readonly #latest: Latest;
  readonly #tail: Tail;

  constructor(layout: Layout) {
    this.#latest = new Latest(layout, LATEST);
    this.#tail = new Tail(layout, { capacity: TAIL_SHORT, after: 2 * LATEST - 1 });
  }

  update(value: number): Judgement {
    this.#latest.push(value);
    const { countBefore, meanBefore, deviationBefore } = this.#latest;
    if (countBefore < LATEST) return UNKNOWN;
    const mean = this.#latest.mean();
    const size = Math.abs(mean - meanBefore) /
      (deviationBefore + Math.abs(meanBefore) * 1e-3 + TINY);
    const score = rarityScore(this.#tail.update(size));
    const reason = score < ALARM
      ? ""
      : `The level has changed: the latest ${LATEST} readings average ${
        short(mean)
      }, those before ${short(meanBefore)}`;
    return {
      score,
      expected: meanBefore,
      lower: meanBefore - 3 * deviationBefore,
      upper: meanBefore + 3 * deviationBefore,
      reason,
    };
  }
}

export const level: MemberKind = alone({
  name: "level",
  looksFor: "a level that has changed",
  equip: (layout) => new Level(layout),
});
