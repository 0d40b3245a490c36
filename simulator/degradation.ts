/**
 * Why an ATM fails: five parts that wear out, each by a hidden process of its own.
 *
 * A part is sound, or in one of four phases of decay, or has failed. It waits in each for a time
 * without memory and then goes on to the next phase or back to an earlier one, so what lies ahead
 * depends on the phases alone, and the chance of a failure within some hours can be computed
 * exactly. A device shows the phases only by what they do to its readings (`symptoms.ts`). The
 * whole model is written down in docs/generative-model.md.
 */
import { createRandom, type Random } from "./random.ts";
import { DAY_MS, HOUR_MS } from "./rhythm.ts";

export const PARTS = ["dispenser", "card-reader", "cooling", "network", "power"] as const;
export type Part = typeof PARTS[number];

/** 0 is sound, 1 to 4 are phases of decay. */
export const PHASES = 5;
const FAILED = PHASES;

interface Way {
  readonly to: number;
  /** Once in as many hours, on average. */
  readonly hours: number;
}

/** The ways out of each phase, the same for every part. */
const WAYS: readonly (readonly Way[])[] = [
  [{ to: 1, hours: 24 * 22 }, { to: FAILED, hours: 24 * 600 }],
  [{ to: 2, hours: 8 }, { to: 0, hours: 10 }],
  [{ to: 3, hours: 5 }, { to: 1, hours: 24 }],
  [{ to: 4, hours: 2.5 }, { to: 2, hours: 24 }],
  [{ to: FAILED, hours: 1.25 }],
];

/** How a part's failure begins, and what is said of it. */
export const FAILURES: Readonly<
  Record<Part, { status: "error" | "offline"; code: string; message: string }>
> = {
  "dispenser": { status: "error", code: "E002", message: "Dispenser jam" },
  // A card that is held fast stops the transport it shares with the notes.
  "card-reader": { status: "error", code: "E002", message: "Dispenser jam: transport blocked" },
  "cooling": { status: "error", code: "E007", message: "Overheating" },
  // A modem that burns out takes the supply it hangs on with it.
  "network": { status: "offline", code: "E010", message: "Power supply failure: modem" },
  "power": { status: "offline", code: "E010", message: "Power supply failure" },
};

/** Well within the two to four hours of the contract, whatever the pace of reports. */
const SERVICE_AFTER_MIN_MS = 2.2 * HOUR_MS;
const SERVICE_AFTER_MAX_MS = 3.8 * HOUR_MS;
const SERVICE_MIN_MS = 0.5 * HOUR_MS;
const SERVICE_MAX_MS = 1.5 * HOUR_MS;
/** So long before a fleet's first report its parts were new: then they are of every age. */
const PAST_MS = 60 * DAY_MS;

export interface Breakdown {
  readonly part: Part;
  readonly from: number;
  /** When the technician comes. */
  readonly serviceFrom: number;
  readonly until: number;
}

export interface Degradation {
  /** The phase of each part, in the order of `PARTS`. Ask in the order of time. */
  readonly phases: readonly number[];
  /** A breakdown that is under way. */
  readonly breakdown: Breakdown | undefined;
  /** Lets time pass. */
  advance(at: number): void;
}

interface PartState {
  readonly random: Random;
  phase: number;
  /** When it leaves its phase, and for which. */
  leavesAt: number;
  next: number;
}

