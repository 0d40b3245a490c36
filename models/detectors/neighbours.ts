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
import { pack32, unpack32 } from "./packing.ts";
import {
  laySums,
  layValues,
  near,
  NEAR_AT,
  PAST_AT,
  SUMS_AT,
  takeSums,
  workSums,
  workValues,
} from "./workbench.ts";

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

export interface SavedNeighbours {
  readonly origin: number;
  readonly values: string;
  /** How many of the values came after the last renewal. */
  readonly since: number;
}

/** What the nearest stretches went on with. */
export interface Forecast {
  readonly expected: number;
  readonly lower: number;
  readonly upper: number;
}

export class Neighbours {
  readonly #lengths: readonly number[];
  /** How many values a renewal keeps: the past, and the stretch at its far end. */
  readonly #kept: number;
  /** Subtracted from every value, so that single precision is spent on what differs. */
  #origin = 0;
  /** The past, oldest first; room for more behind. */
  #values: Float32Array = new Float32Array(0);
  #count = 0;
  /** How many of them came after the last renewal. */
  #since = 0;
  /** Whether the sums below know the values; they are made when first needed. */
  #ready = false;
  /** Per length and lag: summed differences between the latest stretch and the one `lag` before. */
  #sums = new Float32Array(0);
  /** Per length: how far back the nearest stretches are, the nearest first; 0 for none. */
  readonly #lags: Int16Array;
  /** Mean size of the values at the last renewal. */
  #size = 0;

  /** `lengths` of the stretches compared, in readings. */
  constructor(lengths: readonly number[], saved?: SavedNeighbours) {
    this.#lengths = lengths;
    this.#kept = PAST + Math.max(...lengths);
    this.#lags = new Int16Array(NEAREST * lengths.length);
    if (saved) {
      this.#origin = saved.origin;
      this.#values = unpack32(saved.values);
      this.#count = this.#values.length;
      this.#since = saved.since;
      this.#ready = false;
    }
  }

