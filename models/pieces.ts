/**
 * A window cut into pieces, each with the observation that speaks for it.
 *
 * Everything that says how long a device was up is a sum over these pieces, so no two answers can
 * disagree. All moments here are whole microseconds, which makes the sums exact.
 */

/** Who speaks for a piece when no observation does: nobody knows, and nobody asks. */
export const UNKNOWN = -1;
export const CLOSED = -2;

export interface Bounds {
  readonly from: number;
  readonly to: number;
  /** How far from its own moment an observation is believed; Infinity: as far as the next one. */
  readonly staleness: number;
  /** Whether it is believed backwards too, and the first of all says what was before it. */
  readonly holdsBackwards: boolean;
}

/** `speaker` is a place in the observations, UNKNOWN or CLOSED. */
export type VisitPiece = (from: number, to: number, speaker: number) => void;

/**
 * Calls back for the pieces of [from, to): in order, without a gap. Neighbours may share a speaker.
 *
 * `at`, the moments of the observations, ascend strictly. `open` is flat (start, end, start, end …),
 * ascending and disjoint.
 */
export function forEachPiece(
  at: Float64Array,
  open: Float64Array,
  bounds: Bounds,
  visit: VisitPiece,
): void {
  const { from, to } = bounds;
  let done = from;
  let holder = placeOf(at, from);
  // An interval starts at an even place.
  for (let i = Math.max(0, placeOf(open, from) & ~1); i < open.length && done < to; i += 2) {
    const start = Math.max(done, open[i] ?? to);
    const end = Math.min(to, open[i + 1] ?? to);
    if (start >= end) continue;
    if (done < start) visit(done, start, CLOSED);
    holder = cutOpenTime(at, holder, start, end, bounds, visit);
    done = end;
  }
  if (done < to) visit(done, to, CLOSED);
}

/** Cuts [start, end) where who speaks changes, and returns whose status holds at the end of it. */
function cutOpenTime(
  at: Float64Array,
  holder: number,
  start: number,
  end: number,
  { staleness, holdsBackwards }: Bounds,
  visit: VisitPiece,
): number {
  while ((at[holder + 1] ?? Infinity) <= start) holder++;
  for (let done = start;;) {
    const next = at[holder + 1] ?? Infinity;
    const last = Math.min(next, end);
    const fresh = Math.min(last, holder < 0 ? -Infinity : (at[holder] ?? 0) + staleness);
    const believedAgain = holdsBackwards && next < Infinity ? next - staleness : next;
    if (done < fresh) visit(done, fresh, holder);
    done = Math.max(done, fresh);
    const again = Math.min(last, Math.max(done, believedAgain));
    if (done < again) visit(done, again, UNKNOWN);
    if (again < last) visit(again, last, Math.max(holder, 0));
    if (last === end) return holder;
    done = last;
    holder++;
  }
}

/** The place of the last moment at or before this one, -1 if there is none. */
function placeOf(moments: Float64Array, moment: number): number {
  let low = -1;
  let high = moments.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((moments[middle] ?? 0) <= moment) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * The places of the moments in ascending order, of equal ones only the one that is worst; undefined
 * where they ascend strictly as they are. `compare` puts the worse of two places first.
 */
export function chronological(
  at: Float64Array,
  compare: (a: number, b: number) => number,
): readonly number[] | undefined {
  let ascends = true;
  for (let i = 1; ascends && i < at.length; i++) ascends = (at[i - 1] ?? 0) < (at[i] ?? 0);
  if (ascends) return undefined;
  const places = Array.from(at, (_, place) => place);
  places.sort((a, b) => (at[a] ?? 0) - (at[b] ?? 0) || compare(a, b));
  return places.filter((place, i) => i === 0 || at[place] !== at[places[i - 1] ?? 0]);
}
