/**
 * Looks for readings that are not as they usually are at this hour of the day or of the week, in
 * series that have such hours.
 *
 * Two profiles are learnt, and how well each foretells is measured against the plain mean of the
 * latest readings. Where neither does it far better the series shows no season, and this
 * detector has no opinion.
 */
import { alone } from "./alone.ts";
import { ALARM, type Judge, type Judgement, type MemberKind, UNKNOWN } from "./detector.ts";
import { type Cycle, Profile } from "./profile.ts";
import { rarityScore } from "./rarity.ts";
import { Tail, TAIL_SHORT } from "./tail.ts";
import { short, TINY } from "./words.ts";
import type { Layout } from "./workbench.ts";

const HOUR_MS = 3_600_000;
const DAYS: Cycle = { hours: 24, pace: 0.1 };
const WEEKS: Cycle = { hours: 168, pace: 0.3 };
/** The plain mean that a season has to be better than, and for how long errors count. */
const MEAN_READINGS = 300;
const ERROR_READINGS = 500;
/** A profile's errors have to be below this part of the mean's: a faint rhythm is no rule. */
const FAR_BETTER = 0.4;
/** A single reading is no change of habit: errors are averaged over so many. */
const SMOOTH_READINGS = 31;

/** Where in `#state` it is. The mean absolute errors of what is expected: */
const DAY = 0;
const WEEK = 1;
const PLAIN = 2;
/** Of the latest readings. */
const MEAN = 3;
const COUNT = 4;
const SMOOTH = 5;

class Season implements Judge {
  readonly #day: Profile;
  readonly #week: Profile;
  readonly #state: Float64Array;
  readonly #tail: Tail;

  constructor(layout: Layout) {
    this.#day = new Profile(layout, DAYS);
    this.#week = new Profile(layout, WEEKS);
    this.#state = layout.doubles(6);
    this.#tail = new Tail(layout, { capacity: TAIL_SHORT, after: ERROR_READINGS });
  }

  update(value: number, at: number): Judgement {
    const hourOfWeek = modulo(Math.floor(at / HOUR_MS), WEEKS.hours);
    const hourOfDay = hourOfWeek % DAYS.hours; // A week is so many whole days.
    const ofDay = this.#day.usual(hourOfDay);
    const ofWeek = this.#week.usual(hourOfWeek);
    const judgement = this.#judge(value, ofDay, ofWeek);
    this.#learn(value, ofDay, ofWeek);
    this.#day.learn(hourOfDay, value);
    this.#week.learn(hourOfWeek, value);
    return judgement;
  }

  #judge(value: number, ofDay: number, ofWeek: number): Judgement {
    const state = this.#state;
    if ((state[COUNT] as number) < ERROR_READINGS) return UNKNOWN;
    const isWeekly = (state[WEEK] as number) < (state[DAY] as number) && !Number.isNaN(ofWeek);
    const expected = isWeekly ? ofWeek : ofDay;
    const error = state[isWeekly ? WEEK : DAY] as number;
    if (Number.isNaN(expected) || error >= FAR_BETTER * (state[PLAIN] as number)) return UNKNOWN;
    const size = Math.abs(value - expected) / (error + TINY);
    const smooth = (state[SMOOTH] as number) + (size - (state[SMOOTH] as number)) / SMOOTH_READINGS;
    state[SMOOTH] = smooth;
    const score = rarityScore(this.#tail.update(smooth));
    const reason = score < ALARM
      ? ""
      : `Not as usual at this hour of the ${isWeekly ? "week" : "day"}: ${
        short(value)
      } where it is about ${short(expected)}`;
    return { score, expected, lower: expected - 3 * error, upper: expected + 3 * error, reason };
  }

  #learn(value: number, ofDay: number, ofWeek: number): void {
    const state = this.#state;
    const mean = state[MEAN] as number;
    const count = (state[COUNT] as number) + 1;
    const weight = 1 / Math.min(count, ERROR_READINGS);
    // A profile that has nothing to say about an hour is no better than the mean there.
    this.#learnError(DAY, value - (Number.isNaN(ofDay) ? mean : ofDay), weight);
    this.#learnError(WEEK, value - (Number.isNaN(ofWeek) ? mean : ofWeek), weight);
    this.#learnError(PLAIN, value - mean, weight);
    state[COUNT] = count;
    state[MEAN] = mean + (value - mean) / Math.min(count, MEAN_READINGS);
  }

  #learnError(index: number, error: number, weight: number): void {
    this.#state[index] = (this.#state[index] as number) * (1 - weight) + Math.abs(error) * weight;
  }
}

/** Also for moments before 1970. */
function modulo(number: number, by: number): number {
  return ((number % by) + by) % by;
}

export const season: MemberKind = alone({
  name: "season",
  looksFor: "readings unusual for the hour of the day or week",
  equip: (layout) => new Season(layout),
});
