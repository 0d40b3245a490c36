/**
 * Looks for the parameters of least loss by what earlier trials have shown: a tree-structured
 * Parzen estimator (Bergstra, Bardenet, Bengio and Kégl, "Algorithms for Hyper-Parameter
 * Optimization", 2011).
 *
 * Trials are parted into the good and the others. Of a few parameters drawn around the good ones,
 * those are tried next that are most likely among the good as against among the others.
 */
import type { Uniform } from "./random.ts";

/** Both ends included; `log` where a tenth of it is as far as ten times it. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly whole?: boolean;
  readonly log?: boolean;
}

export type Space<Name extends string> = Readonly<Record<Name, Range>>;
export type Point<Name extends string> = Readonly<Record<Name, number>>;

export interface Trial<Name extends string> {
  readonly point: Point<Name>;
  /** Lower is better; NaN where it failed. */
  readonly loss: number;
}

/** Before this many trials there is nothing to go by. */
const BLIND_TRIALS = 10;
const GOOD_SHARE = 0.2;
const GOOD_MAX = 25;
const CANDIDATES = 24;

/** Tries `trials` points one after the other and returns them all, in the order they were tried. */
export async function search<Name extends string>(
  space: Space<Name>,
  trials: number,
  uniform: Uniform,
  lossOf: (point: Point<Name>, trial: number) => number | Promise<number>,
): Promise<Trial<Name>[]> {
  const tried: Trial<Name>[] = [];
  while (tried.length < trials) {
    const point = suggest(space, tried, uniform);
    tried.push({ point, loss: await lossOf(point, tried.length) });
  }
  return tried;
}

/** Undefined where every trial failed. Of equals the first. */
export function bestOf<Name extends string>(
  trials: readonly Trial<Name>[],
): Trial<Name> | undefined {
  let best: Trial<Name> | undefined;
  for (const trial of trials) if (trial.loss < (best?.loss ?? Infinity)) best = trial;
  return best;
}

/** What to try next. */
export function suggest<Name extends string>(
  space: Space<Name>,
  trials: readonly Trial<Name>[],
  uniform: Uniform,
): Point<Name> {
  const ranked = [...trials].sort((a, b) => rankOf(a) - rankOf(b));
  const good = ranked.slice(0, Math.min(GOOD_MAX, Math.ceil(GOOD_SHARE * ranked.length)));
  const others = ranked.slice(good.length);
  const entries = (Object.entries(space) as [Name, Range][]).map(([name, range]) => {
    if (trials.length < BLIND_TRIALS) return [name, fromUnit(uniform(), range)];
    const placesOf = (some: readonly Trial<Name>[]) =>
      some.map(({ point }) => toUnit(point[name], range));
    return [name, fromUnit(mostPromising(placesOf(good), placesOf(others), uniform), range)];
  });
  return Object.fromEntries(entries);
}

/** A trial that failed is worse than any that did not. */
function rankOf({ loss }: Trial<string>): number {
  return Number.isNaN(loss) ? Number.MAX_VALUE : loss;
}

function mostPromising(
  good: readonly number[],
  others: readonly number[],
  uniform: Uniform,
): number {
  const [likely, unlikely] = [parzen(good), parzen(others)];
  let best = { place: 0.5, promise: -Infinity };
  for (let i = 0; i < CANDIDATES; i++) {
    const place = likely.draw(uniform);
    const promise = Math.log(likely.density(place)) - Math.log(unlikely.density(place));
    if (promise > best.promise) best = { place, promise };
  }
  return best.place;
}

interface Parzen {
  density(place: number): number;
  draw(uniform: Uniform): number;
}

/**
 * A bell around each place, as wide as the farther of its neighbours is away, and one level
 * stretch over [0, 1] beside them, so that nothing is ever ruled out.
 */
function parzen(places: readonly number[]): Parzen {
  const sorted = [...places].sort((a, b) => a - b);
  const narrowest = 1 / Math.min(100, 1 + sorted.length);
  const bells = sorted.map((middle, i) => {
    const below = middle - (sorted[i - 1] ?? 0);
    const above = (sorted[i + 1] ?? 1) - middle;
    return { middle, width: Math.max(narrowest, below, above) };
  });
  return {
    density(place) {
      const sum = bells.reduce((sum, { middle, width }) => {
        const away = (place - middle) / width;
        return sum + Math.exp(-away * away / 2) / (width * Math.sqrt(2 * Math.PI));
      }, 1);
      return sum / (bells.length + 1);
    },
    draw(uniform) {
      const bell = bells[Math.floor(uniform() * (bells.length + 1))];
      if (bell === undefined) return uniform();
      for (;;) {
        // Box and Muller. At least every other draw of a bell within [0, 1] lies within, near enough.
        const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
        const place = bell.middle + bell.width * radius * Math.cos(2 * Math.PI * uniform());
        if (place >= 0 && place <= 1) return place;
      }
    },
  };
}

function toUnit(value: number, { from, to, log = false }: Range): number {
  if (from === to) return 0.5;
  if (log) return Math.log(value / from) / Math.log(to / from);
  return (value - from) / (to - from);
}

function fromUnit(place: number, { from, to, log = false, whole = false }: Range): number {
  // Of whole numbers the ends are as likely as any other.
  const [low, high] = whole ? [from - 0.5, to + 0.5] : [from, to];
  const value = log ? from * (to / from) ** place : low + place * (high - low);
  return Math.min(to, Math.max(from, whole ? Math.round(value) : value));
}
