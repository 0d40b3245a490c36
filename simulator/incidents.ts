/**
 * What befalls a device from time to time: an outage, a stuck value, silence.
 *
 * Incidents are independent draws: nothing in a device's readings precedes them, so nothing can be
 * learned about predicting one. Failures that something precedes have their own causes
 * (`degradation.ts`).
 */
import type { Random } from "./random.ts";

export interface IncidentKind<Name extends string> {
  readonly name: Name;
  /** How often, relative to the others. */
  readonly weight: number;
  readonly shortestMs: number;
  readonly longestMs: number;
}

export interface Incident<Name extends string> {
  readonly name: Name;
  readonly from: number;
  readonly until: number;
}

export interface Incidents<Name extends string> {
  /** What the device suffers from at this moment. Ask in the order of time. */
  during(at: number): Incident<Name> | undefined;
}

export interface IncidentOptions<Name extends string> {
  readonly kinds: readonly [IncidentKind<Name>, ...IncidentKind<Name>[]];
  /** From the end of one to the beginning of the next, on average. */
  readonly meanBetweenMs: number;
  readonly startAt: number;
  /** How many times faster than in life: more incidents, each as much shorter. */
  readonly tempo: number;
}

export function createIncidents<Name extends string>(
  random: Random,
  { kinds, meanBetweenMs, startAt, tempo }: IncidentOptions<Name>,
): Incidents<Name> {
  let incident = drawAfter(startAt);

  function drawAfter(at: number): Incident<Name> {
    const kind = pickByWeight(random, kinds);
    const from = at + random.waiting(meanBetweenMs) / tempo;
    return {
      name: kind.name,
      from,
      until: from + random.between(kind.shortestMs, kind.longestMs) / tempo,
    };
  }

  return {
    during(at) {
      while (incident.until <= at) incident = drawAfter(incident.until);
      return incident.from <= at ? incident : undefined;
    },
  };
}

function pickByWeight<Name extends string>(
  random: Random,
  kinds: readonly [IncidentKind<Name>, ...IncidentKind<Name>[]],
): IncidentKind<Name> {
  let rest = random.uniform() * kinds.reduce((sum, { weight }) => sum + weight, 0);
  return kinds.find(({ weight }) => (rest -= weight) < 0) ?? kinds[0];
}
