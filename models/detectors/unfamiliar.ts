/**
 * Looks for stretches of readings unlike any before: patterns that are new, missing or out of step.
 *
 * Two lengths, because what is odd in half a day of readings may be common in a quarter; each
 * distance is ranked among the distances of its own length, and the two ranks are averaged (as
 * logarithms), so that neither alone decides.
 */
import { ALARM, type Detector, type DetectorKind, type Judgement, UNKNOWN } from "./detector.ts";
import { type Forecast, Neighbours, type SavedNeighbours } from "./neighbours.ts";
import { rarityScore } from "./rarity.ts";
import { type SavedTail, Tail } from "./tail.ts";
import { short } from "./words.ts";

/** In readings. */
const LENGTHS = [31, 48] as const;

interface Saved {
  readonly neighbours: SavedNeighbours;
  readonly tails: readonly SavedTail[];
}

export class Unfamiliar implements Detector {
  readonly #neighbours: Neighbours;
  readonly #tails: readonly Tail[];

  constructor(saved?: Saved) {
    this.#neighbours = new Neighbours(LENGTHS, saved?.neighbours);
    this.#tails = LENGTHS.map((_, index) => new Tail(saved?.tails[index]));
  }

  update(value: number): Judgement {
    const forecast = this.#neighbours.forecast(0);
    const distances = this.#neighbours.update(value);
    let logs = 0;
    for (const [index, tail] of this.#tails.entries()) {
      const distance = distances[index] as number;
      logs += Number.isNaN(distance) ? 0 : Math.log(tail.update(distance));
    }
    if (!forecast) return UNKNOWN;
    const rarity = Math.exp(logs / LENGTHS.length);
    const score = rarityScore(rarity);
    return { score, ...forecast, reason: describe(score, forecast) };
  }

  toJSON(): Saved {
    return { neighbours: this.#neighbours.toJSON(), tails: this.#tails.map((t) => t.toJSON()) };
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

export const unfamiliar: DetectorKind<Unfamiliar> = {
  name: "unfamiliar",
  looksFor: "stretches of readings unlike any before",
  start: (saved) => new Unfamiliar(saved as Saved | undefined),
};
