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
    const values = this.#values;
    const middle = count >> 1;
    // So many nearest neighbours of the middle are within; how many of them lie below it is found
    // by halving: distances grow on either side.
    const within = middle;
    let low = Math.max(0, within - (count - 1 - middle));
    let high = within;
    while (low < high) {
      const below = (low + high) >> 1;
      const down = median - (values[middle - 1 - below] as number);
      const up = (values[middle + within - below] as number) - median;
      if (down < up) low = below + 1;
      else high = below;
    }
    const down = low > 0 ? median - (values[middle - low] as number) : 0;
    const up = low < within ? (values[middle + within - low] as number) - median : 0;
    return Math.max(down, up);
  }
}
