/**
 * Looks for a change of variance: how far the latest readings lie from one another, against those
 * before. Differences of neighbours say it without the level or the season in the way.
 */
import { ALARM, type Detector, type DetectorKind, type Judgement, UNKNOWN } from "./detector.ts";
import { Latest, type SavedLatest } from "./latest.ts";
import { rarityScore } from "./rarity.ts";
import { type SavedTail, Tail, TAIL_SHORT } from "./tail.ts";
import { short, TINY } from "./words.ts";

const LATEST = 100;
/** A step of so small a part of the usual one is as good as none: ratios stay finite. */
const FLOOR = 0.1;

interface Saved {
  readonly latest: SavedLatest;
  readonly tail: SavedTail;
  readonly previous: number | null;
}

export class Restlessness implements Detector {
  readonly #latest: Latest;
  readonly #tail: Tail;
  #previous: number | null;

  constructor(saved?: Saved) {
    this.#latest = new Latest(LATEST, saved?.latest);
    this.#tail = new Tail(TAIL_SHORT, saved?.tail);
    this.#previous = saved?.previous ?? null;
  }

  update(value: number): Judgement {
    const expected = this.#previous;
    this.#previous = value;
    if (expected === null) return UNKNOWN;
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

  toJSON(): Saved {
    return {
      latest: this.#latest.toJSON(),
      tail: this.#tail.toJSON(),
      previous: this.#previous,
    };
  }
}

export const restlessness: DetectorKind<Restlessness> = {
  name: "restlessness",
  looksFor: "a change of variance",
  start: (saved) => new Restlessness(saved as Saved | undefined),
};
