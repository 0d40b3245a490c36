/**
 * A window cut into pieces, each with the observation that speaks for it.
 *
 * Everything that says how long a device was up is a sum over these pieces, so no two answers can
 * disagree. Moments come in as epoch milliseconds and go out as whole microseconds, of which sums
 * are exact.
 */

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
  /**
   * The time that counts, as `businessIntervals` gives it, over at least the window; undefined for
   * all time.
   */
  readonly business?: Float64Array | undefined;
}

/** Who speaks for a piece when no observation does: nobody knows, and nobody asks. */
export const UNKNOWN = -1;
export const CLOSED = -2;

/** [from, to) in microseconds; `speaker` is a place in the observations, UNKNOWN or CLOSED. */
export type VisitPiece = (from: number, to: number, speaker: number) => void;

/**
 * Calls back for the pieces of the window: in order, without a gap. Neighbours may share a speaker.
 * `at`, the moments of the observations, ascend strictly.
 */
export function forEachPiece(
  at: Float64Array,
  window: Window,
  rules: Rules,
  visit: VisitPiece,
): void {
  const { from, to } = cut(window, rules.now);
  const open = rules.business ?? Float64Array.of(window.from, window.to);
  let done = from;
  let holder = placeOf(at, from);
  // An interval starts at an even place.
  for (let i = Math.max(0, placeOf(open, from) & ~1); i < open.length && done < to; i += 2) {
    const start = Math.max(done, micros(open[i] ?? 0));
    const end = Math.min(to, micros(open[i + 1] ?? 0));
    if (start >= end) continue;
    if (done < start) visit(done, start, CLOSED);
    holder = cutOpenTime(at, holder, start, end, rules, visit);
    done = end;
  }
  if (done < to) visit(done, to, CLOSED);
}

/** A window in microseconds, ended at now. */
export function cut({ from, to }: Window, now: number): Window {
  const start = micros(from);
  return { from: start, to: Math.max(start, micros(Math.min(to, now))) };
}

/** Cuts [start, end) where who speaks changes, and returns whose status holds at the end of it. */
function cutOpenTime(
  at: Float64Array,
  holder: number,
  start: number,
  end: number,
  { stalenessMs, holdsBackwards }: Rules,
  visit: VisitPiece,
): number {
  const staleness = micros(stalenessMs);
  let since = micros(at[holder] ?? 0);
  for (let done = start;;) {
    const next = micros(at[holder + 1] ?? Infinity);
    const last = Math.min(next, end);
    if (done < last) {
      const fresh = holder < 0 ? done : Math.min(last, Math.max(done, since + staleness));
      const reach = holdsBackwards && next < Infinity ? next - staleness : next;
      const again = Math.min(last, Math.max(fresh, reach));
      if (done < fresh) visit(done, fresh, holder);
      if (fresh < again) visit(fresh, again, UNKNOWN);
      if (again < last) visit(again, last, Math.max(holder, 0));
    }
    if (next >= end) return holder;
    done = Math.max(done, last);
    since = next;
    holder++;
  }
}

/** The place of the last moment (ms) at or before this one (µs), -1 if there is none. */
function placeOf(moments: Float64Array, moment: number): number {
  let low = -1;
  let high = moments.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (micros(moments[middle] ?? 0) <= moment) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * The places of the moments in ascending order, of equal ones only the worst; undefined where they
 * ascend strictly as they are. `compare` puts the worse of two places first.
 */
export function chronological(
  at: Float64Array,
  compare: (a: number, b: number) => number,
): readonly number[] | undefined {
  if (ascends(at)) return undefined;
  const moments = Float64Array.from(at, micros);
  const moment = (place: number) => moments[place] ?? 0;
  const places = Array.from(at, (_, place) => place);
  places.sort((a, b) => moment(a) - moment(b) || compare(a, b));
  return places.filter((place, i) => i === 0 || moment(place) !== moment(places[i - 1] ?? 0));
}

function ascends(at: Float64Array): boolean {
  let before = -Infinity;
  for (let i = 0; i < at.length; i++) {
    const moment = micros(at[i] ?? 0);
    if (moment <= before) return false;
    before = moment;
  }
  return true;
}

export function micros(ms: number): number {
  return Math.round(ms * 1000);
}
