/** What is known of a store: whether it is open for business now, and when it means to be. */
import { z } from "zod";

export const STORE_STATUSES = ["active", "inactive"] as const;

/** Body of `devices.store.<id>.status`: one poll. */
export const StorePoll = z.object({
  timestamp: z.string().nullish(),
  timestamp_utc: z.string().nullish(),
  status: z.enum(STORE_STATUSES),
});

const LOCAL_TIME = /^(?:(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?|24:00(?::00)?)$/;
const localTime = z.string().regex(LOCAL_TIME, "expected HH:MM or HH:MM:SS");
const day = z.int().min(0).max(6);

const zone = z.string().refine(isTimeZone, "expected an IANA time zone such as America/Chicago");

/** Body of `devices.store.<id>.schedule`: business hours in its own zone, 0 = Monday. */
export const StoreSchedule = z.object({
  timezone_str: zone.nullish(),
  timezone: zone.nullish(),
  hours: z.array(
    z.object({
      day: day.nullish(),
      dayOfWeek: day.nullish(),
      start_time_local: localTime,
      end_time_local: localTime,
    }).refine((row) => typeof (row.day ?? row.dayOfWeek) === "number", "expected day or dayOfWeek"),
  ).max(200).nullish(),
  timestamp: z.string().nullish(),
});

const known = new Set<string>();

function isTimeZone(name: string): boolean {
  if (known.has(name)) return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
  } catch {
    return false; // Intl throws for a zone that does not exist.
  }
  known.add(name);
  return true;
}
