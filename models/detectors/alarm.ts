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

/** Where in `#state` it is. Readings so far, as far as it matters. */
const READINGS = 0;
/** Detections of late, each fading. */
const RECENT = 1;
/** Readings of quiet that are left. */
const QUIET = 2;
/** Whether scores have not been low since the last detection. */
const UNCALM = 3;

export class Alarm {
  static readonly STATE_LENGTH = 4;
  readonly #state: Float64Array;

  /** `state` is all of it, zeroes to begin with. */
  constructor(state: Float64Array = new Float64Array(Alarm.STATE_LENGTH)) {
    this.#state = state;
  }

  /** Whether the reading of this score is a detection. */
  update(score: number): boolean {
    const state = this.#state;
    const readings = Math.min(SEASONED_READINGS_MAX, (state[READINGS] as number) + 1);
    const recent = (state[RECENT] as number) * (1 - 1 / FORGET_READINGS);
    state[READINGS] = readings;
    state[RECENT] = recent;
    if (score < CALM) state[UNCALM] = 0;
    const quiet = state[QUIET] as number;
    if (quiet > 0) {
      state[QUIET] = quiet - 1;
      return false;
    }
    if (score < ALARM || state[UNCALM] !== 0 || readings < LEARNING_READINGS) return false;
    if (ratioOf(score) < barAfter(readings, recent)) return false;
    state[RECENT] = recent + 1;
    state[QUIET] = QUIET_READINGS;
    state[UNCALM] = 1;
    return true;
  }
}

/** How many times the limit it takes. */
function barAfter(readings: number, recent: number): number {
  const seasoned = Math.max(1, readings / SEASONED_READINGS) ** SEASONED_POWER;
  return seasoned * (1 + RESTRAINT * recent);
}
