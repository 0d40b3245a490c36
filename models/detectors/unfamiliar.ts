/**
 * Looks for stretches of readings unlike any before: patterns that are new, missing or out of step.
 *
 * Two lengths, because what is odd in half a day of readings may be common in a quarter; each
 * distance is ranked among the distances of its own length, and the two ranks are averaged (as
 * logarithms), so that neither alone decides.
 */
import { alone } from "./alone.ts";
import { ALARM, type Judge, type Judgement, type MemberKind, UNKNOWN } from "./detector.ts";
import { type Forecast, Neighbours } from "./neighbours.ts";
import { rarityScore } from "./rarity.ts";
import { Tail, TAIL_LONG } from "./tail.ts";
import { short } from "./words.ts";
import type { Layout } from "./workbench.ts";

/** In readings. The longer stretch says more and so counts more; the shorter one says it sooner. */
const STRETCHES = [{ length: 24, weight: 1 / 3 }, { length: 48, weight: 2 / 3 }] as const;
const LENGTHS = STRETCHES.map(({ length }) => length);
/** What `Neighbours` answers with, made anew by each reading. */
const distances = new Float64Array(LENGTHS.length);

class Unfamiliar implements Judge {
  readonly #neighbours: Neighbours;
  readonly #tails: readonly Tail[];

  constructor(layout: Layout) {
    this.#neighbours = new Neighbours(layout, LENGTHS);
    this.#tails = LENGTHS.map((length) =>
      new Tail(layout, { capacity: TAIL_LONG, after: 2 * length })
    );
  }

  update(value: number): Judgement {
    const forecast = this.#neighbours.forecast(0);
    this.#neighbours.update(value, distances);
    let log = 0;
    for (let index = 0; index < STRETCHES.length; index++) {
      const distance = distances[index] as number;
      const { weight } = STRETCHES[index] as typeof STRETCHES[number];
      const tail = this.#tails[index] as Tail;
      // Not a number while there are too few stretches: the longest are the last to be enough.
      if (!Number.isNaN(distance)) log += weight * Math.log(tail.update(distance));
    }
    if (!forecast || Number.isNaN(distances[STRETCHES.length - 1])) return UNKNOWN;
    const score = rarityScore(Math.exp(log));
    const { expected, lower, upper } = forecast;
    return { score, expected, lower, upper, reason: describe(score, forecast) };
  }
}

function describe(score: number, { lower, upper }: Forecast): string {
  if (score < ALARM) return "";
  return `The latest ${LENGTHS[0]} to ${
    LENGTHS[1]
  } readings are unlike any before: the stretches nearest to them went on with ${short(lower)} to ${
    short(upper)
  }`;
}

export const unfamiliar: MemberKind = alone({
  name: "unfamiliar",
  looksFor: "stretches of readings unlike any before",
  equip: (layout) => new Unfamiliar(layout),
});