  /** What should come next, by what came next after the nearest stretches of this length. */
  forecast(index: number): Forecast | undefined {
    this.#beReady();
    const first = NEAREST * index;
    if (!this.#isFull(index)) return undefined;
    for (let i = 0; i < NEAREST; i++) {
      const follower = this.#values[this.#count - (this.#lags[first + i] as number)] as number;
      let at = i;
      for (; at > 0 && (followers[at - 1] as number) > follower; at--) {
        followers[at] = followers[at - 1] as number;
      }
      followers[at] = follower;
    }
    const lower = this.#origin + (followers[0] as number);
    const upper = this.#origin + (followers[NEAREST - 1] as number);
    const below = this.#origin + (followers[NEAREST / 2 - 1] as number);
    const above = this.#origin + (followers[NEAREST / 2] as number);
    return { expected: (below + above) / 2, lower, upper };
  }

  /**
   * Per length the mean distance to the nearest stretches, into `distances`; NaN while there are
   * too few.
   */
  update(value: number, distances: Float64Array): void {
    this.#beReady();
    if (this.#count === 0) this.#origin = value;
    this.#push(value);
    layValues(this.#values, this.#count);
    laySums(this.#sums);
    for (let index = 0; index < this.#lengths.length; index++) {
      this.#step(index, this.#count - 1);
      distances[index] = this.#distance(index);
    }
    takeSums(this.#sums);
    if (this.#since === RENEWAL) this.#renew();
  }

  toJSON(): SavedNeighbours {
    return {
      origin: this.#origin,
      values: pack32(this.#values.subarray(0, this.#count)),
      since: this.#since,
    };
  }

  #push(value: number): void {
    if (this.#count === this.#values.length) {
      const longer = new Float32Array(roomFor(this.#count + 1, this.#kept + RENEWAL));
      longer.set(this.#values);
      this.#values = longer;
    }
    const limit = this.#size > 0 ? Math.min(VALUE_MAX, CLIP * this.#size) : VALUE_MAX;
    this.#values[this.#count++] = Math.max(-limit, Math.min(limit, value - this.#origin));
    this.#since++;
  }

  #isFull(index: number): boolean {
    return this.#lags[NEAREST * index + NEAREST - 1] !== 0;
  }

  /** Where the sums of a length begin. */
  #sumsFrom(index: number): number {
    return index * this.#sums.length / this.#lengths.length;
  }

  /**
   * Moves every sum of one length on to the stretch that ends at `last`, and finds the nearest,
   * whose sums are in `best` then. Works on what lies on the workbench.
   */
  #step(index: number, last: number): void {
    const length = this.#lengths[index] as number;
    const from = this.#sumsFrom(index);
    const newest = workValues[last] as number;
    const dropped = last - length;
    const leaving = dropped < 0 ? 0 : workValues[dropped] as number;
    // Stretches that have a reading before them drop one difference; closer ones than a length
    // would overlap the latest.
    const furthest = Math.min(PAST, dropped);
    const blocks = Math.max(0, (furthest + 1 - length) >> 3);
    const bound = this.#bound(index, last);
    const sumsAt = SUMS_AT + 4 * from;
    const nearEnd = advance(PAST_AT, sumsAt, length, length, blocks, bound, NEAR_AT);
    const lags = this.#lags.fill(0, NEAREST * index, NEAREST * (index + 1));
    best.fill(Infinity);
    let limit = Infinity;
    for (let i = 0; i < (nearEnd - NEAR_AT) >> 2; i++) {
      const lag = near[i] as number;
      const sum = workSums[from + lag] as number;
      if (sum < limit) limit = insert(lags, index, sum, lag);
    }
    for (let lag = length + 8 * blocks; lag <= furthest; lag++) {
      const came = Math.abs(newest - (workValues[last - lag] as number));
      const left = Math.abs(leaving - (workValues[dropped - lag] as number));
      const sum = Math.fround((workSums[from + lag] as number) + came - left);
      workSums[from + lag] = sum;
      if (sum < limit) limit = insert(lags, index, sum, lag);
    }
    for (let lag = Math.max(length, furthest + 1); lag <= Math.min(PAST, last); lag++) {
      const came = Math.abs(newest - (workValues[last - lag] as number));
      const sum = Math.fround((workSums[from + lag] as number) + came);
      workSums[from + lag] = sum;
      if (lag === dropped + 1 && sum < limit) limit = insert(lags, index, sum, lag);
    }
  }

  /**
   * What the nearest sums cannot be above: the largest of those that were the nearest, one reading
   * later. So few others have to be looked at.
   */
  #bound(index: number, last: number): number {
    if (!this.#isFull(index)) return Infinity;
    const from = this.#sumsFrom(index);
    const dropped = last - (this.#lengths[index] as number);
    const newest = workValues[last] as number;
    const leaving = workValues[dropped] as number;
    let bound = -Infinity;
    for (let i = 0; i < NEAREST; i++) {
      const lag = this.#lags[NEAREST * index + i] as number;
      const came = Math.abs(newest - (workValues[last - lag] as number));
      const left = Math.abs(leaving - (workValues[dropped - lag] as number));
      const sum = (workSums[from + lag] as number) + came - left;
      if (sum > bound) bound = sum;
    }
    return Math.fround(bound);
  }

  /** The mean of those in `best`. */
  #distance(index: number): number {
    const rounding = ROUNDING * this.#size;
    let total = 0;
    for (let i = 0; i < NEAREST; i++) {
      const sum = best[i] as number;
      if (sum >= rounding) total += sum;
    }
    return total === Infinity ? NaN : total / (NEAREST * (this.#lengths[index] as number));
  }

  /** Forgets what is too old, and makes every sum from the values themselves. */
  #renew(): void {
    const kept = Math.min(this.#count, this.#kept);
    this.#values.copyWithin(0, this.#count - kept, this.#count);
    this.#count = kept;
    this.#since = 0;
    this.#recentre();
    this.#sumUp();
  }

  /** A series may have moved so far that single precision no longer tells its values apart. */
  #recentre(): void {
    const values = this.#values.subarray(0, this.#count);
    let low = Infinity;
    let high = -Infinity;
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    const middle = (low + high) / 2;
    if (Math.abs(middle) < 8 * (high - low)) return;
    this.#origin += middle;
    for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) - middle;
  }

  /** Makes the sums for the stretch that ends where the last renewal was. */
  #sumUp(): void {
    const end = this.#count - this.#since;
    const lagMax = Math.min(PAST, end + RENEWAL);
    let total = 0;
    for (let i = 0; i < end; i++) total += Math.abs(this.#values[i] as number);
    this.#size = end === 0 ? 0 : total / end;
    const { length } = this.#lengths;
    if (this.#sums.length <= length * lagMax) {
      this.#sums = new Float32Array(length * roomFor(lagMax + 1, PAST + 1));
    }
    layValues(this.#values, end);
    laySums(this.#sums);
    for (let index = 0; index < length; index++) this.#sumUpOne(index, end, lagMax);
    takeSums(this.#sums);
  }

  #sumUpOne(index: number, end: number, lagMax: number): void {
    const length = this.#lengths[index] as number;
    const from = this.#sumsFrom(index);
    const furthest = Math.min(lagMax, end - length);
    const blocks = Math.max(0, (furthest + 1 - length) >> 3);
    sumUp(PAST_AT, SUMS_AT + 4 * from, length, length, blocks);
    for (let lag = length + 8 * blocks; lag <= lagMax; lag++) {
      let sum = 0;
      for (let i = Math.max(lag, end - length); i < end; i++) {
        sum += Math.abs((workValues[i] as number) - (workValues[i - lag] as number));
      }
      workSums[from + lag] = sum;
    }
    const lags = this.#lags.fill(0, NEAREST * index, NEAREST * (index + 1));
    best.fill(Infinity);
    let limit = Infinity;
    for (let lag = length; lag <= furthest; lag++) {
      const sum = workSums[from + lag] as number;
      if (sum < limit) limit = insert(lags, index, sum, lag);
    }
  }

  #beReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#sumUp();
    laySums(this.#sums);
    for (let last = this.#count - this.#since; last < this.#count; last++) {
      layValues(this.#values, last + 1);
      for (let index = 0; index < this.#lengths.length; index++) this.#step(index, last);
    }
    takeSums(this.#sums);
  }
}

/** A power of two, or the most that will ever be needed: most series never have a long past. */
function roomFor(needed: number, most: number): number {
  return Math.min(most, 2 ** Math.ceil(Math.log2(Math.max(RENEWAL, needed))));
}

/** Puts a sum among the `best`; returns the largest of them, which the next has to beat. */
function insert(lags: Int16Array, index: number, sum: number, lag: number): number {
  const first = NEAREST * index;
  let at = NEAREST - 1;
  while (at > 0 && (best[at - 1] as number) > sum) {
    best[at] = best[at - 1] as number;
    lags[first + at] = lags[first + at - 1] as number;
    at--;
  }
  best[at] = sum;
  lags[first + at] = lag;
  return best[NEAREST - 1] as number;
}
