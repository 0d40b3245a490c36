/** A sensor: a daily and a yearly curve with noise; spikes, stuck values and drift befall it. */
import { createIncidents } from "./incidents.ts";
import { createRandom } from "./random.ts";
import { clamp, daily, DAY_MS, HOUR_MS, MINUTE_MS, round, yearly } from "./rhythm.ts";
import { described, numbered, type SimulatedDevice, type World } from "./device.ts";

interface SensorType {
  readonly name: string;
  readonly unit: string;
  readonly usual: number;
  /** How far the value swings over the day, over the year, and by itself. */
  readonly daily: number;
  readonly yearly: number;
  readonly noise: number;
  readonly peakHour: number;
  readonly min: number;
  readonly max: number;
}

const TYPES = [
  sensorType("temperature", "°C", 21, [2.5, 4, 0.15], 15, [-40, 80]),
  sensorType("humidity", "%", 48, [-8, 9, 0.8], 15, [0, 100]),
  sensorType("pressure", "hPa", 1013, [1.2, 2, 0.3], 10, [870, 1085]),
  sensorType("power", "kW", 42, [24, -6, 1.5], 14, [0, 200]),
  sensorType("co2", "ppm", 620, [190, 0, 12], 13, [380, 5000]),
  sensorType("flow", "l/min", 85, [30, 5, 2], 11, [0, 400]),
] as const;
const PLACES = ["Hall A", "Hall B", "Roof", "Cold store", "Server room"] as const;

const INCIDENTS = [
  { name: "flat-line", weight: 3, shortestMs: 30 * MINUTE_MS, longestMs: 4 * HOUR_MS },
  { name: "drift", weight: 2, shortestMs: 2 * HOUR_MS, longestMs: 12 * HOUR_MS },
  { name: "silence", weight: 4, shortestMs: HOUR_MS, longestMs: 6 * HOUR_MS },
] as const;
const MEAN_BETWEEN_MS = 5 * DAY_MS;
const SPIKE_CHANCE = 0.0015;

export function createSensor(world: World, index: number): SimulatedDevice {
  const id = numbered("SENSOR", index);
  const random = createRandom(`${world.seed} ${id}`);
  const incidents = createIncidents(random, {
    ...world,
    kinds: INCIDENTS,
    meanBetweenMs: MEAN_BETWEEN_MS,
  });
  const type = TYPES[index % TYPES.length] ?? TYPES[0];
  const place = random.pick(PLACES);
  const offset = random.normal(0, 2 * type.noise);
  let lastValue = type.usual;

  function measure(at: number): number {
    const incident = incidents.during(at);
    if (incident?.name === "flat-line") return lastValue;
    const swing = type.daily * daily(at, type.peakHour) + type.yearly * yearly(at);
    const drift = incident?.name === "drift"
      ? 12 * type.noise * (at - incident.from) / (incident.until - incident.from)
      : 0;
    const spike = random.chance(SPIKE_CHANCE) ? type.noise * random.between(15, 40) : 0;
    const value = random.normal(type.usual + offset + swing + drift + spike, type.noise);
    return round(clamp(value, type.min, type.max), 3);
  }

  return {
    kind: "sensor",
    id,
    introduce: () => [
      described({ name: `${type.name} ${index + 1}`, region: "PLANT", location: place }),
    ],
    report(at) {
      if (incidents.during(at)?.name === "silence") return [];
      lastValue = measure(at);
      return [{
        message: "reading",
        data: {
          sensor_id: id,
          sensor_type: type.name,
          value: lastValue,
          unit: type.unit,
          location: place,
          timestamp: new Date(at).toISOString(),
        },
      }];
    },
  };
}

function sensorType(
  name: string,
  unit: string,
  usual: number,
  [byDay, byYear, noise]: readonly [number, number, number],
  peakHour: number,
  [min, max]: readonly [number, number],
): SensorType {
  return { name, unit, usual, daily: byDay, yearly: byYear, noise, peakHour, min, max };
}
