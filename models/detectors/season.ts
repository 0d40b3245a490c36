/**
 * Looks for readings that are not as they usually are at this hour of the day or of the week, in
 * series that have such hours.
 *
 * Two profiles are learnt, and how well each foretells is measured against the plain mean of the
 * latest readings. Where neither does it far better the series shows no season, and this
 * detector has no opinion.
 */
import { ALARM, type Detector, type DetectorKind, type Judgement, UNKNOWN } from "./detector.ts";
import { pack64, unpack64 } from "./packing.ts";
import { rarityScore } from "./rarity.ts";
import { type SavedTail, Tail, TAIL_SHORT } from "./tail.ts";
import { short, TINY } from "./words.ts";

const HOUR_MS = 3_600_000;
const PROFILES = [
  { hours: 24, name: "hour of the day", pace: 0.1 },
  { hours: 168, name: "hour of the week", pace: 0.3 },
] as const;
/** The plain mean that a season has to be better than, and for how long errors count. */
const MEAN_READINGS = 300;
const ERROR_READINGS = 500;
/** A profile's errors have to be below this part of the mean's: a faint rhythm is no rule. */
const FAR_BETTER = 0.4;
/** A single reading is no change of habit: errors are averaged over so many. */
const SMOOTH_READINGS = 31;

interface Saved {
  readonly profiles: readonly string[];
  readonly errors: readonly number[];
  readonly mean: number;
  readonly count: number;
  readonly smooth: number;
  readonly tail: SavedTail;
}

export class Season implements Detector {
  /** Per profile what each hour usually brings; NaN for one that never came. */
  readonly #profiles: readonly Float64Array[];
  /** Mean absolute errors of the profiles, and last of the mean. */
  readonly #errors: number[];
  #mean: number;
  #count: number;
  #smooth: number;
  readonly #tail: Tail;

  constructor(saved?: Saved) {
    this.#profiles = PROFILES.map(({ hours }, i) =>
      saved ? unpack64(saved.profiles[i] ?? "") : new Float64Array(hours).fill(NaN)
    );
    this.#errors = [...saved?.errors ?? [0, 0, 0]];
    this.#mean = saved?.mean ?? 0;
    this.#count = saved?.count ?? 0;
    this.#smooth = saved?.smooth ?? 0;
    this.#tail = new Tail(TAIL_SHORT, saved?.tail);
  }

  update(value: number, at: number): Judgement {
    const hour = Math.floor(at / HOUR_MS);
    const ofDay = this.#usual(0, hour);
    const ofWeek = this.#usual(1, hour);
    const judgement = this.#judge(value, ofDay, ofWeek);
    this.#learn(value, hour, ofDay, ofWeek);
    return judgement;
  }

  #usual(profile: 0 | 1, hour: number): number {
    return this.#profiles[profile]?.[modulo(hour, PROFILES[profile].hours)] as number;
  }

  #judge(value: number, ofDay: number, ofWeek: number): Judgement {
    const [day = 0, week = 0, mean = 0] = this.#errors;
    const chosen = week < day && !Number.isNaN(ofWeek) ? 1 : 0;
    const expected = chosen === 1 ? ofWeek : ofDay;
    const error = chosen === 1 ? week : day;
    if (Number.isNaN(expected) || this.#count < ERROR_READINGS || error >= FAR_BETTER * mean) {
      return UNKNOWN;
    }
    const size = Math.abs(value - expected) / (error + TINY);
    this.#smooth += (size - this.#smooth) / SMOOTH_READINGS;
    const score = rarityScore(this.#tail.update(this.#smooth));
    const reason = score < ALARM
      ? ""
      : `Not as usual at this ${PROFILES[chosen].name}: ${short(value)} where it is about ${
        short(expected)
      }`;
    return { score, expected, lower: expected - 3 * error, upper: expected + 3 * error, reason };
  }

  #learn(value: number, hour: number, ofDay: number, ofWeek: number): void {
    this.#count++;
    const weight = 1 / Math.min(this.#count, ERROR_READINGS);
    this.#learnError(0, value, ofDay, weight);
    this.#learnError(1, value, ofWeek, weight);
    this.#learnError(2, value, this.#mean, weight);
    this.#mean += (value - this.#mean) / Math.min(this.#count, MEAN_READINGS);
    this.#learnUsual(0, hour, value, ofDay);
    this.#learnUsual(1, hour, value, ofWeek);
  }

  #learnError(index: number, value: number, guess: number, weight: number): void {
    // A profile that has nothing to say about an hour is no better than the mean there.
    const error = Math.abs(value - (Number.isNaN(guess) ? this.#mean : guess));
    this.#errors[index] = (this.#errors[index] as number) * (1 - weight) + error * weight;
  }

  #learnUsual(index: 0 | 1, hour: number, value: number, guess: number): void {
    const { hours, pace } = PROFILES[index];
    const profile = this.#profiles[index] as Float64Array;
    profile[modulo(hour, hours)] = Number.isNaN(guess) ? value : guess + pace * (value - guess);
  }

  toJSON(): Saved {
    return {
      profiles: this.#profiles.map(pack64),
      errors: this.#errors,
      mean: this.#mean,
      count: this.#count,
      smooth: this.#smooth,
      tail: this.#tail.toJSON(),
    };
  }
}

/** Also for moments before 1970. */
function modulo(number: number, by: number): number {
  return ((number % by) + by) % by;
}

export const season: DetectorKind<Season> = {
  name: "season",
  looksFor: "readings unusual for the hour of the day or week",
  start: (saved) => new Season(saved as Saved | undefined),
};
