/** What is known of a store: whether it is open for business now, and when it means to be. */
import { z } from "zod";
import { parseInstant } from "./instant.ts";
import type { Json } from "./vocabulary.ts";

export const STORE_STATUSES = ["active", "inactive"] as const;
export type StoreStatus = typeof STORE_STATUSES[number];

/** Body of `devices.store.<id>.status`: one poll. */
export const StorePoll = z.object({
  timestamp: z.string().nullish(),
  timestamp_utc: z.string().nullish(),
  status: z.enum(STORE_STATUSES),
});

/** Together they fit into a message, and no actor is busy with one of them for long. */
export const POLLS_MAX = 5_000;

/** Body of `devices.store.<id>.polls`: many polls of one store, `[timestamp, status]` each. */
export const StorePolls = z.object({
  polls: z.array(z.tuple([z.string(), z.enum(STORE_STATUSES)])).min(1).max(POLLS_MAX),
});

export interface Poll {
  /** Epoch ms; NaN where the text is no instant, which only a message can have that was refused. */
  readonly at: number;
  readonly status: StoreStatus;
}

/** Read once for everybody who looks at the same event. */
const read = new WeakMap<Json, readonly Poll[]>();

/**
 * The polls of such a body in the order of their moments; of two at one moment inactive comes last,
 * and one that is there twice counts once.
 */
export function pollsOf(body: Json): readonly Poll[] {
  let polls = read.get(body);
  if (polls === undefined) {
    polls = readPolls(body.polls as [string, StoreStatus][]);
    read.set(body, polls);
  }
  return polls;
}

function readPolls(told: readonly [timestamp: string, status: StoreStatus][]): readonly Poll[] {
  const polls = told.map(([text, status]): Poll => ({
    at: parseInstant(text) ?? NaN,
    // One of two strings, instead of as many as there are polls.
    status: status === "inactive" ? "inactive" : "active",
  }));
  if (polls.every((poll, i) => i === 0 || comparePolls(polls[i - 1] ?? poll, poll) < 0)) {
    return polls;
  }
  polls.sort(comparePolls);
  return polls.filter((poll, i) => i === 0 || comparePolls(polls[i - 1] ?? poll, poll) !== 0);
}

function comparePolls(a: Poll, b: Poll): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.status === b.status) return 0;
  return a.status === "active" ? -1 : 1;
}

/**
 * Body of `devices.store.<id>.unreadable`: a line of a file of polls, hours or zones that says
 * nothing. It is sent to be set aside with the messages nobody understood, where people look.
 */
export const UnreadableLine = z.object({
  file: z.string(),
  line: z.int(),
  text: z.string(),
  reason: z.string(),
});

export function explainUnreadable({ file, line, reason }: Json): string {
  return `${file}, line ${line}: ${reason}`;
}

const LOCAL_TIME = /^(?:(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?|24:00(?::00)?)$/;
const localTime = z.string().regex(LOCAL_TIME, "expected HH:MM or HH:MM:SS");

export function isLocalTime(text: string): boolean {
  return LOCAL_TIME.test(text);
}

const day = z.int().min(0).max(6);

const zone = z.string().refine(isTimeZone, "expected an IANA time zone such as America/Chicago");

/**
 * Body of `devices.store.<id>.schedule`: business hours in its own zone, 0 = Monday. What is not
 * mentioned stays as it was; `null` takes it back.
 */
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

export function isTimeZone(name: string): boolean {
  if (known.has(name)) return true;
  try {
    // Each takes for a zone what the other does not: "IST", which may be any of three, or an instant.
    new Intl.DateTimeFormat("en", { timeZone: name });
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
  } catch {
    return false; // Both throw for a zone that does not exist.
  }
  known.add(name);
  return true;
}
