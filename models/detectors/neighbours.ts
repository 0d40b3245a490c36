/**
 * Whether the latest readings look like anything the series has done before: their distance to the
 * nearest stretches of its past, as in k-NN conformal detection (Burnaev and Ishimtsev 2016).
 *
 * A distance is the mean absolute difference of two stretches of equal length. Moving both on by
 * one reading adds one difference and drops one, so all of the past costs one pass per reading,
 * not one per reading and length (the recurrence of STOMP, Zhu et al. 2016, without its
 * normalisation: level and size of a stretch are what may be wrong with it).
 */
import { advance, sumUp } from "./inner_loops.wasm";
import { type Layout, near, NEAR_AT } from "./workbench.ts";

/** How far back a stretch may end. */
const PAST = 2000;
/** One odd stretch in the past does not make the next one ordinary. */
const NEAREST = 10;
/** After so many readings sums are made afresh: neither memory nor rounding grows. */
const RENEWAL = 128;
/**
 * Of the mean size of values: those larger than `CLIP` are as good as that large, so that what one
 * of them leaves behind in a single-precision sum stays small; sums below `ROUNDING` are nothing
 * but that.
 */
const CLIP = 65_536;
const ROUNDING = 1e-3;
const VALUE_MAX = 1e30;

/** Room to rank in: the sums of the nearest stretches, ascending; what they went on with. */
const best = new Float32Array(NEAREST);
const followers = new Float32Array(NEAREST);

/** What the nearest stretches went on with. */
export interface Forecast {
  readonly expected: number;
  readonly lower: number;
  readonly upper: number;
}

/** Where in `#scale` it is. Subtracted from every value: single precision is for what differs. */
const ORIGIN = 0;
/** Mean size of the values at the last renewal. */
const SIZE = 1;

/** Where in `#counts` it is. How many values there are, and how many came since a renewal. */
const COUNT = 0;
const SINCE = 1;

/** What is compared of one length. */
interface Stretch {
  /** In readings. */
  readonly length: number;
  /** Per lag: summed differences between the latest stretch and the one `lag` before. */
  readonly sums: Float32Array;
  /** Where they are, for the inner loops. */
  readonly sumsAt: number;
  /** How far back the nearest stretches are, the nearest first; 0 for none. */
  readonly lags: Int32Array;
}

export class Neighbours {
  readonly #stretches: readonly Stretch[];
  /** How many values a renewal keeps: the past, and the stretch at its far end. */
  readonly #kept: number;
  /** The past, the newest first, up to the end: what lies `lag` back is `lag` further. */
  readonly #values: Float32Array;
  /** Where they are, for the inner loops. */
  readonly #valuesAt: number;
  readonly #scale: Float64Array;
  readonly #counts: Int32Array;
  /** One number: whether sums and lags know the values; they are made when first needed. */
  readonly #ready: Int32Array;

