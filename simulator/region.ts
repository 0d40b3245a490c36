/**
 * What befalls the ATMs of a region together: hot days, a network that is slow or gone.
 *
 * None of it wears parts out, so it says nothing about a failure; but it looks like decay to whoever
 * sees one ATM alone. Every ATM draws its region's fate anew, from the same seed, and so meets the
 * same.
 */
import { createIncidents, type Incident, type IncidentKind } from "./incidents.ts";
import { createRandom } from "./random.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./rhythm.ts";
import type { World } from "./device.ts";

export interface Surroundings {
  /** °C above what it would be. */
  readonly heat: number;
  /** Times what the network's latency would be. */
  readonly latency: number;
  /** Of a record to show an unstable network, on top. */
  readonly unstable: number;
  /** Whether this ATM is cut off with the others. */
  readonly cutOff: boolean;
}

const HEAT = { name: "heat", weight: 1, shortestMs: 12 * HOUR_MS, longestMs: 48 * HOUR_MS };
const CONGESTION = { name: "congestion", weight: 1, shortestMs: HOUR_MS, longestMs: 6 * HOUR_MS };
const OUTAGE = {
  name: "outage",
  weight: 1,
  shortestMs: 10 * MINUTE_MS,
  longestMs: 2 * HOUR_MS,
};
const MEAN_BETWEEN_MS = { heat: 10 * DAY_MS, congestion: 4 * DAY_MS, outage: 12 * DAY_MS };

const HEAT_MIN = 3;
const HEAT_MAX = 8;
/** It comes and goes slowly. */
const HEAT_RAMP_MS = 3 * HOUR_MS;
const LATENCY_MIN = 1.3;
const LATENCY_MAX = 2.5;
const UNSTABLE_MIN = 0.02;
const UNSTABLE_MAX = 0.2;
/** Some have another way to their bank. */
const CUT_OFF = 0.9;

/** Ask in the order of time. */
export function createRegion(
  world: World,
  region: string,
  atm: string,
): (at: number) => Surroundings {
  const heatOf = follow(world, region, HEAT, MEAN_BETWEEN_MS.heat);
  const congestionOf = follow(world, region, CONGESTION, MEAN_BETWEEN_MS.congestion);
  const outageOf = follow(world, region, OUTAGE, MEAN_BETWEEN_MS.outage, atm);
  return (at) => {
    const heat = heatOf(at);
    const congestion = congestionOf(at);
    const outage = outageOf(at);
    return {
      heat: heat ? between(HEAT_MIN, HEAT_MAX, heat.share) * rampOf(heat, at, world.tempo) : 0,
      latency: congestion ? between(LATENCY_MIN, LATENCY_MAX, congestion.share) : 1,
      unstable: congestion ? between(UNSTABLE_MIN, UNSTABLE_MAX, congestion.share) : 0,
      cutOff: outage !== undefined && outage.share < CUT_OFF,
    };
  };
}

interface Met extends Incident<string> {
  /** In [0, 1), drawn once for all who are met by it, or for this one alone. */
  readonly share: number;
}

function follow(
  world: World,
  region: string,
  kind: IncidentKind<string>,
  meanBetweenMs: number,
  alone = "",
): (at: number) => Met | undefined {
  const seed = `${world.seed} ${region} ${kind.name}`;
  const incidents = createIncidents(createRandom(seed), { ...world, kinds: [kind], meanBetweenMs });
  let met: Met | undefined;
  return (at) => {
    const incident = incidents.during(at);
    if (incident === undefined) return undefined;
    if (met?.from !== incident.from) {
      met = { ...incident, share: createRandom(`${seed} ${incident.from} ${alone}`).uniform() };
    }
    return met;
  };
}

function between(min: number, max: number, share: number): number {
  return min + (max - min) * share;
}

function rampOf({ from, until }: Met, at: number, tempo: number): number {
  return Math.min(1, (at - from) * tempo / HEAT_RAMP_MS, (until - at) * tempo / HEAT_RAMP_MS);
}
