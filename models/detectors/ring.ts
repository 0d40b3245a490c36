/** The latest values of a series, up to as many as it holds. */
import { pack64, unpack64 } from "./packing.ts";

export class Ring {
  readonly #values: Float64Array;
  #next = 0;
  #count = 0;

  constructor(capacity: number, saved?: string) {
    this.#values = new Float64Array(capacity);
    if (saved !== undefined) { for (const value of unpack64(saved)) this.push(value); }
  }

  /** The value that had to leave, undefined while there is room. */
  push(value: number): number | undefined {
    const leaving = this.#count === this.#values.length ? this.#values[this.#next] : undefined;
    if (leaving === undefined) this.#count++;
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#values.length;
    return leaving;
  }

  get isFull(): boolean {
    return this.#count === this.#values.length;
  }

  /** Oldest first. */
  values(): Float64Array {
    const start = this.#count < this.#values.length ? 0 : this.#next;
    const values = new Float64Array(this.#count);
    values.set(this.#values.subarray(start, this.#count));
    values.set(this.#values.subarray(0, start), this.#count - start);
    return values;
  }

  /** Added up from the oldest on, wherever in the ring that lies: so a restored one has the same. */
  mean(): number {
    const start = this.#count < this.#values.length ? 0 : this.#next;
    let sum = 0;
    for (let i = start; i < this.#count; i++) sum += this.#values[i] as number;
    for (let i = 0; i < start; i++) sum += this.#values[i] as number;
    return sum / this.#count;
  }

  toJSON(): string {
    return pack64(this.values());
  }
}
