/** What each hour of a cycle usually brings. */
import type { Layout } from "./workbench.ts";

export interface Cycle {
  /** Of which it consists, at most 255. */
  readonly hours: number;
  /** How far what is usual follows what came, each time. */
  readonly pace: number;
}

export class Profile {
  readonly #cycle: Cycle;
  /** Of each hour where it is in `#usual`, counted from 1; 0 for one that never came. */
  readonly #places: Uint8Array;
  /** Of hours that came, in the order in which they first did: most series know few. */
  readonly #usual: Float64Array;
  readonly #known: Int32Array;

  constructor(layout: Layout, cycle: Cycle) {
    this.#cycle = cycle;
    this.#places = layout.bytes(cycle.hours);
    this.#usual = layout.doubles(Math.min(cycle.hours, layout.readings));
    this.#known = layout.integers(1);
  }

  /** NaN for an hour that never came. Hours are counted since 1970. */
  usual(hour: number): number {
    const place = this.#places[modulo(hour, this.#cycle.hours)] as number;
    return place === 0 ? NaN : this.#usual[place - 1] as number;
  }

  learn(hour: number, value: number): void {
    const { hours, pace } = this.#cycle;
    const at = modulo(hour, hours);
    const place = this.#places[at] as number;
    if (place === 0) {
      const known = (this.#known[0] as number) + 1;
      this.#known[0] = known;
      this.#places[at] = known;
      this.#usual[known - 1] = value;
    } else {
      const usual = this.#usual[place - 1] as number;
      this.#usual[place - 1] = usual + pace * (value - usual);
    }
  }
}

/** Also for moments before 1970. */
function modulo(number: number, by: number): number {
  return ((number % by) + by) % by;
}
