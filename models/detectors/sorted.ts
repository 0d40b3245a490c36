/** Values that are always in ascending order. */

const ROOM_MIN = 32;

export class Sorted {
  /** Room for `count` and more: it doubles, because most series stay short. */
  #values: Float64Array;
  count: number;

  constructor(values: Float64Array = new Float64Array(0)) {
    this.#values = values.toSorted();
    this.count = values.length;
  }

  add(value: number): void {
    if (this.count === this.#values.length) {
      const longer = new Float64Array(Math.max(ROOM_MIN, 2 * this.count));
      longer.set(this.#values);
      this.#values = longer;
    }
    const at = this.below(value);
    this.#values.copyWithin(at + 1, at, this.count++);
    this.#values[at] = value;
  }

  /** One of those there are. */
  remove(value: number): void {
    const at = this.below(value);
    this.#values.copyWithin(at, at + 1, this.count--);
  }

  /** How many are smaller than this. */
  below(value: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#values[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  get median(): number {
    return this.#values[this.count >> 1] as number;
  }

  /** The median of the distances to the median. */
  medianDeviation(): number {
    const { median, count } = this;
    let low = count >> 1;
    let high = low;
    let deviation = 0;
    // From the middle outwards, always to the nearer side, until half of them are within.
    for (let within = 1; within <= count >> 1; within++) {
      const down = low > 0 ? median - (this.#values[low - 1] as number) : Infinity;
      const up = high < count - 1 ? (this.#values[high + 1] as number) - median : Infinity;
      deviation = Math.min(down, up);
      if (down <= up) low--;
      else high++;
    }
    return deviation;
  }
}
