/**
 * How far a bearing is from what it was when it was healthy.
 *
 * Its first readings teach what is normal for it: no two machines vibrate alike. From then on a
 * reading's level is the mean of the logarithms of its magnitudes (RMS and peak of each axis) beside
 * that. One zone of ISO 20816 to the next is a growth of about 2.5: by so much a bearing has changed
 * significantly, by twice as many zones it is worn out. What that means for the time it has left is
 * `life.ts`; when it would be worn out if it went on as it does (wear that grows exponentially is a
 * straight line of logarithms, Gebraeel et al. 2005) is `paceOf`, for whoever looks at the curve.
 *
 * Pure: the state is plain JSON of about a kilobyte, for the actor to keep.
 */
import { LIFE, remainingOf } from "./life.ts";
import { type Remaining, timeToThreshold, trendOf } from "./trend.ts";

/** Levels are thousandths of a logarithm, a tenth of a per cent each: short as JSON. */
export interface HealthState {
  /** Epoch ms of the first reading: from then on its age counts. Null before. */
  readonly since: number | null;
  /** From which to learn; after that the latest ones. */
  readonly levels: readonly number[];
  /** Median level while it was healthy; null as long as that is being learned. */
  readonly normal: number | null;
  /** The most the level has been above normal: wear does not heal. */
  readonly worst: number;
  readonly alarm: boolean;
  /** Since when it has been worse than an alarm may rest at; null while it is not. */
  readonly risenAt: number | null;
  /** Seconds of its age, and levels above normal; thinned out as they become many. */
  readonly history: readonly (readonly [age: number, level: number])[];
  /**
   * Of how many readings the history keeps one, and how many have passed since the last: never so
   * few that two levels kept share a reading, or the trend would take them for more than they are.
   */
  readonly stride: number;
  readonly skipped: number;
}

export interface Health {
  /** How many readings must still be heard before anything can be said. */
  readonly toLearn: number;
  /** 0 as learned, 1 worn out; never falls. */
  readonly index: number;
  /** The vibration now beside normal: 2 is twice as much. 1 while learning. */
  readonly growth: number;
  readonly alarm: boolean;
  /** Since when it has clearly been worse than normal, epoch ms; null while it is not. */
  readonly worseSince: number | null;
  readonly ageMs: number;
  /** Until it fails, from this reading on; null while nothing has changed significantly. */
  readonly remaining: Remaining | null;
}

/** Readings that teach what is normal. */
export const LEARNING = 100;
/** The level is the median of so many readings: four of them may be outliers. */
export const LATEST = 10;
const UNIT = 1_000;
const LEVEL_MAX = 50;
const SIGNIFICANT = Math.log(2.5);
const WORN_OUT = 2 * SIGNIFICANT;
/** An alarm is over when the level is clearly below. */
const ALARM_OVER = Math.log(2.5 / 1.5);
/** A machine that vibrates a good deal less than it did stands still: that says nothing of wear. */
const STANDSTILL = -SIGNIFICANT;
const HISTORY_MAX = 48;
const RECENT_MIN = 12;

export const UNKNOWN_HEALTH: HealthState = {
  since: null,
  levels: [],
  normal: null,
  worst: 0,
  alarm: false,
  risenAt: null,
  history: [],
  stride: LATEST,
  skipped: 0,
};

/**
 * The mean of the logarithms.
 * @param magnitudes RMS and peak of every axis: the same ones, in the same units, each time
 * @returns undefined where one is not above 0: a sensor that is off says nothing about wear
 */
export function levelOf(magnitudes: readonly number[]): number | undefined {
  if (magnitudes.length === 0) return undefined;
  let sum = 0;
  for (const magnitude of magnitudes) {
    if (!(magnitude > 0) || !Number.isFinite(magnitude)) return undefined;
    sum += Math.log(magnitude);
  }
  return sum / magnitudes.length;
}

/**
 * After one more reading, not older than the one before (epoch ms).
 * @returns undefined where it says nothing about wear, as of a machine that stands still
 */
