/**
 * What claims come to as alarms: a service desk is called by episodes, not by rows, and remembers
 * failures, not labels.
 *
 * Rows are hourly, one device after the other, each in the order of time.
 */
import type { FailureRows } from "../features/mod.ts";

const HOUR_MS = 3_600_000;
const ROWS_PER_WEEK = 168;
/** Rows of a kind no further apart are one alarm, or tell of one failure. */
const APART_MAX_MS = 4 * HOUR_MS;
/** An alarm that lasts is raised anew: one that never ended could not be wrong. */
const LASTING_MAX_MS = 24 * HOUR_MS;

export type Watched = Pick<FailureRows, "labels" | "times" | "devices">;

/** Consecutive rows of a kind of one device, by the first and the last of them. */
interface Run {
  readonly from: number;
  readonly to: number;
}

export interface Alarms {
  /** Claims at or above it are alarms. */
  readonly threshold: number;
  readonly failures: number;
  /** With an alarm in the four hours before. */
  readonly caught: number;
  readonly episodes: number;
  /** Without a failure within four hours of any of their rows. */
  readonly falseEpisodes: number;
  readonly deviceWeeks: number;
  /** From an alarm's begin to the last row before its failure: no less was left. NaN without any. */
  readonly leadHours: number;
}

export function alarmsOf(claims: ArrayLike<number>, rows: Watched, threshold: number): Alarms {
  const { labels, times } = rows;
  const alarmed = (row: number) => (claims[row] as number) >= threshold;
  const positive = (row: number) => labels[row] === 1;
  const failures = runsOf(rows, positive);
  const episodes = runsOf(rows, alarmed);
  const leads: number[] = [];
  let next = 0;
  for (const { from, to } of failures) {
    const first = rowsOf({ from, to }).find((row) => alarmed(row) && positive(row));
    if (first === undefined) continue;
    // Both lists ascend, and the alarm at this row is in one of the episodes.
    while ((episodes[next] as Run).to < first) next++;
    leads.push(((times[to] as number) - (times[(episodes[next] as Run).from] as number)) / HOUR_MS);
  }
  const rightly = episodes.filter((run) =>
    rowsOf(run).some((row) => alarmed(row) && positive(row))
  );
  return {
    threshold,
    failures: failures.length,
    caught: leads.length,
    episodes: episodes.length,
    falseEpisodes: episodes.length - rightly.length,
    deviceWeeks: labels.length / ROWS_PER_WEEK,
    leadHours: medianOf(leads),
  };
}

/** The lowest threshold, of at most 200 tried, that gives no more false alarms than are allowed. */
export function alarmsWithin(claims: ArrayLike<number>, rows: Watched, falseMax: number): Alarms {
  const ranked = Float64Array.from(claims).sort().reverse();
  let best = alarmsOf(claims, rows, Infinity);
  let [sparing, lavish] = [0, ranked.length];
  // More rows alarmed are more episodes, but where they grow together: the search is for a place
  // where the limit is kept, not for all such places.
  for (let step = 0; step < 200 && lavish - sparing > 1; step++) {
    const middle = (sparing + lavish) >> 1;
    const tried = alarmsOf(claims, rows, ranked[middle - 1] as number);
    if (tried.falseEpisodes <= falseMax) {
      sparing = middle;
      if (tried.caught >= best.caught) best = tried;
    } else lavish = middle;
  }
  return best;
}

/** The highest threshold that catches so many failures; the lowest there is where none does. */
export function alarmsCatching(
  claims: ArrayLike<number>,
  rows: Watched,
  caughtMin: number,
): Alarms {
  const ranked = Float64Array.from(claims).sort().reverse();
  // More rows alarmed never catch less.
  let [tooFew, enough] = [0, ranked.length];
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >> 1;
    if (alarmsOf(claims, rows, ranked[middle - 1] as number).caught >= caughtMin) enough = middle;
    else tooFew = middle;
  }
  return alarmsOf(claims, rows, ranked[enough - 1] ?? Infinity);
}

/** The claim from which on alarms have the best F1, row by row; Infinity where nothing is positive. */
export function bestThreshold(claims: ArrayLike<number>, labels: ArrayLike<number>): number {
  const order = Uint32Array.from({ length: claims.length }, (_, row) => row)
    .sort((a, b) => (claims[b] as number) - (claims[a] as number));
  const positives = Array.from(labels).reduce((sum, label) => sum + label, 0);
  let best = { f1: 0, threshold: Infinity };
  let hits = 0;
  order.forEach((row, i) => {
    hits += labels[row] as number;
    const tied = claims[order[i + 1] as number] === claims[row];
    const f1 = 2 * hits / (i + 1 + positives);
    if (!tied && f1 > best.f1) best = { f1, threshold: claims[row] as number };
  });
  return best.threshold;
}

function runsOf({ times, devices }: Watched, isOne: (row: number) => boolean): Run[] {
  const runs: { from: number; to: number }[] = [];
  for (let row = 0; row < times.length; row++) {
    if (!isOne(row)) continue;
    const last = runs.at(-1);
    const goesOn = last !== undefined && devices[last.to] === devices[row] &&
      (times[row] as number) - (times[last.to] as number) <= APART_MAX_MS &&
      (times[row] as number) - (times[last.from] as number) < LASTING_MAX_MS;
    if (goesOn) last.to = row;
    else runs.push({ from: row, to: row });
  }
  return runs;
}

function rowsOf({ from, to }: Run): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}
