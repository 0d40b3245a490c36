/** An ATM: cash runs down with trade and is refilled, parts decay, fail and are replaced. */
import { type Breakdown, createDegradation, FAILURES } from "./degradation.ts";
import { createDrift, type DriftOptions } from "./drift.ts";
import { createIncidents } from "./incidents.ts";
import { createRandom, type Random } from "./random.ts";
import { createRegion, type Surroundings } from "./region.ts";
import { clamp, daily, DAY_MS, HOUR_MS, MINUTE_MS, round, SECOND_MS, trade } from "./rhythm.ts";
import { createSymptoms, type Symptoms } from "./symptoms.ts";
import { described, numbered, type SimulatedDevice, type Utterance, type World } from "./device.ts";

const REGIONS = ["AIRPORT", "SUPERMARKET", "MALL", "HOSPITAL", "UNIVERSITY"] as const;

/** The span in which cash falls by 0.1 to 0.5 per cent. */
const CYCLE_MS = 30 * SECOND_MS;
const REFILL_BELOW_PERCENT = 30;

interface Fault {
  readonly status: "error" | "offline";
  readonly code: string;
  readonly message: string;
}

/** °C above what it was, once it has failed for heat. */
const OVERHEATED = 14;

/** What no decay causes: warm days, busy days, a slow network. */
const WEATHER: DriftOptions = { deviation: 1.2, timeMs: 8 * HOUR_MS };
const LOAD: DriftOptions = { deviation: 4, timeMs: 3 * HOUR_MS };
const CONGESTION: DriftOptions = { deviation: 0.15, timeMs: 3 * HOUR_MS };

const FAULTS = {
  "card-reader": fault("error", "E001", "Card reader malfunction"),
  "receipt-printer": fault("error", "E006", "Receipt printer out of paper"),
  "memory": fault("error", "E008", "Memory exhausted"),
  "network": fault("offline", "E003", "Network connection lost"),
  "note-caught": fault("error", "E002", "Dispenser jam: note caught"),
  "temperature-sensor": fault("error", "E005", "Temperature sensor failure"),
} as const;

/** What befalls an ATM whatever its parts are like, and passes by itself. Nothing precedes it. */
const INCIDENTS = [
  { name: "network", weight: 6, shortestMs: 20 * MINUTE_MS, longestMs: 2 * HOUR_MS },
  { name: "card-reader", weight: 3, shortestMs: 30 * MINUTE_MS, longestMs: 3 * HOUR_MS },
  { name: "receipt-printer", weight: 3, shortestMs: 30 * MINUTE_MS, longestMs: 3 * HOUR_MS },
  { name: "memory", weight: 1, shortestMs: 20 * MINUTE_MS, longestMs: HOUR_MS },
  { name: "note-caught", weight: 2, shortestMs: 10 * MINUTE_MS, longestMs: HOUR_MS },
  { name: "temperature-sensor", weight: 1, shortestMs: 10 * MINUTE_MS, longestMs: HOUR_MS },
  { name: "silence", weight: 3, shortestMs: HOUR_MS, longestMs: 6 * HOUR_MS },
] as const;
const MEAN_BETWEEN_MS = 5 * DAY_MS;

