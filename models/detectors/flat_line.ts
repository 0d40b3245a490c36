/** A rule: a series that used to move stands still for longer than ever, as a stuck sensor does. */
import {
  ALARM,
  type Detector,
  type DetectorKind,
  type Judgement,
  scoreOf,
  UNKNOWN,
} from "./detector.ts";
import { short } from "./words.ts";

/** So many times the longest standstill so far. */
const TIMES = 3;
const READINGS_MIN = 30;
/** A series has to have moved so often before it is known as one that moves. */
const MOVES = 50;

interface Saved {
  readonly previous: number | null;
  readonly run: number;
  readonly longest: number;
  readonly moves: number;
}

export class FlatLine implements Detector {
  #previous: number | null;
  /** How many readings in a row were equal to the one before. */
  #run: number;
  #longest: number;
  #moves: number;

  constructor(saved: Saved = { previous: null, run: 0, longest: 0, moves: 0 }) {
    this.#previous = saved.previous;
    this.#run = saved.run;
    this.#longest = saved.longest;
    this.#moves = saved.moves;
  }

  update(value: number): Judgement {
    if (value === this.#previous) this.#run++;
    else {
      this.#longest = Math.max(this.#longest, this.#run);
      this.#run = 0;
      if (this.#previous !== null) this.#moves = Math.min(MOVES, this.#moves + 1);
    }
    this.#previous = value;
    if (this.#moves < MOVES) return UNKNOWN;
    const score = scoreOf(this.#run, Math.max(READINGS_MIN, TIMES * this.#longest));
    const reason = score < ALARM
      ? ""
      : `Stands still at ${
        short(value)
      } for ${this.#run} readings, where the longest standstill was ${this.#longest}`;
    return { score, expected: null, lower: null, upper: null, reason };
  }

  toJSON(): Saved {
    return {
      previous: this.#previous,
      run: this.#run,
      longest: this.#longest,
      moves: this.#moves,
    };
  }
}

export const flatLine: DetectorKind<FlatLine> = {
  name: "flat-line",
  looksFor: "a standstill longer than any before",
  start: (saved) => new FlatLine(saved as Saved | undefined),
};
