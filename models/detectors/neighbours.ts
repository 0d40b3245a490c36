/**
 * Whether the latest readings look like anything the series has done before: their distance to the
 * nearest stretches of its past, as in k-NN conformal detection (Burnaev and Ishimtsev 2016).
 *
 * A distance is the mean absolute difference of two stretches of equal length. Moving both on by
 * one reading adds one difference and drops one, so all of the past costs one pass per reading,
 * not one per reading and length (the recurrence of STOMP, Zhu et al. 2016, without its
 * normalisation: level and size of a stretch are what may be wrong with it).
 */
import { advance, memory, sumUp, unfold as unfoldValues } from "./nearest.wasm";
import { pack32, unpack32 } from "./packing.ts";

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

/**
 * Every series borrows the same workbench for its inner loops, and takes its sums home again: so
 * states remain ordinary memory. In bytes: one length's sums, the lags found near, values as they
 * are and, unfolded, newest first.
 */
const SUMS_AT = 0;
const NEAR_AT = SUMS_AT + 8 * 1024;
const VALUES_AT = NEAR_AT + 8 * 1024;
const PAST_AT = VALUES_AT + 12 * 1024;
const near = new Int32Array(memory.buffer, NEAR_AT);
const workValues = new Float32Array(memory.buffer, VALUES_AT);
/** Views on the workbench, by how many sums there is room for: a handful of sizes. */
const workSums = new Map<number, Float32Array>();

/** The sums, on the workbench. */
function borrow(sums: Float32Array): Float32Array {
  let work = workSums.get(sums.length);
  if (work === undefined) {
    work = new Float32Array(memory.buffer, SUMS_AT, sums.length);
    workSums.set(sums.length, work);
  }
  work.set(sums);
  return work;
}

