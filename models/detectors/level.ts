/** Looks for a level that has changed: the mean of the latest readings against those before. */
import { ALARM, type Detector, type DetectorKind, type Judgement, UNKNOWN } from "./detector.ts";
import { Latest, type SavedLatest } from "./latest.ts";
import { rarityScore } from "./rarity.ts";
import { type SavedTail, Tail, TAIL_SHORT } from "./tail.ts";
import { short, TINY } from "./words.ts";

const LATEST = 31;

interface Saved {
  readonly latest: SavedLatest;
  readonly tail: SavedTail;
}

export class Level implements Detector {
  readonly #latest: Latest;
  readonly #tail: Tail;

  constructor(saved?: Saved) {
    this.#latest = new Latest(LATEST, saved?.latest);
    this.#tail = new Tail(TAIL_SHORT, saved?.tail);
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

  toJSON(): Saved {
    return { latest: this.#latest.toJSON(), tail: this.#tail.toJSON() };
  }
}

export const level: DetectorKind<Level> = {
  name: "level",
  looksFor: "a level that has changed",
  start: (saved) => new Level(saved as Saved | undefined),
};
