/**
 * Uptime from observations: what a device's reports say about the time between them.
 *
 * An observed status holds until the next observation; time farther than `stalenessMs` from what
 * was observed is unknown, which is neither up nor down; time outside business hours is closed and
 * counts for nothing. Arithmetic is in whole microseconds, so up, down and unknown add up to the
 * business time without a rounding error.
 */
import {
  chronological,
  CLOSED,
  cut,
  forEachPiece,
  type Rules,
  UNKNOWN,
  type Window,
} from "./pieces.ts";

export type { Rules, Window } from "./pieces.ts";

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

export interface AvailabilityOptions extends Window, Rules {
  isUp(status: string): boolean;
}

export interface Uptime {
  readonly uptimeMs: number;
  readonly downtimeMs: number;
  readonly unknownMs: number;
}

export interface Availability extends Window, Uptime {
  /** The rest of the window. */
  readonly closedMs: number;
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
  const intervals: Interval[] = [];
  const at = Float64Array.from(ordered, (observation) => observation.at);
  forEachPiece(at, options, options, (from, to, speaker) => {
    const status = ordered[speaker]?.status ?? null;
    const condition = speaker === CLOSED ? "closed" : conditionOf(status, isUp);
    const before = intervals.at(-1);
    if (before?.status === status && before.condition === condition) {
      intervals[intervals.length - 1] = { ...before, to };
    } else {
      intervals.push({ from, to, status, condition });
    }
  });
  const { from, to } = cut(options, options.now);
  return summarise(from, to, intervals);
}

function conditionOf(status: string | null, isUp: (status: string) => boolean): Condition {
  if (status === null) return "unknown";
  return isUp(status) ? "up" : "down";
}

function inOrder(
  observations: readonly Observation[],
  isUp: (status: string) => boolean,
): readonly Observation[] {
  const at = Float64Array.from(observations, (observation) => observation.at);
  const places = chronological(at, (a, b) => {
    const [one, other] = [observations[a]?.status ?? "", observations[b]?.status ?? ""];
    // Of two that are as bad, always the same one, whichever came first.
    return Number(isUp(one)) - Number(isUp(other)) || (one < other ? -1 : Number(one > other));
  });
  return places?.flatMap((place) => observations[place] ?? []) ?? observations;
}

/** The sums alone, for each window: for a report on thousands of devices, from the same pieces. */
export function uptimesOf(polls: Polls, windows: readonly Window[], rules: Rules): Uptime[] {
  const { at, up } = pollsInOrder(polls);
  return windows.map((window) => {
    const sums = new Float64Array(3);
    forEachPiece(at, window, rules, (from, to, speaker) => {
      if (speaker === CLOSED) return;
      const condition = speaker === UNKNOWN ? 2 : up[speaker] === 1 ? 0 : 1;
      sums[condition] = (sums[condition] ?? 0) + to - from;
    });
    const [uptime = 0, downtime = 0, unknown = 0] = sums;
    return { uptimeMs: uptime / 1000, downtimeMs: downtime / 1000, unknownMs: unknown / 1000 };
  });
}

function pollsInOrder({ at, up }: Polls): Polls {
  const places = chronological(at, (a, b) => (up[a] ?? 0) - (up[b] ?? 0));
  if (places === undefined) return { at, up };
  return {
    at: Float64Array.from(places, (place) => at[place] ?? 0),
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
    closedMs: sums.closed / 1000,
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
