/**
 * Uptime from observations: what a device's reports say about the time between them.
 *
 * An observed status holds until the next observation; time farther than `stalenessMs` from what
 * was observed is unknown, which is neither up nor down; time outside business hours is closed and
 * counts for nothing. Arithmetic is in whole microseconds, so up, down and unknown add up to the
 * business time without a rounding error.
 */
import { type Bounds, chronological, CLOSED, forEachPiece, UNKNOWN } from "./pieces.ts";

/** A device was seen in this status at this moment (epoch ms). */
export interface Observation {
  readonly at: number;
  readonly status: string;
}

/** Observations as columns, of which only up or down is of interest. */
export interface Polls {
  /** Epoch ms, down to the microsecond. */
  readonly at: Float64Array;
  /** 1 for up, 0 for down. */
  readonly up: Uint8Array;
}

export type Condition = "up" | "down" | "unknown" | "closed";

export interface Interval {
  readonly from: number;
  readonly to: number;
  /** Null where unknown or closed. */
  readonly status: string | null;
  readonly condition: Condition;
}

/** [from, to), epoch ms. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

export interface Rules {
  /** Nothing is known of the future: windows end here at the latest. */
  readonly now: number;
  /** How long an observation speaks for; Infinity for until the next. */
  readonly stalenessMs: number;
  /**
   * Whether an observation speaks as long for the time before it (in which the status before it
   * held), and the first one of all says how it was until then.
   */
  readonly holdsBackwards: boolean;
  /** The time that counts (`businessIntervals`), covering the window; undefined for all of it. */
  readonly business?: Float64Array | undefined;
}

export interface AvailabilityOptions extends Window, Rules {
  isUp(status: string): boolean;
}

export interface Uptime {
  readonly uptimeMs: number;
  readonly downtimeMs: number;
  readonly unknownMs: number;
}

export interface Availability extends Window, Uptime {
  /** Up as a part of up and down; null where neither is known. */
  readonly availability: number | null;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Gapless over the window, neighbours differ. */
  readonly intervals: readonly Interval[];
}

/**
 * `observations` are those in the window, the last one before it, and the first one after it where
 * it holds backwards. In any order; of several at one moment the worst counts.
 */
export function availabilityOf(
  observations: readonly Observation[],
  options: AvailabilityOptions,
): Availability {
  const { isUp } = options;
  const ordered = inOrder(observations, isUp);
  const { from, to } = cut(options, options.now);
  const intervals: Interval[] = [];
  const at = Float64Array.from(ordered, (observation) => micros(observation.at));
  forEachPiece(
    at,
    openTime(options, from, to),
    boundsOf(options, from, to),
    (from, to, speaker) => {
      const status = ordered[speaker]?.status ?? null;
      const condition = speaker === CLOSED
        ? "closed"
        : status === null
        ? "unknown"
        : isUp(status)
        ? "up"
        : "down";
      const before = intervals.at(-1);
      if (before?.status === status && before.condition === condition) {
        intervals[intervals.length - 1] = { ...before, to };
      } else {
        intervals.push({ from, to, status, condition });
      }
    },
  );
  return summarise(from, to, intervals);
}

/** The sums alone, for each window: for a report on thousands of devices, from the same pieces. */
export function uptimesOf(polls: Polls, windows: readonly Window[], rules: Rules): Uptime[] {
  const { at, up } = columnsInOrder(polls);
  return windows.map((window) => {
    const { from, to } = cut(window, rules.now);
    let [uptime, downtime, unknown] = [0, 0, 0];
    forEachPiece(at, openTime(rules, from, to), boundsOf(rules, from, to), (from, to, speaker) => {
      if (speaker === CLOSED) return;
      if (speaker === UNKNOWN) unknown += to - from;
      else if (up[speaker] === 1) uptime += to - from;
      else downtime += to - from;
    });
    return { uptimeMs: uptime / 1000, downtimeMs: downtime / 1000, unknownMs: unknown / 1000 };
  });
}

/** A window in microseconds, ended at now. */
function cut({ from, to }: Window, now: number): Window {
  const start = micros(from);
  return { from: start, to: Math.max(start, micros(Math.min(to, now))) };
}

function openTime({ business }: Rules, from: number, to: number): Float64Array {
  return business === undefined ? Float64Array.of(from, to) : business.map(micros);
}

function boundsOf({ stalenessMs, holdsBackwards }: Rules, from: number, to: number): Bounds {
  return { from, to, staleness: micros(stalenessMs), holdsBackwards };
}

function inOrder(
  observations: readonly Observation[],
  isUp: (status: string) => boolean,
): readonly Observation[] {
  const at = Float64Array.from(observations, (observation) => micros(observation.at));
  const places = chronological(at, (a, b) => {
    const [one, other] = [observations[a]?.status ?? "", observations[b]?.status ?? ""];
    return Number(isUp(one)) - Number(isUp(other)) || (one < other ? -1 : 1);
  });
  return places?.flatMap((place) => observations[place] ?? []) ?? observations;
}

/** The columns in order, the moments in microseconds. */
function columnsInOrder({ at, up }: Polls): Polls {
  const moments = at.map(micros);
  const places = chronological(moments, (a, b) => (up[a] ?? 0) - (up[b] ?? 0));
  if (places === undefined) return { at: moments, up };
  return {
    at: Float64Array.from(places, (place) => moments[place] ?? 0),
    up: Uint8Array.from(places, (place) => up[place] ?? 0),
  };
}

/** From microseconds, in which everything above is counted, to milliseconds. */
function summarise(from: number, to: number, intervals: readonly Interval[]): Availability {
  const sums = { up: 0, down: 0, unknown: 0, closed: 0 };
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