export function wearAfter(state: HealthState, at: number, level: number): HealthState | undefined {
  if (!Number.isFinite(level)) return undefined;
  // Nothing vibrates that much, or that little; and what is said of it stays a number.
  const told = Math.round(Math.max(-LEVEL_MAX, Math.min(level, LEVEL_MAX)) * UNIT);
  const since = state.since ?? at;
  const { normal } = state;
  return normal === null
    ? learn({ ...state, since }, told)
    : compare(state, normal, { at, ageMs: at - since, level: told });
}

function learn(state: HealthState, level: number): HealthState {
  const levels = state.levels.concat([level]);
  return levels.length < LEARNING
    ? { ...state, levels }
    : { ...state, levels: levels.slice(-LATEST), normal: medianOf(levels) };
}

function compare(
  state: HealthState,
  normal: number,
  { at, ageMs, level }: { at: number; ageMs: number; level: number },
): HealthState | undefined {
  if (level - normal < STANDSTILL * UNIT) return undefined;
  const levels = [...state.levels, level].slice(-LATEST);
  const above = Math.round(medianOf(levels) - normal);
  return {
    ...state,
    ...remember(state, ageMs, above),
    levels,
    worst: Math.max(state.worst, above),
    alarm: above / UNIT > (state.alarm ? ALARM_OVER : SIGNIFICANT),
    risenAt: above / UNIT > ALARM_OVER ? state.risenAt ?? at : null,
  };
}

/** What a state means as of its latest reading, which was at this moment (epoch ms). */
export function healthOf(state: HealthState, at: number): Health {
  const { since, normal, levels, worst, alarm, risenAt } = state;
  const ageMs = at - (since ?? at);
  const above = normal === null ? 0 : Math.round(medianOf(levels) - normal);
  return {
    toLearn: normal === null ? LEARNING - levels.length : 0,
    index: Math.min(1, worst / UNIT / WORN_OUT),
    growth: Math.exp(above / UNIT),
    alarm,
    worseSince: risenAt,
    ageMs,
    remaining: alarm ? remainingOf({ ageMs, above: above / UNIT }, LIFE) : null,
  };
}

/** When the memory is full every second moment is dropped, and from then on only every second kept. */
function remember(
  { history, stride, skipped }: HealthState,
  ageMs: number,
  above: number,
): Pick<HealthState, "history" | "stride" | "skipped"> {
  if (skipped + 1 < stride) return { history, stride, skipped: skipped + 1 };
  const longer = [...history, [Math.round(ageMs / 1000), above] as const];
  if (longer.length <= HISTORY_MAX) return { history: longer, stride, skipped: 0 };
  return { history: longer.filter((_, i) => i % 2 === 0), stride: stride * 2, skipped: 0 };
}

/**
 * Until worn out, if it goes on as it does; null where nothing grows towards that. From the last third
 * of what is remembered, and now: wear is slow first and fast then.
 */
export function paceOf(state: HealthState, at: number): Remaining | null {
  const { since, normal, levels, history } = state;
  if (normal === null) return null;
  const ageMs = at - (since ?? at);
  const now = medianOf(levels) - normal;
  const recent = history.slice(-Math.max(RECENT_MIN, Math.floor(history.length / 3)));
  const points = recent.map(([age, level]) => ({ at: age * 1000, value: level / UNIT }));
  const trend = trendOf([...points, { at: ageMs, value: now / UNIT }]);
  // Only a slope whose whole interval is upward is growth and not chance.
  if (trend === undefined || (trend.slopeLow <= 0 && trend.latest < WORN_OUT)) return null;
  return timeToThreshold(trend, WORN_OUT) ?? null;
}

/** Of few values: insertion beats a sort that has to be told how. */
function medianOf(values: readonly number[]): number {
  const sorted = values.slice();
  for (let i = 1; i < sorted.length; i++) {
    const value = sorted[i] as number;
    let place = i;
    for (; place > 0 && sorted[place - 1] as number > value; place--) {
      sorted[place] = sorted[place - 1] as number;
    }
    sorted[place] = value;
  }
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle] as number
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
