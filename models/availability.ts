/**
 * Uptime from observations: what a device's reports say about the time between them.
 *
 * An observed status holds until the next observation, but no longer than `stalenessMs`; time that
 * no observation speaks for is unknown, which is neither up nor down. Arithmetic is in whole
 * microseconds, so up, down and unknown add up to the window without a rounding error.
 */

/** A device was seen in this status at this moment (epoch ms). */
export interface Observation {
  readonly at: number;
  readonly status: string;
}

export type Condition = "up" | "down" | "unknown";

export interface Interval {
  readonly from: number;
  readonly to: number;
  /** Null where unknown. */
  readonly status: string | null;
  readonly condition: Condition;
}

export interface AvailabilityOptions {
  /** The window [from, to), epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Nothing is known of the future: the window ends here at the latest. */
  readonly now: number;
  /** How long an observation speaks for; Infinity for until the next. */
  readonly stalenessMs: number;
  /** Whether the first observation of all also speaks for the time before it. */
  readonly holdsBackwards: boolean;
  isUp(status: string): boolean;
}

export interface Availability {
  readonly from: number;
  readonly to: number;
  readonly uptimeMs: number;
  readonly downtimeMs: number;
  readonly unknownMs: number;
  /** Up as a part of up and down; null where neither is known. */
  readonly availability: number | null;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Gapless over the window, neighbours differ. */
  readonly intervals: readonly Interval[];
}

/**
 * `observations` ascend, one per moment: those in the window, the last one before it and, where
 * there is none, the first one after it.
 */
export function availabilityOf(
  observations: readonly Observation[],
  options: AvailabilityOptions,
): Availability {
  const from = micros(options.from);
  const to = Math.max(from, micros(Math.min(options.to, options.now)));
  const intervals: Interval[] = [];

  /** Adds [start, end) as far as it lies in the window; pieces come in order. */
  function add(start: number, end: number, status: string | null): void {
    const first = Math.max(start, from);
    const last = Math.min(end, to);
    if (first >= last) return;
    const before = intervals.at(-1);
    if (before !== undefined && before.status === status) {
      intervals[intervals.length - 1] = { ...before, to: last };
    } else {
      const condition = status === null ? "unknown" : options.isUp(status) ? "up" : "down";
      intervals.push({ from: first, to: last, status, condition });
    }
  }

  const staleness = options.stalenessMs * 1000;
  const first = observations[0];
  add(from, first ? micros(first.at) : to, options.holdsBackwards && first ? first.status : null);
  for (const [i, { at, status }] of observations.entries()) {
    const start = micros(at);
    const next = observations[i + 1];
    const end = next === undefined ? Math.max(start, to) : micros(next.at);
    const fresh = Math.min(end, start + staleness);
    add(start, fresh, status);
    add(fresh, end, null);
  }
  return summarise(from, to, intervals);
}

/** From microseconds, in which everything above is counted, to milliseconds. */
function summarise(from: number, to: number, intervals: readonly Interval[]): Availability {
  const sums = { up: 0, down: 0, unknown: 0 };
  const byStatus = new Map<string, number>();
  for (const { from, to, status, condition } of intervals) {
    sums[condition] += to - from;
    if (status !== null) byStatus.set(status, (byStatus.get(status) ?? 0) + to - from);
  }
  const known = sums.up + sums.down;
  return {
    from: from / 1000,
    to: to / 1000,
    uptimeMs: sums.up / 1000,
    downtimeMs: sums.down / 1000,
    unknownMs: sums.unknown / 1000,
    availability: known === 0 ? null : sums.up / known,
    byStatus: Object.fromEntries([...byStatus].map(([status, span]) => [status, span / 1000])),
    intervals: intervals.map((interval) => ({
      ...interval,
      from: interval.from / 1000,
      to: interval.to / 1000,
    })),
  };
}

/** The usual time between observations (the median), undefined for fewer than two. */
export function usualGapMs(observations: readonly Observation[]): number | undefined {
  const gaps = observations.slice(1).map(({ at }, i) => at - (observations[i]?.at ?? at));
  gaps.sort((a, b) => a - b);
  return gaps[gaps.length >> 1];
}

function micros(ms: number): number {
  return Math.round(ms * 1000);
}
