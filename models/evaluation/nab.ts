/**
 * The score of the Numenta Anomaly Benchmark, from detections and labelled windows.
 *
 * Lavin and Ahmad 2015, "Evaluating Real-time Anomaly Detection Algorithms", section 3, as the
 * benchmark's own scorer computes it: within a window the earliest detection counts, the more the
 * earlier; every detected row outside costs, a little right after a window and all of it later.
 */

/** Rows of a window, both ends inclusive. */
export interface Window {
  readonly first: number;
  readonly last: number;
}

export interface Profile {
  readonly hit: number;
  readonly miss: number;
  readonly falseAlarm: number;
}

export const STANDARD: Profile = { hit: 1, miss: 1, falseAlarm: 0.11 };

/** What one file, or several together, came to. */
export interface Tally {
  /** Weighted hits less misses and false alarms. */
  readonly raw: number;
  readonly windows: number;
  readonly windowsHit: number;
  /** Detected rows outside of windows. */
  readonly falseRows: number;
  /** The same, those no more than `EPISODE_GAP_ROWS` apart counted as one. */
  readonly falseEpisodes: number;
}

export const NOTHING: Tally = {
  raw: 0,
  windows: 0,
  windowsHit: 0,
  falseRows: 0,
  falseEpisodes: 0,
};

const EPISODE_GAP_ROWS = 12;
const PROBATION_SHARE = 0.15;
const PROBATION_ROWS_MAX = 750;

/** How many rows at a file's beginning are not scored. */
export function probationRows(rows: number): number {
  return Math.min(Math.floor(rows * PROBATION_SHARE), PROBATION_ROWS_MAX);
}

/** `detections` are rows, ascending; `windows` ascend and do not overlap. */
export function tallyOf(
  detections: readonly number[],
  windows: readonly Window[],
  rows: number,
  profile: Profile = STANDARD,
): Tally {
  const earliest = new Array<number | undefined>(windows.length);
  const outside: number[] = [];
  let falseCost = 0;
  for (const row of detections) {
    if (row < probationRows(rows)) continue;
    const before = lastStarted(windows, row);
    const window = windows[before];
    if (window && row <= window.last) earliest[before] ??= row;
    else {
      outside.push(row);
      falseCost += falseAlarmWeight(row, window);
    }
  }
  let raw = profile.falseAlarm * falseCost;
  for (const [index, window] of windows.entries()) {
    const row = earliest[index];
    raw += row === undefined ? -profile.miss : profile.hit * hitWeight(row, window);
  }
  return {
    raw,
    windows: windows.length,
    windowsHit: earliest.filter((row) => row !== undefined).length,
    falseRows: outside.length,
    falseEpisodes: outside.filter((row, i) => {
      const previous = outside[i - 1];
      return previous === undefined || row - previous > EPISODE_GAP_ROWS;
    }).length,
  };
}

export function add(a: Tally, b: Tally): Tally {
  return {
    raw: a.raw + b.raw,
    windows: a.windows + b.windows,
    windowsHit: a.windowsHit + b.windowsHit,
    falseRows: a.falseRows + b.falseRows,
    falseEpisodes: a.falseEpisodes + b.falseEpisodes,
  };
}

/**
 * 0 for detecting nothing, 100 for detecting each window in its first row and nothing else. Files
 * without a window have no such scale: NaN.
 */
export function scoreOf({ raw, windows }: Tally, profile: Profile = STANDARD): number {
  const nothing = -windows * profile.miss;
  return (100 * (raw - nothing)) / (windows * profile.hit - nothing);
}

/** 1 in the window's first row, about 0.01 in its last. */
function hitWeight(row: number, { first, last }: Window): number {
  return sigmoid(-(last - row + 1) / (last - first + 1)) / sigmoid(-1);
}

/** From 0 right after a window to -1 where it is long gone or there was none. */
function falseAlarmWeight(row: number, before: Window | undefined): number {
  if (!before) return -1;
  const distance = (row - before.last) / (before.last - before.first);
  return distance > 3 ? -1 : sigmoid(distance);
}

/** From 1 to -1 as y grows, 0 at 0. */
function sigmoid(y: number): number {
  return 2 / (1 + Math.exp(5 * y)) - 1;
}

/** Index of the last window that starts at or before this row, -1 where none does. */
function lastStarted(windows: readonly Window[], row: number): number {
  return windows.findLastIndex(({ first }) => first <= row);
}
