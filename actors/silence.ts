/**
 * How long a device may say nothing before that says something.
 *
 * The usual interval is learned from the device's own clock, not from when messages reach us: a
 * thousand imported readings that arrive in a second were still taken an hour apart.
 */

/** What the learning needs to know, and changes. */
export interface Intervals {
  lastAt: number | null;
  intervalMs: number | null;
  intervalsSeen: number;
  silenceTimeoutSeconds: number | null;
}

/** Silence is this many usual intervals without a message. */
const INTERVALS_MISSED = 3;
/** Fewer gaps than this say nothing about what is usual. */
const INTERVALS_NEEDED = 3;
/** A weight of one fifth follows a change of pace within about ten messages. */
const WEIGHT = 0.2;

export const TIMEOUT_MIN_MS = 10_000;
export const TIMEOUT_MAX_MS = 24 * 3_600_000;
/** Until the usual interval is known. */
export const TIMEOUT_DEFAULT_MS = 3_600_000;

/** Takes a report's moment into account; one that is not newer than the last teaches nothing. */
export function learnInterval(intervals: Intervals, at: number): void {
  const { lastAt, intervalMs } = intervals;
  if (lastAt === null || at <= lastAt) return;
  // One long outage is not a new habit.
  const gap = Math.min(at - lastAt, TIMEOUT_MAX_MS / INTERVALS_MISSED);
  intervals.intervalMs = intervalMs === null ? gap : intervalMs + WEIGHT * (gap - intervalMs);
  intervals.intervalsSeen = Math.min(intervals.intervalsSeen + 1, INTERVALS_NEEDED);
}

export function silenceTimeoutMs(intervals: Intervals): number {
  const { silenceTimeoutSeconds, intervalMs, intervalsSeen } = intervals;
  if (silenceTimeoutSeconds !== null) return silenceTimeoutSeconds * 1000;
  if (intervalMs === null || intervalsSeen < INTERVALS_NEEDED) return TIMEOUT_DEFAULT_MS;
  return Math.min(TIMEOUT_MAX_MS, Math.max(TIMEOUT_MIN_MS, INTERVALS_MISSED * intervalMs));
}
