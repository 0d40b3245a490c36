/** Values that are always in ascending order. */
export class Sorted {
  /** Room for as many as there will be. */
  readonly #values: Float64Array;
  /** One number: how many there are. */
  readonly #count: Int32Array;

  /** What there is in `room`, the first `count`, has to be in order. */
  constructor(room: Float64Array, count: Int32Array) {
    this.#values = room;
    this.#count = count;
  }

  static of(values: Float64Array): Sorted {
    return new Sorted(values.toSorted(), Int32Array.of(values.length));
  }

  get count(): number {
    return this.#count[0] as number;
  }

  private set count(count: number) {
    this.#count[0] = count;
  }

  /** These are all there is. */
  fill(values: Float64Array): void {
    this.#values.set(values.toSorted());
    this.count = values.length;
  }

  add(value: number): void {
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
