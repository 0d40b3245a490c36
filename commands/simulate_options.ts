/** What `./telltale simulate` is asked to do, read and checked. */
import { parseArgs } from "node:util";
import { messageOf } from "../events/errors.ts";
import { parseInstant } from "../events/instant.ts";
import type { FleetOptions } from "../simulator/fleet.ts";
import { asItHappens, type Pace, perSecond, timesFaster } from "../simulator/pace.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../simulator/rhythm.ts";
import { UsageError } from "./usage.ts";

export const SIMULATION_HELP = `Usage: ./telltale simulate [options]

Publishes what a simulated fleet of ATMs, machines, stores and sensors says to the running
Telltale's bus (or to NATS_URL). The same seed and --from give the same messages, byte for byte;
those already taken are recognised as repeats.

The fleet
  --seed N          which fleet (1)
  --atms N          (20)      --machines N   (10)
  --stores N        (10)      --sensors N    (15)
  --tempo X         devices fail and recover X times as often as in life (1)
  --malformed on    also repeats, late arrivals and bodies that make no sense (off)

Its time
  --from ISO        where it begins (now; with --speed or --rate: --duration, or a day, ago)
  --duration 1h     how much of its time: s, m, h or d (without end)
  --count N         end after N messages
  --speed X         X times as fast as ours, until it has caught up with the present
  --rate M          M messages a second, whenever they happened
                    Without either: as it happens; what lies in the past is sent at once.

Examples
  ./telltale simulate
  ./telltale simulate --atms 500 --machines 0 --stores 0 --sensors 0 --speed 60 --duration 6h
  ./telltale simulate --seed 42 --from 2026-01-01 --duration 30d

Exit codes: 0 every message was acknowledged; 1 some were not, or no server; 2 wrong usage;
130 interrupted before its end`;

export interface Simulation {
  readonly options: FleetOptions;
  readonly pace: Pace;
  readonly paceText: string;
  /** Where the fleet's time ends, exclusive; Infinity for never. Epoch ms. */
  readonly until: number;
  /** Infinity for no limit. */
  readonly count: number;
  /** Whether it would end by itself. */
  readonly ends: boolean;
}

const TEXT = { type: "string" } as const;
const OPTIONS = {
  seed: TEXT,
  atms: TEXT,
  machines: TEXT,
  stores: TEXT,
  sensors: TEXT,
  tempo: TEXT,
  malformed: TEXT,
  from: TEXT,
  duration: TEXT,
  count: TEXT,
  speed: TEXT,
  rate: TEXT,
} as const;
type Given = { readonly [Name in keyof typeof OPTIONS]?: string };

export function readSimulation(args: readonly string[], now: number): Simulation {
  const given = parse(args);
  if (given.speed !== undefined && given.rate !== undefined) {
    throw wrong("--speed and --rate exclude each other");
  }
  const durationMs = given.duration === undefined ? Infinity : readDuration(given.duration);
  const startAt = given.from === undefined
    ? now - historyMs(given, durationMs)
    : readInstant("from", given.from);
  const count = given.count === undefined ? Infinity : readNumber("count", given.count, 0, true);
  return {
    options: {
      seed: readNumber("seed", given.seed ?? "1", 0, true),
      startAt,
      devices: {
        atm: readNumber("atms", given.atms ?? "20", 0, true),
        machine: readNumber("machines", given.machines ?? "10", 0, true),
        store: readNumber("stores", given.stores ?? "10", 0, true),
        sensor: readNumber("sensors", given.sensors ?? "15", 0, true),
      },
      tempo: readNumber("tempo", given.tempo ?? "1", 0.001),
      mischief: readSwitch("malformed", given.malformed ?? "off"),
    },
    ...readPace(given, startAt, now),
    until: startAt + durationMs,
    count,
    ends: Number.isFinite(durationMs) || Number.isFinite(count),
  };
}

function parse(args: readonly string[]): Given {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw wrong(messageOf(error), error);
  }
}

/** Faster than life needs a past to run through. */
function historyMs(given: Given, durationMs: number): number {
  if (given.speed === undefined && given.rate === undefined) return 0;
  return Number.isFinite(durationMs) ? durationMs : DAY_MS;
}

function readPace(
  given: Given,
  startAt: number,
  now: number,
): { readonly pace: Pace; readonly paceText: string } {
  if (given.speed !== undefined) {
    const speed = readNumber("speed", given.speed, 0.001);
    return { pace: timesFaster(speed, startAt, now), paceText: `${speed} times as fast as life` };
  }
  if (given.rate !== undefined) {
    const rate = readNumber("rate", given.rate, 0.001);
    return { pace: perSecond(rate, now), paceText: `${rate} messages a second` };
  }
  return { pace: asItHappens(), paceText: "as it happens" };
}

const UNITS_MS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
};

function readDuration(text: string): number {
  const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  if (unitMs === undefined) throw wrong(`--duration is a number with s, m, h or d, not "${text}"`);
  return Number(amount) * unitMs;
}

function readInstant(name: string, text: string): number {
  const instant = parseInstant(text);
  if (instant === undefined) {
    throw wrong(`--${name} is a moment such as 2026-01-01T08:00:00Z, not "${text}"`);
  }
  return instant;
}

function readNumber(name: string, text: string, min: number, whole = false): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!(value >= min) || (whole && !Number.isSafeInteger(value))) {
    throw wrong(`--${name} is a ${whole ? "whole " : ""}number from ${min} on, not "${text}"`);
  }
  return value;
}

function readSwitch(name: string, text: string): boolean {
  if (text !== "on" && text !== "off") throw wrong(`--${name} is on or off, not "${text}"`);
  return text === "on";
}

function wrong(problem: string, cause?: unknown): UsageError {
  return new UsageError(`${problem}; see ./telltale simulate --help`, { cause });
}