export function createAtm(world: World, index: number): SimulatedDevice {
  const id = numbered("ATM", index);
  const random = createRandom(`${world.seed} ${id}`);
  const incidents = createIncidents(random, {
    ...world,
    kinds: INCIDENTS,
    meanBetweenMs: MEAN_BETWEEN_MS,
  });
  const degradation = createDegradation(`${world.seed} ${id}`, world);
  const symptomsOf = createSymptoms(createRandom(`${world.seed} ${id} symptoms`), world);
  const weather = createDrift(random, WEATHER);
  const load = createDrift(random, LOAD);
  const congestion = createDrift(random, CONGESTION);
  const region = random.pick(REGIONS);
  const indoors = region !== "SUPERMARKET";
  const surroundingsOf = createRegion(world, region, id);
  const latencyUsualMs = random.between(60, 110);

  let cashPercent = random.between(40, 100);
  let memoryPercent = random.between(35, 60);
  let diskPercent = random.between(20, 60);
  let startedAt = world.startAt - random.between(1, 40) * DAY_MS;
  let lastAt = world.startAt;

  function passTime(at: number, traded: number): void {
    const cycles = (at - lastAt) / CYCLE_MS;
    lastAt = at;
    cashPercent -= cycles * random.between(0.1, 0.5) * (0.3 + 1.4 * trade(at)) * traded;
    if (cashPercent < REFILL_BELOW_PERCENT) cashPercent = random.between(92, 100);
    memoryPercent = clamp(memoryPercent + random.normal(0, 0.4), 25, 80);
    diskPercent += cycles * 0.0004;
    // The journal is rotated.
    if (diskPercent > 85) diskPercent = random.between(20, 40);
  }

  function report(at: number): readonly Utterance[] {
    degradation.advance(at);
    const surroundings = surroundingsOf(at);
    const symptoms = symptomsOf(at, degradation.phases, surroundings.heat);
    passTime(at, symptoms.trade);
    // A breakdown comes before all else: it is even seen where nothing else would be.
    const condition = degradation.breakdown
      ? brokenDown(degradation.breakdown, at)
      : conditionOf(incidents.during(at)?.name, surroundings, symptoms);
    if (condition === "silent") {
      startedAt = at;
      return [];
    }
    const { status, code, message } = condition;
    if (status === "maintenance" || symptoms.restarted) startedAt = at;
    const disconnected = status === "offline";
    const heat = symptoms.heat + (degradation.breakdown && code === "E007" ? OVERHEATED : 0);
    const ambient = temperature(random, at, indoors) + weather(at) + surroundings.heat;
    const memory = code === FAULTS.memory.code ? 97 : memoryPercent;
    const cpu = 18 + 30 * trade(at) + load(at) + symptoms.cpu;

    return [{
      message: "telemetry",
      data: {
        atm_id: id,
        timestamp: new Date(at).toISOString(),
        status,
        uptime_seconds: Math.floor((at - startedAt) / 1000),
        cash_level_percent: round(Math.max(0, cashPercent), 2),
        temperature_celsius: round(clamp(ambient + heat, -10, 60), 1),
        cpu_usage_percent: round(clamp(random.normal(cpu, 6), 1, 100), 1),
        memory_usage_percent: round(memory, 1),
        disk_usage_percent: round(diskPercent, 2),
        ...(disconnected
          ? { network_status: "disconnected" }
          : network(random, latencyUsualMs * Math.exp(congestion(at)), surroundings, symptoms)),
        ...(code === undefined ? {} : { error_code: code, error_message: message }),
      },
    }];
  }

  return {
    kind: "atm",
    id,
    introduce: () => [
      described({ name: `${title(region)} ${index + 1}`, region, location: title(region) }),
    ],
    report,
  };
}

interface Condition {
  readonly status: "online" | "offline" | "error" | "maintenance";
  readonly code?: string;
  readonly message?: string;
}

function brokenDown({ part, serviceFrom }: Breakdown, at: number): Condition {
  return at < serviceFrom ? FAILURES[part] : { status: "maintenance" };
}

function conditionOf(
  incident: typeof INCIDENTS[number]["name"] | undefined,
  { cutOff }: Surroundings,
  { trouble }: Symptoms,
): Condition | "silent" {
  if (incident === "silence") return "silent";
  if (incident) return FAULTS[incident];
  if (cutOff) return FAULTS.network;
  return trouble ?? { status: "online" };
}

function temperature(random: Random, at: number, indoors: boolean): number {
  return random.normal(23 + (indoors ? 1.5 : 5) * daily(at, 15), 0.4);
}

function network(
  random: Random,
  usualMs: number,
  surroundings: Surroundings,
  symptoms: Symptoms,
): Record<string, unknown> {
  const unstable = random.chance(surroundings.unstable + symptoms.unstable);
  const times = surroundings.latency * symptoms.latency * (unstable ? random.between(2, 8) : 1);
  return {
    network_status: unstable ? "unstable" : "connected",
    network_latency_ms: Math.round(clamp(random.normal(usualMs, 12), 50, 200) * times),
  };
}

function fault(status: Fault["status"], code: string, message: string): Fault {
  return { status, code, message };
}

function title(word: string): string {
  return `${word.slice(0, 1)}${word.slice(1).toLowerCase()}`;
}
