/**
 * How long a bearing has left, and how likely it is to fail within a week.
 *
 * Wear whose curve can be drawn out to its end is the exception: of the six Pronostia bearings, which
 * were run until they failed, a line through their wear foretold one failure in eight within its
 * interval (docs/decisions/0021). So the time left is told from what such bearings had left at the
 * same growth, as a share of their age: lives that are sped up shrink as a whole, and with them the
 * time from the first sign to the end (accelerated failure time: Nelson, Accelerated Testing, 1990,
 * chapter 2). The logarithm of that share falls with the logarithm of growth, and scatters normally.
 *
 * While a bearing is as it was, nothing but its age speaks: the longer one has run without a sign,
 * the less likely is this week to be its last.
 */
import type { Remaining } from "./trend.ts";

export interface Life {
  /** ln(time left / age) of a bearing in alarm, at normal level, and per logarithm of growth. */
  readonly atNormal: number;
  readonly perLogarithm: number;
  /** Deviation of that, on bearings it was not learned from. */
  readonly spread: number;
  /** Failures of a bearing without a sign, in as much time again as its age. */
  readonly unannounced: number;
}

/**
 * Learned from the six (`learnLife`); the spread is the error on whichever was left out. Six lives,
 * of minutes to hours under loads nobody runs a machine at: this is the best there is at hand, and
 * the interval says how little that is.
 */
export const LIFE: Life = {
  atNormal: 0.32,
  perLogarithm: -3.24,
  spread: 1.45,
  unannounced: 0.25,
};

/** How the method and its numbers are named in what is recorded. */
export const METHOD = "bearing-wear-1";
/** A week: what it takes to get a spare and to stop a machine when that suits. */
export const HORIZON_HOURS = 168;
/** From here on a failure is foretold: as likely as not. */
export const THRESHOLD = 0.5;

const HOUR_MS = 3_600_000;
/** 97.5 % of a normal distribution lie below. */
const TWO_SIDED_95 = 1.96;

/** A bearing in alarm: its age, and the logarithm of its growth. */
export interface Worn {
  readonly ageMs: number;
  readonly above: number;
}

/** Its median, and the interval that holds 95 of 100. */
export function remainingOf({ ageMs, above }: Worn, life: Life): Remaining {
  const expectedMs = ageMs * Math.exp(life.atNormal + life.perLogarithm * above);
  const factor = Math.exp(TWO_SIDED_95 * life.spread);
  return { expectedMs, earliestMs: expectedMs / factor, latestMs: expectedMs * factor };
}

/** Of a failure within the horizon, 0 to 1; `remaining` is null for one without a sign. */
export function failureProbability(
  { ageMs, remaining }: { readonly ageMs: number; readonly remaining: Remaining | null },
  horizonHours = HORIZON_HOURS,
  life = LIFE,
): number {
  const horizonMs = horizonHours * HOUR_MS;
  if (remaining === null) {
    // One that was first heard of an hour ago is not an hour old.
    return 1 - Math.exp(-life.unannounced * horizonMs / Math.max(ageMs, horizonMs));
  }
  const { earliestMs, expectedMs, latestMs } = remaining;
  if (!(expectedMs > 0)) return 1;
  // The interval's width is what says how sure it is.
  const spread = Math.log((latestMs ?? expectedMs ** 2 / earliestMs) / earliestMs) /
    (2 * TWO_SIDED_95);
  return normalShare(Math.log(horizonMs / expectedMs) / spread);
}

/** A moment of a bearing's life in alarm, and how long it went on. */
export interface Lived extends Worn {
  readonly leftMs: number;
}

/**
 * Least squares over bearings' lives, each counting alike however long its alarm lasted; those
 * without an alarm teach nothing. Undefined for less than two.
 */
export function learnLife(
  lives: readonly (readonly Lived[])[],
): Pick<Life, "atNormal" | "perLogarithm" | "spread"> | undefined {
  const told = lives.filter((life) => life.length > 0);
  if (told.length < 2) return undefined;
  const mean = (of: (lived: Lived) => number) =>
    told.reduce(
      (sum, life) => sum + life.reduce((sum, lived) => sum + of(lived), 0) / life.length,
      0,
    ) /
    told.length;
  const share = ({ leftMs, ageMs }: Lived) => Math.log(leftMs / ageMs);
  const x = mean(({ above }) => above);
  const y = mean(share);
  const perLogarithm = mean((lived) => (lived.above - x) * (share(lived) - y)) /
    mean(({ above }) => (above - x) ** 2);
  const atNormal = y - perLogarithm * x;
  const squares = mean((lived) => (share(lived) - atNormal - perLogarithm * lived.above) ** 2);
  return { atNormal, perLogarithm, spread: Math.sqrt(squares) };
}

/** The share of a normal distribution below, to 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26). */
function normalShare(deviations: number): number {
  const x = Math.abs(deviations) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t +
    0.254829592) * t;
  const tail = series * Math.exp(-x * x) / 2;
  return deviations > 0 ? 1 - tail : tail;
}
