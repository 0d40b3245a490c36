/**
 * ATMs whose future and hidden state are known: to learn from, and to say how good anybody could
 * possibly be.
 *
 * Reports are those of `fleet`, given without a bus. The hidden state is not in them: it is drawn
 * anew from the same seed, and comes out the same.
 */
import type { Json } from "../events/vocabulary.ts";
import { createAtm } from "./atm.ts";
import { createDegradation, createOracle } from "./degradation.ts";
import { numbered, type World } from "./device.ts";
import { createRandom } from "./random.ts";
import { HOUR_MS } from "./rhythm.ts";

export interface SimulatedReport {
  readonly at: number;
  /** The body of a telemetry message. */
  readonly data: Json;
}

/** What the ATM with this index reports, in the order of time. */
export function* atmReports(
  world: World,
  index: number,
  { everyMs, until }: { readonly everyMs: number; readonly until: number },
): Generator<SimulatedReport> {
  const atm = createAtm(world, index);
  const clock = createRandom(`${world.seed} ${atm.id} clock`);
  let at = Math.round(world.startAt + clock.uniform() * everyMs);
  while (at < until) {
    for (const { data } of atm.report(at)) yield { at, data };
    at = Math.round(at + everyMs * clock.between(0.97, 1.03));
  }
}

/** Where the ATM with this index stands. */
export function atmRegion(world: World, index: number): string {
  const [described] = createAtm(world, index).introduce(world.startAt);
  return String(described?.data.region);
}

/**
 * The probability of a failure within four hours of each moment, for somebody who sees the hidden
 * state: no model can be better than these. 1 where it has failed already and not said so yet.
 * Moments are in the order of time; the tempo is 1.
 */
export function hiddenRisks(world: World, index: number, moments: Iterable<number>): number[] {
  if (world.tempo !== 1) {
    throw new RangeError(`Cannot know the risks at tempo ${world.tempo}: expected 1`);
  }
  const degradation = createDegradation(`${world.seed} ${numbered("ATM", index)}`, world);
  return Array.from(moments, (at) => {
    degradation.advance(at);
    return degradation.breakdown ? 1 : withinFourHours(degradation.phases);
  });
}

const HORIZON_MS = 4 * HOUR_MS;
const withinFourHours = createOracle(HORIZON_MS / HOUR_MS);
