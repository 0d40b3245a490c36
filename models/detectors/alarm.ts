/**
 * When a run of high scores is one anomaly, and which reading detects it: the first.
 *
 * What happened stays in sight of every detector for as long as its stretch of readings is long,
 * and comes back when the stretch ends. So after a detection there is quiet, and before the next
 * one the scores must once have been low.
 */
import { ALARM } from "./detector.ts";

/** After a detection, in readings. */
const QUIET = 100;
/** A score so low ends what was going on. */
export const CALM = 0.18;

export interface SavedAlarm {
  readonly readingsSince: number;
  readonly calm: boolean;
}

export class Alarm {
  #readingsSince: number;
  #calm: boolean;

  constructor(saved: SavedAlarm = { readingsSince: QUIET, calm: true }) {
    this.#readingsSince = saved.readingsSince;
    this.#calm = saved.calm;
  }

  /** Whether the reading of this score is a detection. */
  update(score: number): boolean {
    this.#readingsSince = Math.min(QUIET, this.#readingsSince + 1);
    if (score < CALM) this.#calm = true;
    if (score < ALARM || !this.#calm || this.#readingsSince < QUIET) return false;
    this.#readingsSince = 0;
    this.#calm = false;
    return true;
  }

  toJSON(): SavedAlarm {
    return { readingsSince: this.#readingsSince, calm: this.#calm };
  }
}
