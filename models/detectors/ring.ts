/** The latest values of a series, up to as many as it holds. */
import type { Layout } from "./workbench.ts";

/** Where in `#state` it is. */
const NEXT = 0;
const COUNT = 1;

export class Ring {
  readonly #capacity: number;
  /** There is room for all of `capacity` only once so many values may have come. */
  readonly #values: Float64Array;
  readonly #state: Int32Array;

  constructor(layout: Layout, capacity: number) {
    this.#capacity = capacity;
    this.#values = layout.doubles(Math.min(capacity, layout.readings));
    this.#state = layout.integers(2);
  }

  /** The value that had to leave, undefined while there is room. */
  push(value: number): number | undefined {
    const next = this.#state[NEXT] as number;
    const leaving = this.isFull ? this.#values[next] : undefined;
    if (leaving === undefined) this.#state[COUNT] = this.count + 1;
    this.#values[next] = value;
    this.#state[NEXT] = next + 1 === this.#capacity ? 0 : next + 1;
    return leaving;
  }

  get count(): number {
    return this.#state[COUNT] as number;
  }

  get isFull(): boolean {
    return this.count === this.#capacity;
  }

  /** Oldest first. */
  values(): Float64Array {
    const start = this.#start();
    const values = new Float64Array(this.count);
    values.set(this.#values.subarray(start, this.count));
    values.set(this.#values.subarray(0, start), this.count - start);
    return values;
  }

  /** Added up from the oldest on. */
  mean(): number {
    const { count } = this;
    const values = this.#values;
    const start = this.#start();
    let sum = 0;
    for (let i = start; i < count; i++) sum += values[i] as number;
    for (let i = 0; i < start; i++) sum += values[i] as number;
    return sum / count;
  }

  #start(): number {
    return this.isFull ? this.#state[NEXT] as number : 0;
  }
}
