/** One row of a file: what it says, or why it says nothing. Pure. */
import {
  CLOCK_AHEAD_MAX_MS,
  EARLIEST_INSTANT,
  formatInstant,
  parseInstant,
} from "../../events/instant.ts";
import { isLocalTime, isTimeZone } from "../../events/store.ts";
import { DEVICE_ID } from "../../events/vocabulary.ts";

/** Why a row says nothing: a sentence for whoever made the file. */
export class Unreadable {
  constructor(readonly reason: string) {}
}

export function readId(text: string): string | Unreadable {
  if (DEVICE_ID.test(text)) return text;
  return new Unreadable(
    `store_id is ${quote(text)}; expected 1 to 64 letters, digits, "_", ":" or "-"`,
  );
}

/**
 * A poll as one number that sorts: twice its microseconds since 1970, and one more where the store
 * is inactive. A double holds it exactly until 2112.
 */
export type PollKey = number;

export function readPoll(timestamp: string, status: string, now: number): PollKey | Unreadable {
  const inactive = status === "inactive";
  if (!inactive && status !== "active") {
    return new Unreadable(`status is ${quote(status)}; expected active or inactive`);
  }
  const at = parseInstant(timestamp);
  if (at === undefined) {
    return new Unreadable(
      `the timestamp is ${quote(timestamp)}; expected one such as 2023-01-22 12:09:39.388884 UTC`,
    );
  }
  if (at < EARLIEST_INSTANT || at > now + CLOCK_AHEAD_MAX_MS) {
    return new Unreadable(
      `the timestamp is ${quote(timestamp)}; expected one from ${
        formatInstant(EARLIEST_INSTANT)
      } to a day from now`,
    );
  }
  return Math.round(at * 1000) * 2 + (inactive ? 1 : 0);
}

/** As the status message writes them. */
export function pollText(key: PollKey): string {
  const inactive = key % 2;
  const timestamp = formatInstant((key - inactive) / 2000);
  return `["${timestamp}","${inactive === 1 ? "inactive" : "active"}"]`;
}

/** A row of business hours, as the schedule message has it. */
export interface HoursRow {
  readonly day: number;
  readonly start_time_local: string;
  readonly end_time_local: string;
}

export function readHours(day: string, start: string, end: string): HoursRow | Unreadable {
  if (!/^[0-6](?:\.0)?$/.test(day)) {
    return new Unreadable(`the day is ${quote(day)}; expected 0 (Monday) to 6 (Sunday)`);
  }
  for (const time of [start, end]) {
    if (!isLocalTime(time)) {
      return new Unreadable(`a time is ${quote(time)}; expected HH:MM or HH:MM:SS`);
    }
  }
  return { day: Number(day), start_time_local: start, end_time_local: end };
}

export function readZone(text: string): string | Unreadable {
  if (isTimeZone(text)) return text;
  return new Unreadable(
    `the time zone is ${quote(text)}; expected an IANA name such as America/Chicago`,
  );
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text);
}
