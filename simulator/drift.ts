/**
 * What wanders by itself and is drawn back: weather, load, congestion.
 *
 * An Ornstein-Uhlenbeck process, drawn exactly at whatever moments it is asked about: normal around
 * 0 with the same deviation always, forgetting where it was with a time constant.
 */
import type { Random } from "./random.ts";

export interface DriftOptions {
  readonly deviation: number;
  readonly timeMs: number;
}

/** Ask in the order of time. */
export function createDrift(
  random: Random,
  { deviation, timeMs }: DriftOptions,
): (at: number) => number {
  let value = random.normal(0, deviation);
  let lastAt: number | undefined;
  return (at) => {
    const kept = Math.exp(-(at - (lastAt ?? at)) / timeMs);
    lastAt = at;
    value = kept * value + random.normal(0, deviation * Math.sqrt(1 - kept * kept));
    return value;
  };
}
