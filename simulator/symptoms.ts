/**
 * What the decay of an ATM's parts does to its readings: all that can be seen of it from outside.
 *
 * Readings drift, errors come that go away by themselves, the ATM restarts; the more so the further
 * a part has decayed, but every case to another degree, late, and beneath the weather's and the
 * network's own noise. The same errors come, rarely, from sound parts.
 */
import { type Part, PARTS } from "./degradation.ts";
import type { Random } from "./random.ts";
import { HOUR_MS, MINUTE_MS } from "./rhythm.ts";

/** An error that goes away by itself. */
export interface Trouble {
  readonly status: "error" | "offline";
  readonly code: string;
  readonly message: string;
}

export interface Symptoms {
  /** What the ATM suffers from now, if anything. */
  readonly trouble: Trouble | undefined;
  /** Whether it has restarted since it was asked last. */
  readonly restarted: boolean;
  /** °C above what it would be. */
  readonly heat: number;
  /** Percentage points above what it would be. */
  readonly cpu: number;
  /** Times what it would be. */
  readonly latency: number;
  /** Of a record to show an unstable network. */
  readonly unstable: number;
  /** Times what it would be. */
  readonly trade: number;
}

interface Sign extends Trouble {
  /** Times an hour, by phase. */
  readonly perHour: readonly number[];
  readonly restarts?: true;
}

const SIGNS: Readonly<Record<Part, Sign>> = {
  "dispenser": {
    status: "error",
    code: "E002",
    message: "Dispenser jam, cleared",
    perHour: [0.003, 0.06, 0.4, 1.6, 4],
  },
  "card-reader": {
    status: "error",
    code: "E001",
    message: "Card reader retried",
    perHour: [0.006, 0.1, 0.6, 2, 5],
  },
  "cooling": {
    status: "error",
    code: "E007",
    message: "Overheating, slowed down",
    perHour: [0.002, 0.02, 0.15, 0.9, 3],
  },
  "network": {
    status: "offline",
    code: "E003",
    message: "Network connection lost",
    perHour: [0.008, 0.08, 0.3, 1.2, 3],
  },
  "power": {
    status: "offline",
    code: "E010",
    message: "Power supply dropped out",
    perHour: [0.002, 0.06, 0.4, 1.6, 4],
    restarts: true,
  },
};
/** Overheating, times an hour for each °C that the region is too warm: a sound part slows down, too. */
const OVERHEATING_PER_DEGREE = 0.006;
const TROUBLE_MIN_MS = 2 * MINUTE_MS;
const TROUBLE_MAX_MS = 6 * MINUTE_MS;

/** How far each part's decay shows, by phase. */
const SHOWN = [0, 0.15, 0.4, 0.8, 1.3];
/** One case shows less of it, another more. */
const DEGREE_MIN = 0.7;
const DEGREE_MAX = 1.3;
/** Readings follow decay with this time constant. */
const LAG_MS = 0.4 * HOUR_MS;

const HEAT_COOLING = 8;
const HEAT_POWER = 1.5;
const CPU_COOLING = 6;
const CPU_CARD_READER = 12;
const LATENCY_NETWORK = 2;
const UNSTABLE_USUAL = 0.01;
const UNSTABLE_NETWORK = 0.25;
/** Customers whose notes are held back go elsewhere. */
const TRADE_DISPENSER = -0.5;

interface Case {
  /** How far this case of decay shows, times the usual. */
  degree: number;
  phase: number;
  /** What of it has reached the readings. */
  shown: number;
}

/** Ask in the order of time; `heat` is what the region is too warm by, °C. */
export function createSymptoms(
  random: Random,
  { startAt, tempo }: { readonly startAt: number; readonly tempo: number },
): (at: number, phases: readonly number[], heat: number) => Symptoms {
  const cases = PARTS.map((): Case => ({ degree: 1, phase: 0, shown: 0 }));
  let lastAt = startAt;
  let trouble: Sign | undefined;
  let troubleUntil = -Infinity;

  function follow(elapsedMs: number, phases: readonly number[]): void {
    const passed = 1 - Math.exp(-elapsedMs / LAG_MS);
    for (const [index, own] of cases.entries()) {
      const phase = phases[index] ?? 0;
      if (own.phase === 0 && phase > 0) own.degree = random.between(DEGREE_MIN, DEGREE_MAX);
      own.phase = phase;
      own.shown += passed * ((SHOWN[phase] ?? 0) * own.degree - own.shown);
    }
  }

  /** Whether something begins within this time, and what. */
  function strike(at: number, elapsedMs: number, heat: number): Sign | undefined {
    const rates = PARTS.map((part, index) =>
      (SIGNS[part].perHour[cases[index]?.phase ?? 0] ?? 0) +
      (part === "cooling" ? OVERHEATING_PER_DEGREE * heat : 0)
    );
    const perHour = rates.reduce((sum, rate) => sum + rate, 0);
    if (!random.chance(1 - Math.exp(-perHour * elapsedMs / HOUR_MS))) return undefined;
    troubleUntil = at + random.between(TROUBLE_MIN_MS, TROUBLE_MAX_MS) / tempo;
    let rest = random.uniform() * perHour;
    return SIGNS[PARTS[rates.findIndex((rate) => (rest -= rate) < 0)] ?? "network"];
  }

  return (at, phases, heat) => {
    const elapsedMs = (at - lastAt) * tempo;
    lastAt = at;
    follow(elapsedMs, phases);
    const before = trouble;
    if (at >= troubleUntil) trouble = strike(at, elapsedMs, heat);
    const [dispenser = 0, cardReader = 0, cooling = 0, network = 0, power = 0] = cases
      .map(({ shown }) => shown);
    return {
      trouble,
      restarted: before !== trouble && before?.restarts === true,
      heat: HEAT_COOLING * cooling + HEAT_POWER * power,
      cpu: CPU_COOLING * cooling + CPU_CARD_READER * cardReader,
      latency: 1 + LATENCY_NETWORK * network,
      unstable: UNSTABLE_USUAL + UNSTABLE_NETWORK * network,
      trade: 1 + TRADE_DISPENSER * Math.min(1, dispenser),
    };
  };
}
