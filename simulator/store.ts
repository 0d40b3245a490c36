/** A store: opening hours in its own zone, polled about hourly, now and then found inactive. */
import { createIncidents } from "./incidents.ts";
import { createRandom, type Random } from "./random.ts";
import type { Json } from "../events/vocabulary.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./rhythm.ts";
import { described, numbered, type SimulatedDevice, type World } from "./device.ts";

const PLACES = [
  { timezone: "America/New_York", region: "EAST", city: "Boston" },
  { timezone: "America/New_York", region: "EAST", city: "Charlotte" },
  { timezone: "America/Chicago", region: "CENTRAL", city: "Madison" },
  { timezone: "America/Chicago", region: "CENTRAL", city: "Austin" },
  { timezone: "America/Denver", region: "MOUNTAIN", city: "Boulder" },
  { timezone: "America/Phoenix", region: "MOUNTAIN", city: "Tucson" },
  { timezone: "America/Los_Angeles", region: "WEST", city: "Portland" },
] as const;

const INCIDENTS = [
  { name: "inactive", weight: 4, shortestMs: 30 * MINUTE_MS, longestMs: 5 * HOUR_MS },
  { name: "silence", weight: 1, shortestMs: 4 * HOUR_MS, longestMs: 10 * HOUR_MS },
] as const;
const MEAN_BETWEEN_MS = 4 * DAY_MS;

export function createStore(world: World, index: number): SimulatedDevice {
  const id = numbered("STORE", index);
  const random = createRandom(`${world.seed} ${id}`);
  const incidents = createIncidents(random, {
    ...world,
    kinds: INCIDENTS,
    meanBetweenMs: MEAN_BETWEEN_MS,
  });
  const { timezone, region, city } = random.pick(PLACES);
  const hours = openingHours(random);

  return {
    kind: "store",
    id,
    introduce: () => [
      described({ name: `${city} ${index + 1}`, region, location: city }),
      { message: "schedule", data: { timezone_str: timezone, hours } },
    ],
    report(at) {
      const incident = incidents.during(at);
      if (incident?.name === "silence") return [];
      return [{
        message: "status",
        data: { timestamp: new Date(at).toISOString(), status: incident?.name ?? "active" },
      }];
    },
  };
}

/** As in life: most shops keep days, some close on Sundays, some sell through the night. */
function openingHours(random: Random): Json[] {
  const shape = random.pick(["day", "day", "day", "six-days", "siesta", "night", "always"]);
  const opens = `${String(random.integer(7, 10)).padStart(2, "0")}:00:00`;
  const closes = `${random.integer(18, 22)}:00:00`;
  const days = shape === "six-days" ? [0, 1, 2, 3, 4, 5] : [0, 1, 2, 3, 4, 5, 6];
  return days.flatMap((day) => {
    switch (shape) {
      case "always":
        return []; // No hours at all mean open around the clock.
      case "siesta":
        return [hours(day, opens, "13:00:00"), hours(day, "16:00:00", closes)];
      case "night":
        return [hours(day, "00:00:00", "02:00:00"), hours(day, "16:00:00", "23:59:59")];
      default:
        return [hours(day, opens, closes)];
    }
  });
}

function hours(day: number, start: string, end: string): Json {
  return { day, start_time_local: start, end_time_local: end };
}