  /** `lengths` of the stretches compared, in readings. */
  constructor(layout: Layout, lengths: readonly number[]) {
    const { readings } = layout;
    this.#kept = PAST + Math.max(...lengths);
    this.#scale = layout.doubles(2);
    this.#counts = layout.integers(2);
    this.#values = layout.singlesFromEnd(Math.min(this.#kept + RENEWAL, readings));
    this.#valuesAt = this.#values.byteOffset;
    this.#ready = layout.integers(1, "derived");
    this.#stretches = lengths.map((length) => {
      const sums = layout.singles(Math.min(PAST + 1, readings), "derived");
      const lags = layout.integers(NEAREST, "derived");
      return { length, sums, sumsAt: sums.byteOffset, lags };
    });
  }

  /** What should come next, by what came next after the nearest stretches of this length. */
  forecast(index: number): Forecast | undefined {
    this.#beReady();
    const { lags } = this.#stretches[index] as Stretch;
    if (!isFull(lags)) return undefined;
    const values = this.#values;
    const newest = this.#newest();
    for (let i = 0; i < NEAREST; i++) {
      const follower = values[newest + (lags[i] as number) - 1] as number;
      let at = i;
      for (; at > 0 && (followers[at - 1] as number) > follower; at--) {
        followers[at] = followers[at - 1] as number;
      }
      followers[at] = follower;
    }
    const origin = this.#scale[ORIGIN] as number;
    const lower = origin + (followers[0] as number);
    const upper = origin + (followers[NEAREST - 1] as number);
    const below = origin + (followers[NEAREST / 2 - 1] as number);
    const above = origin + (followers[NEAREST / 2] as number);
    return { expected: (below + above) / 2, lower, upper };
  }

  /**
   * Per length the mean distance to the nearest stretches, into `distances`; NaN while there are
   * too few.
   */
  update(value: number, distances: Float64Array): void {
    this.#beReady();
    if (this.#counts[COUNT] === 0) this.#scale[ORIGIN] = value;
    this.#push(value);
    const newest = this.#newest();
    const rounding = ROUNDING * (this.#scale[SIZE] as number);
    for (let index = 0; index < this.#stretches.length; index++) {
      const stretch = this.#stretches[index] as Stretch;
      this.#step(stretch, newest);
      distances[index] = distanceOf(stretch, rounding);
    }
    if (this.#counts[SINCE] === RENEWAL) this.#renew();
  }

  /** Where in the values the newest is. */
  #newest(): number {
    return this.#values.length - (this.#counts[COUNT] as number);
  }

  #push(value: number): void {
    const counts = this.#counts;
    const size = this.#scale[SIZE] as number;
    const limit = size > 0 ? Math.min(VALUE_MAX, CLIP * size) : VALUE_MAX;
    const difference = value - (this.#scale[ORIGIN] as number);
    counts[COUNT] = (counts[COUNT] as number) + 1;
    counts[SINCE] = (counts[SINCE] as number) + 1;
    this.#values[this.#newest()] = Math.max(-limit, Math.min(limit, difference));
  }

  /**
   * Moves every sum of one length on to the stretch that ends at `newest`, and finds the nearest,
   * whose sums are in `best` then.
   */
  #step(stretch: Stretch, newest: number): void {
    const { length, sums, sumsAt, lags } = stretch;
    const values = this.#values;
    const last = values.length - 1 - newest;
    const dropped = last - length;
    // Stretches that have a reading before them drop one difference; closer ones than a length
    // would overlap the latest.
    const furthest = Math.min(PAST, dropped);
    const blocks = Math.max(0, (furthest + 1 - length) >> 3);
    const came = values[newest] as number;
    const left = dropped < 0 ? 0 : values[newest + length] as number;
    const bound = this.#bound(stretch, newest);
    const pastAt = this.#valuesAt + 4 * newest;
    const nearEnd = advance(pastAt, sumsAt, length, length, blocks, bound, NEAR_AT);
    forget(lags);
    let limit = Infinity;
    for (let i = 0; i < (nearEnd - NEAR_AT) >> 2; i++) {
      const lag = near[i] as number;
      const sum = sums[lag] as number;
      if (sum < limit) limit = insert(lags, sum, lag);
    }
    for (let lag = length + 8 * blocks; lag <= furthest; lag++) {
      const more = Math.abs(came - (values[newest + lag] as number));
      const less = Math.abs(left - (values[newest + length + lag] as number));
      const sum = Math.fround((sums[lag] as number) + more - less);
      sums[lag] = sum;
      if (sum < limit) limit = insert(lags, sum, lag);
    }
    for (let lag = Math.max(length, furthest + 1); lag <= Math.min(PAST, last); lag++) {
      const more = Math.abs(came - (values[newest + lag] as number));
      const sum = Math.fround((sums[lag] as number) + more);
      sums[lag] = sum;
      if (lag === dropped + 1 && sum < limit) limit = insert(lags, sum, lag);
    }
  }

  /**
   * What the nearest sums cannot be above: the largest of those that were the nearest, one reading
   * later. So few others have to be looked at.
   */
  #bound({ length, sums, lags }: Stretch, newest: number): number {
    if (!isFull(lags)) return Infinity;
    const values = this.#values;
    const came = values[newest] as number;
    const left = values[newest + length] as number;
    let bound = -Infinity;
    for (let i = 0; i < NEAREST; i++) {
      const lag = lags[i] as number;
      const more = Math.abs(came - (values[newest + lag] as number));
      const less = Math.abs(left - (values[newest + length + lag] as number));
      const sum = (sums[lag] as number) + more - less;
      if (sum > bound) bound = sum;
    }
    return Math.fround(bound);
  }

  /** Forgets what is too old, and makes every sum from the values themselves. */
  #renew(): void {
    const newest = this.#newest();
    const kept = Math.min(this.#counts[COUNT] as number, this.#kept);
    this.#values.copyWithin(this.#values.length - kept, newest, newest + kept);
    this.#counts[COUNT] = kept;
    this.#counts[SINCE] = 0;
    this.#recentre();
    this.#sumUp();
  }

  /** A series may have moved so far that single precision no longer tells its values apart. */
  #recentre(): void {
    const values = this.#values;
    let low = Infinity;
    let high = -Infinity;
    for (let i = this.#newest(); i < values.length; i++) {
      low = Math.min(low, values[i] as number);
      high = Math.max(high, values[i] as number);
    }
    const middle = (low + high) / 2;
    if (Math.abs(middle) < 8 * (high - low)) return;
    this.#scale[ORIGIN] = (this.#scale[ORIGIN] as number) + middle;
    for (let i = this.#newest(); i < values.length; i++) {
      values[i] = (values[i] as number) - middle;
    }
  }

  /** Makes the sums for the stretch that ends where the last renewal was. */
  #sumUp(): void {
    const values = this.#values;
    const newest = this.#newest() + (this.#counts[SINCE] as number);
    const count = values.length - newest;
    let total = 0;
    for (let i = values.length - 1; i >= newest; i--) total += Math.abs(values[i] as number);
    this.#scale[SIZE] = count === 0 ? 0 : total / count;
    for (const stretch of this.#stretches) this.#sumUpOne(stretch, newest);
  }

  #sumUpOne({ length, sums, sumsAt, lags }: Stretch, newest: number): void {
    const values = this.#values;
    const count = values.length - newest;
    const furthest = Math.min(PAST, count - length);
    const blocks = Math.max(0, (furthest + 1 - length) >> 3);
    sumUp(this.#valuesAt + 4 * newest, sumsAt, length, length, blocks);
    for (let lag = length + 8 * blocks; lag < sums.length; lag++) {
      let sum = 0;
      for (let i = Math.min(length, count - lag) - 1; i >= 0; i--) {
        sum += Math.abs((values[newest + i] as number) - (values[newest + i + lag] as number));
      }
      sums[lag] = sum;
    }
    forget(lags);
    let limit = Infinity;
    for (let lag = length; lag <= furthest; lag++) {
      const sum = sums[lag] as number;
      if (sum < limit) limit = insert(lags, sum, lag);
    }
  }

  /** As it was when the values were saved: sums of the last renewal, moved on. */
  #beReady(): void {
    if (this.#ready[0] === 1) return;
    this.#ready[0] = 1;
    this.#sumUp();
    for (let since = (this.#counts[SINCE] as number) - 1; since >= 0; since--) {
      for (const stretch of this.#stretches) this.#step(stretch, this.#newest() + since);
    }
  }
}

/** Begins to look for the nearest. Faster than `fill`, for so few. */
function forget(lags: Int32Array): void {
  for (let i = 0; i < NEAREST; i++) {
    lags[i] = 0;
    best[i] = Infinity;
  }
}

function isFull(lags: Int32Array): boolean {
  return lags[NEAREST - 1] !== 0;
}

/** The mean of those in `best`. */
function distanceOf({ length }: Stretch, rounding: number): number {
  let total = 0;
  for (let i = 0; i < NEAREST; i++) {
    const sum = best[i] as number;
    if (sum >= rounding) total += sum;
  }
  return total === Infinity ? NaN : total / (NEAREST * length);
}

/** Puts a sum among the `best`; returns the largest of them, which the next has to beat. */
function insert(lags: Int32Array, sum: number, lag: number): number {
  let at = NEAREST - 1;
  while (at > 0 && (best[at - 1] as number) > sum) {
    best[at] = best[at - 1] as number;
    lags[at] = lags[at - 1] as number;
    at--;
  }
  best[at] = sum;
  lags[at] = lag;
  return best[NEAREST - 1] as number;
}
