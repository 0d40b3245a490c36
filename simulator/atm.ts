/** An ATM: cash runs down with trade and is refilled, hardware fails and is repaired. */
import { createIncidents } from "./incidents.ts";
import { createRandom, type Random } from "./random.ts";
import { clamp, daily, DAY_MS, HOUR_MS, MINUTE_MS, round, SECOND_MS, trade } from "./rhythm.ts";
import { described, numbered, type SimulatedDevice, type Utterance, type World } from "./device.ts";

const REGIONS = ["AIRPORT", "SUPERMARKET", "MALL", "HOSPITAL", "UNIVERSITY"] as const;

/** The span in which cash falls by 0.1 to 0.5 per cent. */
const CYCLE_MS = 30 * SECOND_MS;
const REFILL_BELOW_PERCENT = 30;

interface Fault {
  readonly status: "error" | "offline";
  readonly code: string;
  readonly message: string;
  /** Ends in maintenance: the last part of the outage. */
  readonly service: boolean;
}

const FAULTS = {
  "card-reader": fault("error", "E001", "Card reader malfunction"),
  "receipt-printer": fault("error", "E006", "Receipt printer out of paper"),
  "memory": fault("error", "E008", "Memory exhausted"),
  "network": fault("offline", "E003", "Network connection lost"),
  "dispenser-jam": fault("error", "E002", "Dispenser jam", true),
  "temperature-sensor": fault("error", "E005", "Temperature sensor failure", true),
  "overheating": fault("error", "E007", "Overheating", true),
  "power-supply": fault("offline", "E010", "Power supply failure", true),
} as const;

const INCIDENTS = [
  { name: "network", weight: 6, shortestMs: 20 * MINUTE_MS, longestMs: 2 * HOUR_MS },
  { name: "card-reader", weight: 3, shortestMs: 30 * MINUTE_MS, longestMs: 3 * HOUR_MS },
  { name: "receipt-printer", weight: 3, shortestMs: 30 * MINUTE_MS, longestMs: 3 * HOUR_MS },
  { name: "memory", weight: 1, shortestMs: 20 * MINUTE_MS, longestMs: HOUR_MS },
  { name: "dispenser-jam", weight: 2, shortestMs: 3 * HOUR_MS, longestMs: 5 * HOUR_MS },
  { name: "temperature-sensor", weight: 1, shortestMs: 3 * HOUR_MS, longestMs: 5 * HOUR_MS },
  { name: "overheating", weight: 1, shortestMs: 3 * HOUR_MS, longestMs: 5 * HOUR_MS },
  { name: "power-supply", weight: 1, shortestMs: 3 * HOUR_MS, longestMs: 5 * HOUR_MS },
  { name: "silence", weight: 3, shortestMs: HOUR_MS, longestMs: 6 * HOUR_MS },
] as const;
const MEAN_BETWEEN_MS = 5 * DAY_MS;
/** Of an outage that needs service, the share before the technician arrives. */
const WAITING_FOR_SERVICE = 0.75;

export function createAtm(world: World, index: number): SimulatedDevice {
  const id = numbered("ATM", index);
  const random = createRandom(`${world.seed} ${id}`);
  const incidents = createIncidents(random, {
    ...world,
    kinds: INCIDENTS,
    meanBetweenMs: MEAN_BETWEEN_MS,
  });
  const region = random.pick(REGIONS);
  const indoors = region !== "SUPERMARKET";
  const latencyUsualMs = random.between(60, 140);

  let cashPercent = random.between(40, 100);
  let memoryPercent = random.between(35, 60);
  let diskPercent = random.between(20, 60);
  let startedAt = world.startAt - random.between(1, 40) * DAY_MS;
  let lastAt = world.startAt;

  function passTime(at: number): void {
    const cycles = (at - lastAt) / CYCLE_MS;
    lastAt = at;
    cashPercent -= cycles * random.between(0.1, 0.5) * (0.3 + 1.4 * trade(at));
    if (cashPercent < REFILL_BELOW_PERCENT) cashPercent = random.between(92, 100);
    memoryPercent = clamp(memoryPercent + random.normal(0, 0.4), 25, 80);
    diskPercent += cycles * 0.0004;
    // The journal is rotated.
    if (diskPercent > 85) diskPercent = random.between(20, 40);
  }

  function report(at: number): readonly Utterance[] {
    passTime(at);
    const incident = incidents.during(at);
    if (incident?.name === "silence") {
      startedAt = at;
      return [];
    }
    const suffered = incident && FAULTS[incident.name];
    const inService = suffered?.service === true && incident !== undefined &&
      at > incident.from + WAITING_FOR_SERVICE * (incident.until - incident.from);
    if (inService) startedAt = at;
    const overheated = suffered === FAULTS.overheating && !inService;
    const disconnected = suffered?.status === "offline" && !inService;

    return [{
      message: "telemetry",
      data: {
        atm_id: id,
        timestamp: new Date(at).toISOString(),
        status: inService ? "maintenance" : suffered?.status ?? "online",
        uptime_seconds: Math.floor((at - startedAt) / 1000),
        cash_level_percent: round(Math.max(0, cashPercent), 2),
        temperature_celsius: round(temperature(random, at, indoors) + (overheated ? 22 : 0), 1),
        cpu_usage_percent: round(clamp(random.normal(18 + 30 * trade(at), 6), 1, 100), 1),
        memory_usage_percent: round(suffered === FAULTS.memory ? 97 : memoryPercent, 1),
        disk_usage_percent: round(diskPercent, 2),
        ...network(random, latencyUsualMs, disconnected),
        ...(suffered && !inService
          ? { error_code: suffered.code, error_message: suffered.message }
          : {}),
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

function temperature(random: Random, at: number, indoors: boolean): number {
  return random.normal(23 + (indoors ? 1.5 : 5) * daily(at, 15), 0.4);
}

function network(random: Random, usualMs: number, disconnected: boolean): Record<string, unknown> {
  if (disconnected) return { network_status: "disconnected" };
  const unstable = random.chance(0.01);
  return {
    network_status: unstable ? "unstable" : "connected",
    network_latency_ms: Math.round(
      clamp(random.normal(usualMs, 12), 50, 200) * (unstable ? random.between(2, 8) : 1),
    ),
  };
}

function fault(status: Fault["status"], code: string, message: string, service = false): Fault {
  return { status, code, message, service };
}

function title(word: string): string {
  return `${word.slice(0, 1)}${word.slice(1).toLowerCase()}`;
}
