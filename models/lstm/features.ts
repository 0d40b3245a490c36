/**
 * What the forecaster sees of a series: for each reading a row of features, and the last 24 rows.
 *
 * Training and serving both go through `takeReading`, so neither can see what the other does not.
 * A row depends on its own reading and the 23 before it, never on a later one. Two stretches of a
 * series with the same last 47 readings therefore give the same window: nothing drifts, and a
 * restart needs no more than those.
 */

/** The columns of a row, in order. Hour of day and day of week (UTC) are points on a circle. */
export const FEATURES = [
  "value",
  "hour_sin",
  "hour_cos",
  "weekday_sin",
  "weekday_cos",
  "rolling_mean",
  "rolling_sd",
  "difference",
  "rate_per_hour",
] as const;

/** Readings in a window, and in the rolling mean and standard deviation. */
export const SEQUENCE = 24;

/** Readings that determine a window entirely. */
export const CONTEXT_READINGS = 2 * SEQUENCE - 1;

/** A step this many times the usual one is a gap: nothing is foretold across it. */
const GAP_INTERVALS = 5;
/** After as many readings in a row from before the latest, the clock was set back. */
const LATE_IN_A_ROW_MAX = SEQUENCE;

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const WEEK_DAYS = 7;
/** 1 January 1970 was a Thursday. */
const EPOCH_WEEKDAY = 4;

/** The latest readings of a series, oldest first. Plain JSON, changed in place. */
export interface Window {
  readonly rows: number[][];
  /** Epoch ms of each row. */
  readonly times: number[];
  /** Readings in a row that were not later than the last taken in. */
  late: number;
}

export function emptyWindow(): Window {
  return { rows: [], times: [], late: 0 };
}

/**
 * Takes a reading in; false where it is left out: not a number, or not later than the one before.
 * Repeats and stragglers have no place in a sequence; when nothing but stragglers come, the clock
 * was set back and the window begins anew.
 */
export function takeReading(window: Window, value: number, at: number): boolean {
  if (!Number.isFinite(value) || !Number.isFinite(at)) return false;
  const before = window.times.at(-1);
  if (before !== undefined && at <= before) {
    if (++window.late <= LATE_IN_A_ROW_MAX) return false;
    window.rows.length = 0;
    window.times.length = 0;
  }
  window.late = 0;
  window.rows.push(rowOf(window, value, at));
  window.times.push(at);
  if (window.rows.length > SEQUENCE) {
    window.rows.shift();
    window.times.shift();
  }
  return true;
}

function rowOf({ rows, times }: Window, value: number, at: number): number[] {
  const previous = rows.at(-1)?.[0] ?? value;
  const hours = (at - (times.at(-1) ?? at)) / HOUR_MS;
  const recent = rows.slice(1 - SEQUENCE).map(([earlier = 0]) => earlier);
  recent.push(value);
  const { mean, sd } = spread(recent);
  const difference = value - previous;
  const hour = 2 * Math.PI * ((at / HOUR_MS) % DAY_HOURS) / DAY_HOURS;
  const day = Math.floor(at / HOUR_MS / DAY_HOURS) + EPOCH_WEEKDAY;
  const weekday = 2 * Math.PI * (day % WEEK_DAYS) / WEEK_DAYS;
  return [
    value,
    Math.sin(hour),
    Math.cos(hour),
    Math.sin(weekday),
    Math.cos(weekday),
    mean,
    sd,
    difference,
    hours > 0 ? difference / hours : 0,
  ];
}

/** Mean and population standard deviation, in two passes: values may be large and close together. */
function spread(values: readonly number[]): { mean: number; sd: number } {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, sd: Math.sqrt(squares / values.length) };
}

/**
 * Whether a reading at this moment may be foretold from the window: it is full, without a gap up
 * to that moment, and at about the pace the model knows.
 */
export function canForetell({ times }: Window, at: number, intervalMs: number): boolean {
  const [first] = times;
  if (times.length < SEQUENCE || first === undefined) return false;
  if (at - first < SEQUENCE * intervalMs / GAP_INTERVALS) return false;
  let before = first;
  for (const time of [...times, at]) {
    if (time - before > GAP_INTERVALS * intervalMs) return false;
    before = time;
  }
  return at > (times.at(-1) ?? at);
}
