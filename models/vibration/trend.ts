/** Whether something grows, how fast, and when it will be too much: no outlier leads it astray. */

export interface Point {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly value: number;
}

export interface Trend {
  /** Median of the slopes between all pairs of points (Theil 1950, Sen 1968), per millisecond. */
  readonly slope: number;
  /** The slope's 95 % interval by Kendall's rank statistic (Gilbert 1987, section 16.4.2). */
  readonly slopeLow: number;
  readonly slopeHigh: number;
  /** The line's value at the last point: the median of what the points say of it. */
  readonly latest: number;
  /** When that is. */
  readonly at: number;
}

export interface Remaining {
  /** Milliseconds from the trend's last point. */
  readonly expectedMs: number;
  readonly earliestMs: number;
  /** Null where the slowest likely growth never gets there. */
  readonly latestMs: number | null;
}

const POINTS_MIN = 5;
/** 97.5 % of a normal distribution lie below. */
const TWO_SIDED_95 = 1.96;

/** At least five points at two moments or more; their order does not matter. */
export function trendOf(points: readonly Point[]): Trend | undefined {
  if (points.length < POINTS_MIN) return undefined;
  const slopes: number[] = [];
  for (const [i, a] of points.entries()) {
    for (const b of points.slice(i + 1)) {
      const [first, last] = a.at < b.at ? [a, b] : [b, a];
      if (first.at < last.at) slopes.push((last.value - first.value) / (last.at - first.at));
    }
  }
  if (slopes.length === 0) return undefined;
  slopes.sort((a, b) => a - b);
  const count = points.length;
  const deviation = Math.sqrt(count * (count - 1) * (2 * count + 5) / 18);
  const half = TWO_SIDED_95 * deviation / 2;
  const low = Math.max(0, Math.floor(slopes.length / 2 - half));
  const slope = medianOf(slopes);
  const at = Math.max(...points.map((point) => point.at));
  const latest = medianOf(
    points.map((point) => point.value + slope * (at - point.at)).sort((a, b) => a - b),
  );
  return {
    slope,
    slopeLow: slopes[low] as number,
    slopeHigh: slopes[slopes.length - 1 - low] as number,
    latest,
    at,
  };
}

/** 0 where the threshold is reached already; undefined where nothing grows towards it. */
export function timeToThreshold(
  { slope, slopeLow, slopeHigh, latest }: Trend,
  threshold: number,
): Remaining | undefined {
  const missing = threshold - latest;
  if (missing <= 0) return { expectedMs: 0, earliestMs: 0, latestMs: 0 };
  if (slope <= 0) return undefined;
  return {
    expectedMs: missing / slope,
    earliestMs: missing / slopeHigh,
    latestMs: slopeLow > 0 ? missing / slopeLow : null,
  };
}

/** Of sorted values. */
function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