/** `tempo`: how many times faster than in life parts wear out, and are mended. */
export function createDegradation(
  seed: string,
  { startAt, tempo }: { readonly startAt: number; readonly tempo: number },
): Degradation {
  const outages = createRandom(`${seed} outages`);
  const bornAt = startAt - PAST_MS / tempo;
  const parts = PARTS.map((part): PartState => {
    const random = createRandom(`${seed} ${part}`);
    return enter({ random, phase: 0, leavesAt: 0, next: 0 }, 0, bornAt);
  });
  const phases = parts.map(() => 0);
  let breakdown: Breakdown | undefined;

  function enter(part: PartState, phase: number, at: number): PartState {
    part.phase = phase;
    part.leavesAt = Infinity;
    // The first of several ways to come up is the one taken.
    for (const { to, hours } of WAYS[phase] ?? []) {
      const leavesAt = at + part.random.waiting(hours * HOUR_MS) / tempo;
      if (leavesAt < part.leavesAt) Object.assign(part, { leavesAt, next: to });
    }
    return part;
  }

  function breakDown(part: Part, from: number): Breakdown {
    const after = outages.between(SERVICE_AFTER_MIN_MS, SERVICE_AFTER_MAX_MS) / tempo;
    const serviceMs = outages.between(SERVICE_MIN_MS, SERVICE_MAX_MS) / tempo;
    return { part, from, serviceFrom: from + after, until: from + after + serviceMs };
  }

  return {
    phases,
    get breakdown() {
      return breakdown;
    },
    advance(at) {
      for (;;) {
        if (breakdown) {
          if (at < breakdown.until) break;
          // The technician leaves every part as good as new.
          for (const part of parts) enter(part, 0, breakdown.until);
          breakdown = undefined;
        }
        const index = firstToLeave(parts);
        const part = parts[index] as PartState;
        if (part.leavesAt > at) break;
        if (part.next === FAILED) breakdown = breakDown(PARTS[index] as Part, part.leavesAt);
        else enter(part, part.next, part.leavesAt);
      }
      for (let i = 0; i < parts.length; i++) phases[i] = (parts[i] as PartState).phase;
    },
  };
}

function firstToLeave(parts: readonly PartState[]): number {
  let first = 0;
  for (let i = 1; i < parts.length; i++) {
    if ((parts[i] as PartState).leavesAt < (parts[first] as PartState).leavesAt) first = i;
  }
  return first;
}

/** Beyond, the chance of no jump at all is too small a number to begin with. */
const ORACLE_HOURS_MAX = 700;

/**
 * What somebody knows who sees the hidden phases: the probability that an ATM in service breaks
 * down within so many hours (at a tempo of 1). Nobody who sees less can do better, so a model is
 * held against this.
 *
 * Parts fail independently, so the ATM survives with the product of their chances. A part's own
 * chance is that of a Markov process to be absorbed: rows of the transition matrix after these
 * hours, by uniformization (Jensen 1953): jumps come at one constant rate, their number has a
 * Poisson distribution, and each is a step of a chain that may also stay where it is.
 */
export function createOracle(hours: number): (phases: readonly number[]) => number {
  if (!(hours >= 0 && hours <= ORACLE_HOURS_MAX)) {
    throw new RangeError(`Cannot look ${hours} hours ahead: expected 0 to ${ORACLE_HOURS_MAX}`);
  }
  const failing = absorbedWithin(hours);
  return (phases) => 1 - phases.reduce((alive, phase) => alive * (1 - (failing[phase] ?? 0)), 1);
}

function absorbedWithin(hours: number): number[] {
  const leaving = WAYS.map((ways) => ways.reduce((sum, way) => sum + 1 / way.hours, 0));
  const rate = Math.max(...leaving);
  const mean = rate * hours;
  // After n jumps, the chance to have failed, from each phase; the last is failure itself.
  let failed = [...WAYS.map(() => 0), 1];
  let chanceOfJumps = Math.exp(-mean);
  const total = failed.map((chance) => chance * chanceOfJumps);
  const jumpsMax = mean + 12 * Math.sqrt(mean) + 30;
  for (let jumps = 1; jumps <= jumpsMax; jumps++) {
    failed = [
      ...WAYS.map((ways, phase) =>
        ways.reduce(
          (sum, { to, hours }) => sum + (failed[to] as number) / (hours * rate),
          (failed[phase] as number) * (1 - (leaving[phase] as number) / rate),
        )
      ),
      1,
    ];
    chanceOfJumps *= mean / jumps;
    for (let i = 0; i < total.length; i++) {
      total[i] = (total[i] as number) + (failed[i] as number) * chanceOfJumps;
    }
  }
  return total;
}
