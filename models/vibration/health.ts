/**
 * How far a bearing is from what it was when it was healthy, and when it will be too far.
 *
 * Its first readings teach what is normal for it: no two machines vibrate alike. From then on a
 * reading's level is the mean of the logarithms of its magnitudes (RMS and peak of each axis) beside
 * that. One zone of ISO 20816 to the next is a growth of about 2.5: by so much a bearing has changed
 * significantly, by twice as many zones it is worn out. Wear grows exponentially, the logarithm
 * straight (Gebraeel et al. 2005): its robust slope says how long that will take.
 *
 * Pure: the state is plain JSON of less than 3 KiB, for the actor to keep.
 */
import { type Remaining, timeToThreshold, trendOf } from "./trend.ts";

export interface HealthState {
  /** Levels from which to learn; after that the latest ones. */
  readonly levels: readonly number[];
  /** Median level while it was healthy; null as long as that is being learned. */
  readonly normal: number | null;
  /** The most the level has been above normal: wear does not heal. */
  readonly worst: number;
  readonly alarm: boolean;
  /** Moments and levels above normal, thinned out as they become many. */
  readonly history: readonly (readonly [at: number, level: number])[];
  /**
   * Of how many readings the history keeps one, and how many have passed since the last: never so
   * few that two levels kept share a reading, or the trend would take them for more than they are.
   */
  readonly stride: number;
  readonly skipped: number;
}

export interface Health {
  readonly state: HealthState;
  readonly isLearning: boolean;
  /** 0 as learned, 1 worn out; never falls. */
  readonly index: number;
  /** The vibration now beside normal: 2 is twice as much. 1 while learning. */
  readonly growth: number;
  readonly alarm: boolean;
  /** Until worn out, from this reading on; null where nothing grows towards it. */
  readonly remaining: Remaining | null;
}

const LEARNING = 100;
/** The level is the median of so many readings: four of them may be outliers. */
const LATEST = 10;
const SIGNIFICANT = Math.log(2.5);
const WORN_OUT = 2 * SIGNIFICANT;
/** An alarm is over when the level is clearly below. */
const ALARM_OVER = Math.log(2.5 / 1.5);
const HISTORY_MAX = 48;
const RECENT_MIN = 12;

export const UNKNOWN_HEALTH: HealthState = {
  levels: [],
  normal: null,
  worst: 0,
  alarm: false,
  history: [],
  stride: LATEST,
  skipped: 0,
};

/**
 * @param magnitudes RMS and peak of every axis: the same ones, in the same units, each time
 * @returns undefined where there is none above 0: a sensor that is off says nothing about wear
 */
export function healthAfter(
  state: HealthState,
  at: number,
  magnitudes: readonly number[],
): Health | undefined {
  const measured = magnitudes.filter((magnitude) => magnitude > 0 && Number.isFinite(magnitude));
  if (measured.length === 0 || measured.length < magnitudes.length) return undefined;
  const level = measured.reduce((sum, magnitude) => sum + Math.log(magnitude), 0) / measured.length;
  return state.normal === null
    ? learn(state, level)
    : compare(state, state.normal, at, round(level));
}

function learn(state: HealthState, level: number): Health {
  const levels = [...state.levels, round(level)];
  const isLearning = levels.length < LEARNING;
  return {
    state: isLearning
      ? { ...state, levels }
      : { ...state, levels: levels.slice(-LATEST), normal: medianOf(levels) },
    isLearning,
    index: 0,
    growth: 1,
    alarm: false,
    remaining: null,
  };
}

function compare(state: HealthState, normal: number, at: number, level: number): Health {
  const levels = [...state.levels, level].slice(-LATEST);
  const above = round(medianOf(levels) - normal);
  const worst = Math.max(state.worst, above);
  const alarm = above > (state.alarm ? ALARM_OVER : SIGNIFICANT);
  const next = { ...state, ...remember(state, at, above), levels, worst, alarm };
  return {
    state: next,
    isLearning: false,
    index: Math.min(1, worst / WORN_OUT),
    growth: Math.exp(above),
    alarm,
    remaining: remainingOf(state.history, at, above),
  };
}

/** When the memory is full every second moment is dropped, and from then on only every second kept. */
function remember(
  { history, stride, skipped }: HealthState,
  at: number,
  above: number,
): Pick<HealthState, "history" | "stride" | "skipped"> {
  if (skipped + 1 < stride) return { history, stride, skipped: skipped + 1 };
  const longer = [...history, [at, above] as const];
  if (longer.length <= HISTORY_MAX) return { history: longer, stride, skipped: 0 };
  return { history: longer.filter((_, i) => i % 2 === 0), stride: stride * 2, skipped: 0 };
}

/**
 * From the last third of what is remembered, and now: wear is slow first and fast then. Bearings
 * that fail within minutes of the first sign are beyond this, and any estimate by extrapolation.
 */
function remainingOf(history: HealthState["history"], at: number, now: number): Remaining | null {
  const recent = history.slice(-Math.max(RECENT_MIN, Math.floor(history.length / 3)));
  const points = recent.map(([at, value]) => ({ at, value }));
  const trend = trendOf([...points, { at, value: now }]);
  // Only a slope whose whole interval is upward is growth and not chance.
  if (trend === undefined || (trend.slopeLow <= 0 && trend.latest < WORN_OUT)) return null;
  return timeToThreshold(trend, WORN_OUT) ?? null;
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle] as number
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** A ten-thousandth of a logarithm is a hundredth of a per cent: the state stays small. */
function round(level: number): number {
  return Math.round(level * 1e4) / 1e4;
}