/** Lays out the first `count` values. */
function unfold(values: Float32Array, count: number): void {
  workValues.set(values);
  unfoldValues(VALUES_AT, count, PAST_AT);
}

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
  readonly #sums: Float32Array[];
  /** Per length: the sums of the nearest stretches, ascending, and their lags. */
  readonly #best: Float32Array[];
  readonly #lags: Int32Array[];
  /** The answer of `update`, made anew by each. */
  readonly #distances: Float64Array;
  /** Room to sort in. */
  readonly #followers = new Float32Array(NEAREST);
  /** Mean size of the values at the last renewal. */
  #size = 0;

  /** `lengths` of the stretches compared, in readings. */
  constructor(lengths: readonly number[], saved?: SavedNeighbours) {
    this.#lengths = lengths;
    this.#kept = PAST + Math.max(...lengths);
    this.#sums = lengths.map(() => new Float32Array(0));
    this.#best = lengths.map(() => new Float32Array(NEAREST).fill(Infinity));
    this.#lags = lengths.map(() => new Int32Array(NEAREST));
    this.#distances = new Float64Array(lengths.length);
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
    const lags = this.#lags[index];
    if (!lags || this.#best[index]?.[NEAREST - 1] === Infinity) return undefined;
    const followers = this.#followers;
    for (let i = 0; i < NEAREST; i++) {
      followers[i] = this.#values[this.#count - (lags[i] as number)] as number;
    }
    followers.sort();
    const at = (rank: number) => this.#origin + (followers[rank] as number);
    return {
      expected: (at(NEAREST / 2 - 1) + at(NEAREST / 2)) / 2,
      lower: at(0),
      upper: at(NEAREST - 1),
    };
  }

  /** Per length the mean distance to the nearest stretches; NaN while there are too few. */
  update(value: number): Float64Array {
    this.#beReady();
    if (this.#count === 0) this.#origin = value;
    this.#push(value);
    unfold(this.#values, this.#count);
    for (let index = 0; index < this.#lengths.length; index++) {
      this.#step(index, this.#count - 1);
      this.#distances[index] = this.#distance(index);
    }
    if (this.#since === RENEWAL) this.#renew();
    return this.#distances;
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

  /**
   * Moves every sum of one length on to the stretch that ends at `last`, and finds the nearest.
   * The past has to be unfolded as of then.
   */
  #step(index: number, last: number): void {
    const length = this.#lengths[index] as number;
    const own = this.#sums[index] as Float32Array;
    const best = this.#best[index] as Float32Array;
    const lags = this.#lags[index] as Int32Array;
    const bound = this.#bound(index, last);
    const sums = borrow(own);
    const values = this.#values;
    const newest = values[last] as number;
    const dropped = last - length;
    const leaving = dropped < 0 ? 0 : values[dropped] as number;
    // Stretches that have a reading before them drop one difference; closer ones than a length
    // would overlap the latest.
    const furthest = Math.min(PAST, dropped);
    const blocks = Math.max(0, (furthest + 1 - length) >> 3);
    const found = advance(PAST_AT, SUMS_AT, length, length, blocks, bound, NEAR_AT);
    best.fill(Infinity);
    let limit = Infinity;
    for (let i = 0; i < (found - NEAR_AT) >> 2; i++) {
      const lag = near[i] as number;
      const sum = sums[lag] as number;
      if (sum < limit) limit = insert(best, lags, sum, lag);
    }
    for (let lag = length + 8 * blocks; lag <= furthest; lag++) {
      const sum = Math.fround(
        (sums[lag] as number) + Math.abs(newest - (values[last - lag] as number)) -
          Math.abs(leaving - (values[dropped - lag] as number)),
      );
      sums[lag] = sum;
      if (sum < limit) limit = insert(best, lags, sum, lag);
    }
    for (let lag = Math.max(length, furthest + 1); lag <= Math.min(PAST, last); lag++) {
      const came = Math.abs(newest - (values[last - lag] as number));
      const sum = Math.fround((sums[lag] as number) + came);
      sums[lag] = sum;
      if (lag === dropped + 1 && sum < limit) limit = insert(best, lags, sum, lag);
    }
    own.set(sums);
  }

  /**
   * What the nearest sums cannot be above: the largest of those that were the nearest, one reading
   * later. So few others have to be looked at.
   */
  #bound(index: number, last: number): number {
    const length = this.#lengths[index] as number;
    const best = this.#best[index] as Float32Array;
    if (best[NEAREST - 1] === Infinity) return Infinity;
    const sums = this.#sums[index] as Float32Array;
    const lags = this.#lags[index] as Int32Array;
    const values = this.#values;
    const newest = values[last] as number;
    const dropped = last - length;
    const leaving = values[dropped] as number;
    let bound = -Infinity;
    for (let i = 0; i < NEAREST; i++) {
      const lag = lags[i] as number;
      const sum = (sums[lag] as number) + Math.abs(newest - (values[last - lag] as number)) -
        Math.abs(leaving - (values[dropped - lag] as number));
      if (sum > bound) bound = sum;
    }
    return Math.fround(bound);
  }

  #distance(index: number): number {
    const best = this.#best[index] as Float32Array;
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
    unfold(this.#values, end);
    for (let index = 0; index < this.#lengths.length; index++) {
      if ((this.#sums[index] as Float32Array).length <= lagMax) {
        this.#sums[index] = new Float32Array(roomFor(lagMax + 1, PAST + 1));
      }
      this.#sumUpOne(index, end, lagMax);
    }
  }

  #sumUpOne(index: number, end: number, lagMax: number): void {
    const length = this.#lengths[index] as number;
    const own = this.#sums[index] as Float32Array;
    const best = (this.#best[index] as Float32Array).fill(Infinity);
    const lags = this.#lags[index] as Int32Array;
    const sums = borrow(own);
    const blocks = Math.max(0, (Math.min(lagMax, end - length) + 1 - length) >> 3);
    sumUp(PAST_AT, SUMS_AT, length, length, blocks);
    for (let lag = length + 8 * blocks; lag <= lagMax; lag++) {
      let sum = 0;
      for (let i = Math.max(lag, end - length); i < end; i++) {
        sum += Math.abs((this.#values[i] as number) - (this.#values[i - lag] as number));
      }
      sums[lag] = sum;
    }
    let limit = Infinity;
    for (let lag = length; lag <= Math.min(lagMax, end - length); lag++) {
      const sum = sums[lag] as number;
      if (sum < limit) limit = insert(best, lags, sum, lag);
    }
    own.set(sums);
  }

  #beReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#sumUp();
    for (let last = this.#count - this.#since; last < this.#count; last++) {
      unfold(this.#values, last + 1);
      for (let index = 0; index < this.#lengths.length; index++) this.#step(index, last);
    }
  }
}

/** A power of two, or the most that will ever be needed: most series never have a long past. */
function roomFor(needed: number, most: number): number {
  return Math.min(most, 2 ** Math.ceil(Math.log2(Math.max(RENEWAL, needed))));
}

/** Puts a sum among the smallest; returns the largest of them, which the next has to beat. */
function insert(best: Float32Array, lags: Int32Array, sum: number, lag: number): number {
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
