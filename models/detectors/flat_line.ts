/** A rule: a series that used to move stands still for longer than ever, as a stuck sensor does. */
import { alone } from "./alone.ts";
import {
  ALARM,
  type Judge,
  type Judgement,
  type MemberKind,
  scoreOf,
  UNKNOWN,
} from "./detector.ts";
import { short } from "./words.ts";
import type { Layout } from "./workbench.ts";

/** So many times the longest standstill so far. */
const TIMES = 3;
const READINGS_MIN = 30;
/** A series has to have moved so often before it is known as one that moves. */
const MOVES = 50;

/** Where in `#state` it is. */
const SEEN = 0;
const PREVIOUS = 1;
/** How many readings in a row were equal to the one before. */
const RUN = 2;
const LONGEST = 3;
const MOVED = 4;

class FlatLine implements Judge {
  readonly #state: Float64Array;

  constructor(layout: Layout) {
    this.#state = layout.doubles(5);
  }

  update(value: number): Judgement {
    const state = this.#state;
    if (state[SEEN] === 0) state[SEEN] = 1;
    else if (value === state[PREVIOUS]) state[RUN] = (state[RUN] as number) + 1;
    else {
      state[LONGEST] = Math.max(state[LONGEST] as number, state[RUN] as number);
      state[RUN] = 0;
      state[MOVED] = Math.min(MOVES, (state[MOVED] as number) + 1);
    }
    state[PREVIOUS] = value;
    if ((state[MOVED] as number) < MOVES) return UNKNOWN;
    const run = state[RUN] as number;
    const longest = state[LONGEST] as number;
    const score = scoreOf(run, Math.max(READINGS_MIN, TIMES * longest));
    const reason = score < ALARM
      ? ""
      : `Stands still at ${
        short(value)
      } for ${run} readings, where the longest standstill was ${longest}`;
    return { score, expected: null, lower: null, upper: null, reason };
  }
}

export const flatLine: MemberKind = alone({
  name: "flat-line",
  looksFor: "a standstill longer than any before",
  equip: (layout) => new FlatLine(layout),
});
