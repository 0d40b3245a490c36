/** A rule: a reading far outside of the range in which all those before it lay. */
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

/** As a part of the range. */
const OUTSIDE = 0.25;
const ENOUGH = 100;
/** A range narrows again so slowly: in so many readings to about a third. */
const FORGET_READINGS = 10_000;

/** Where in `#state` it is. */
const COUNT = 0;
const LOW = 1;
const HIGH = 2;

class Spike implements Judge {
  readonly #state: Float64Array;

  constructor(layout: Layout) {
    this.#state = layout.doubles(3);
  }

  update(value: number): Judgement {
    const state = this.#state;
    const count = state[COUNT] as number;
    const low = count === 0 ? value : state[LOW] as number;
    const high = count === 0 ? value : state[HIGH] as number;
    const middle = (low + high) / 2;
    state[LOW] = Math.min(value, low + (middle - low) / FORGET_READINGS);
    state[HIGH] = Math.max(value, high + (middle - high) / FORGET_READINGS);
    state[COUNT] = Math.min(ENOUGH, count + 1);
    return count < ENOUGH ? UNKNOWN : judge(value, low, high);
  }
}

function judge(value: number, low: number, high: number): Judgement {
  const range = high - low;
  // A series that never moved has no range to be outside of; see the other detectors.
  if (range === 0) return UNKNOWN;
  const outside = Math.max(0, value - high, low - value);
  const score = scoreOf(outside / range, OUTSIDE);
  const reason = score < ALARM
    ? ""
    : `${short(value)} is far ${
      value > high ? "above" : "below"
    } all readings so far, which lay between ${short(low)} and ${short(high)}`;
  return { score, expected: null, lower: low, upper: high, reason };
}

export const spike: MemberKind = alone({
  name: "spike",
  looksFor: "readings far outside of all before",
  equip: (layout) => new Spike(layout),
});
