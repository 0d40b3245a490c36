/**
 * How fast a fleet's time passes. Whatever the pace, no message is sent before its own moment has
 * come by our clock: a device's clock may be late, but it does not show the future.
 */
import type { SimulatedMessage } from "./fleet.ts";

/** When to send a message. Epoch ms. */
export type Pace = (message: SimulatedMessage, index: number) => number;

/** As it happens; what is in the past is sent at once. */
export function asItHappens(): Pace {
  return ({ at }) => at;
}

/** The fleet's time passes `speed` times as fast as ours, until it has caught up with it. */
export function timesFaster(speed: number, startAt: number, startedAt: number): Pace {
  return ({ at }) => Math.max(at, startedAt + (at - startAt) / speed);
}

/** So many messages a second, whenever they happened. */
export function perSecond(rate: number, startedAt: number): Pace {
  return ({ at }, index) => Math.max(at, startedAt + (index * 1000) / rate);
}
