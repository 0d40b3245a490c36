/**
 * Which of many high scores is a detection: the first of what belongs together, and the fewer the
 * more there were lately.
 *
 * What happened stays in sight of a detector for as long as its stretch of readings is long, so
 * before the next detection there is quiet, and the scores must once have been low. And a series
 * that has just given several alarms has to show more to give another one: else every wild series
 * would drown the others.
 */
import { ALARM, ratioOf } from "./detector.ts";
import { CALM } from "./rarity.ts";

/** Detectors are learning: no alarm before. */
const LEARNING_READINGS = 150;
const QUIET_READINGS = 48;
/** An alarm counts for a third after so many readings. */
const FORGET_READINGS = 300;
/** Right after an alarm the next one has to be so many times more remarkable, beyond once. */
const RESTRAINT = 2;
/**
 * A rank says how often, not how gravely: what is rare comes as often in the third year as in the
 * first week. From so many readings on, up to so many, an alarm takes more, by this power.
 */
const SEASONED_READINGS = 4_000;
const SEASONED_READINGS_MAX = 16_000;
const SEASONED_POWER = 0.35;

export interface SavedAlarm {
  /** Readings so far, as far as it matters. */
  readonly readings: number;
  /** Detections of late, each fading. */
  readonly recent: number;
  readonly quiet: number;
  readonly calm: boolean;
}

export class Alarm {
  #readings: number;
  #recent: number;
  /** Readings of quiet that are left. */
  #quiet: number;
  #calm: boolean;

  constructor(saved: SavedAlarm = { readings: 0, recent: 0, quiet: 0, calm: true }) {
    this.#readings = saved.readings;
    this.#recent = saved.recent;
    this.#quiet = saved.quiet;
    this.#calm = saved.calm;
  }

  /** Whether the reading of this score is a detection. */
  update(score: number): boolean {
    this.#readings = Math.min(SEASONED_READINGS_MAX, this.#readings + 1);
    this.#recent *= 1 - 1 / FORGET_READINGS;
    if (score < CALM) this.#calm = true;
    if (this.#quiet > 0) {
      this.#quiet--;
      return false;
    }
    if (score < ALARM || !this.#calm || this.#readings < LEARNING_READINGS) return false;
    if (ratioOf(score) < this.#bar()) return false;
    this.#recent++;
    this.#quiet = QUIET_READINGS;
    this.#calm = false;
    return true;
  }

  /** How many times the limit it takes. */
  #bar(): number {
    const seasoned = Math.max(1, this.#readings / SEASONED_READINGS) ** SEASONED_POWER;
    return seasoned * (1 + RESTRAINT * this.#recent);
  }

  toJSON(): SavedAlarm {
    return {
      readings: this.#readings,
      recent: this.#recent,
      quiet: this.#quiet,
      calm: this.#calm,
    };
  }
}
