/** What each hour of a cycle usually brings. */
import type { Layout } from "./workbench.ts";

export interface Cycle {
  /** Of which it consists, at most 255. */
  readonly hours: number;
  /** How far what is usual follows what came, each time. */
  readonly pace: number;
}

export class Profile {
  readonly #pace: number;
  /** Of each hour where it is in `#usual`, counted from 1; 0 for one that never came. */
  readonly #places: Uint8Array;
  /** Of hours that came, in the order in which they first did: most series know few. */
  readonly #usual: Float64Array;
  readonly #known: Int32Array;

  constructor(layout: Layout, { hours, pace }: Cycle) {
    this.#pace = pace;
    this.#places = layout.bytes(hours);
    this.#usual = layout.doubles(Math.min(hours, layout.readings));
    this.#known = layout.integers(1);
  }

  /** NaN for an hour that never came. Hours are counted in the cycle. */
  usual(hour: number): number {
    const place = this.#places[hour] as number;
    return place === 0 ? NaN : this.#usual[place - 1] as number;
  }

  learn(hour: number, value: number): void {
    const place = this.#places[hour] as number;
    if (place === 0) {
      const known = (this.#known[0] as number) + 1;
      this.#known[0] = known;
      this.#places[hour] = known;
      this.#usual[known - 1] = value;
    } else {
      const usual = this.#usual[place - 1] as number;
      this.#usual[place - 1] = usual + this.#pace * (value - usual);
    }
  }
}
