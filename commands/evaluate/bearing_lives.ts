/**
 * What was foretold of bearings that were run until they failed, and what came of it: each by what
 * the others' lives teach, as a bearing of a user's is no bearing of these.
 */
import { HOUR_MS } from "../../events/instant.ts";
import {
  failureProbability,
  type Health,
  HORIZON_HOURS,
  learnLife,
  LIFE,
  type Lived,
  remainingOf,
  THRESHOLD,
} from "../../models/vibration/mod.ts";
import { table } from "./table.ts";

/** As the actor does (`actors/inference.ts`): calm is below this share of the threshold, twice. */
const CALM_SHARE = 0.6;
const CALM_SCORES = 2;
/** Edges of the probabilities that are counted together. */
const EDGES = [0, 0.1, 0.2, 0.4, 0.6, 0.8, 1];

/** A moment in a life, and what was said of it. */
interface Scored {
  readonly probability: number;
  readonly failed: boolean;
}

interface Foretold {
  readonly scored: readonly Scored[];
  /** Of readings in alarm: whether the interval of the time left held the truth. */
  readonly held: readonly boolean[];
  /** Readings until the failure, at each prediction. */
  readonly leads: readonly number[];
}

/** A reading's time is the unit of a life: the horizon is as many readings as it has hours. */
export function describeForetold(
  runs: readonly (readonly (Health | undefined)[])[],
  intervalSeconds: number,
): string {
  const readingMs = intervalSeconds * 1000;
  const lives = runs.map((run) => livedIn(run, readingMs));
  const learned = learnLife(lives);
  if (learned === undefined) return "Too few bearings alarmed to learn from the others of each.";
  const foretold = runs.map((run, i) => {
    const others = learnLife(lives.filter((_, other) => other !== i)) ?? learned;
    // The spread is that of bearings left out already.
    return foretell(run, readingMs, { ...LIFE, ...others, spread: LIFE.spread });
  });
  const scored = foretold.flatMap(({ scored }) => scored);
  const leads = foretold.flatMap(({ leads }) => leads);
  const hits = leads.filter((lead) => lead <= HORIZON_HOURS).toSorted((a, b) => a - b);
  const noticed = foretold.filter(({ leads }) => leads.some((lead) => lead <= HORIZON_HOURS));
  const rows = EDGES.slice(1).flatMap((to, i) => {
    const from = EDGES[i] ?? 0;
    const within = scored.filter(({ probability: p }) => p >= from && (p < to || to === 1));
    if (within.length === 0) return [];
    return [[
      `${from} to ${to}`,
      String(within.length),
      meanOf(within.map(({ probability }) => probability)).toFixed(2),
      meanOf(within.map(({ failed }) => Number(failed))).toFixed(2),
    ]];
  });
  const rate = meanOf(scored.map(({ failed }) => Number(failed)));
  const brier = meanOf(
    scored.map(({ probability, failed }) => (probability - Number(failed)) ** 2),
  );
  const coverage = meanOf(
    foretold.filter(({ held }) => held.length > 0).map(({ held }) => meanOf(held.map(Number))),
  );
  return `Failure within ${HORIZON_HOURS} readings, each bearing by what the others teach:

${table([["probability", "readings", "said", "failed"], ...rows])}

Brier score ${brier.toFixed(3)} (always saying ${rate.toFixed(2)}: ${
    (rate * (1 - rate)).toFixed(3)
  }). Foretold at ${THRESHOLD}: ${hits.length} hits and ${
    leads.length - hits.length
  } false of ${leads.length}
predictions, ${noticed.length} of ${runs.length} failures, ${hits[0] ?? "-"} to ${
    hits.at(-1) ?? "-"
  } readings ahead. The interval of the time left
held ${(100 * coverage).toFixed(0)} % of the truth (of 95). All together teach: ln(left / age) = ${
    learned.atNormal.toFixed(2)
  } ${learned.perLogarithm < 0 ? "-" : "+"} ${
    Math.abs(learned.perLogarithm).toFixed(2)
  } ln(growth), within ${learned.spread.toFixed(2)}.`;
}

/** Its moments in alarm. */
function livedIn(run: readonly (Health | undefined)[], readingMs: number): Lived[] {
  return run.flatMap((health, i) =>
    health?.alarm
      ? [{ ageMs: health.ageMs, above: Math.log(health.growth), leftMs: leftMs(run, i, readingMs) }]
      : []
  );
}

/** It failed somewhere between its last reading and the next. */
function leftMs(run: readonly unknown[], i: number, readingMs: number): number {
  return (run.length - 0.5 - i) * readingMs;
}

function foretell(
  run: readonly (Health | undefined)[],
  readingMs: number,
  life: typeof LIFE,
): Foretold {
  const horizonHours = HORIZON_HOURS * readingMs / HOUR_MS;
  const scored: Scored[] = [];
  const held: boolean[] = [];
  const leads: number[] = [];
  let standing: number | undefined;
  let calm = 0;
  for (const [i, health] of run.entries()) {
    if (health === undefined || health.toLearn > 0) continue;
    const { alarm, ageMs, growth } = health;
    const left = leftMs(run, i, readingMs);
    const remaining = alarm ? remainingOf({ ageMs, above: Math.log(growth) }, life) : null;
    const probability = failureProbability({ ageMs, remaining }, horizonHours, life);
    scored.push({ probability, failed: left <= horizonHours * HOUR_MS });
    if (remaining) {
      held.push(remaining.earliestMs <= left && left <= (remaining.latestMs ?? Infinity));
    }
    calm = probability < CALM_SHARE * THRESHOLD ? calm + 1 : 0;
    if (standing !== undefined && (calm >= CALM_SCORES || i >= standing + HORIZON_HOURS)) {
      standing = undefined;
    }
    if (standing === undefined && probability >= THRESHOLD) {
      standing = i;
      leads.push(run.length - 1 - i);
    }
  }
  return { scored, held, leads };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
