/**
 * Moments, as text and as numbers.
 *
 * In the program a moment is milliseconds since 1970 UTC. The fraction holds microseconds, which
 * a double does exactly enough until the year 2109: two texts that differ by a microsecond are two
 * numbers that differ, and equal texts are equal numbers.
 */

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Nothing we watch reported before this: an earlier clock was never set. */
export const EARLIEST_INSTANT = Date.UTC(2000, 0, 1);

/** A device clock may run this far ahead of ours before its reports are set aside. */
export const CLOCK_AHEAD_MAX_MS = DAY_MS;

// 2023-01-22T12:09:39.388884Z · 2023-01-22 12:09:39 UTC · 2023-01-22T12:09:39+05:30 · 2023-01-22
const PATTERN =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?(?: ?(Z|z|UTC|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?))?$/;

/** The second read last, to its text: reports come in runs of the same one. */
let lastText = "";
let lastSecondMs = 0;

/** `2023-01-22T12:09:39.388Z`: how nearly every device writes a moment. */
const MILLISECONDS_LENGTH = 24;

/** The day read last, to its text: a file of history is read day by day, in any order of hours. */
let lastDay = "";
let lastDayMs = 0;
const DAY_LENGTH = "2023-01-22".length;
const SECOND_LENGTH = "2023-01-22T12:09:39".length;
const MICROSECONDS_MAX = 6;
const SECOND_US = 1_000_000;

/** The day of a moment as the log writes it. */
export function dateOf(instant: string): string {
  return instant.slice(0, "2026-01-31".length);
}

/**
 * Milliseconds since 1970 of an ISO 8601 instant, or undefined where the text is none.
 * Without a zone it is read as UTC; an hour, day or month that does not exist is refused.
 */
export function parseInstant(text: string): number | undefined {
  if (text.length === MILLISECONDS_LENGTH && text.startsWith(lastText) && lastText !== "") {
    const ms = threeDigits(text, 20);
    if (ms >= 0 && text[19] === "." && text[23] === "Z") return lastSecondMs + ms;
  }
  const ofLastDay = inLastDay(text);
  if (ofLastDay >= 0) {
    // Whole seconds first, as below: both ways round alike.
    const micros = ofLastDay % SECOND_US;
    return lastDayMs + (ofLastDay - micros) / 1000 + micros / 1000;
  }
  const match = PATTERN.exec(text);
  if (!match) return undefined;
  const [, year = "", month = "", day = "", hour = "0", minute = "0", second = "0"] = match;
  const fraction = match[7];
  // Date.UTC takes a year below 100 for one of the twentieth century.
  if (+year < 100) return undefined;
  const date = Date.UTC(+year, +month - 1, +day, +hour, +minute, +second);
  const back = new Date(date);
  if (back.getUTCMonth() !== +month - 1 || back.getUTCDate() !== +day) return undefined;
  if (+hour > 23 || +minute > 59 || +second > 59) return undefined;
  lastDay = text.slice(0, DAY_LENGTH);
  lastDayMs = Date.UTC(+year, +month - 1, +day);
  if (text.length === MILLISECONDS_LENGTH && text[19] === "." && text[23] === "Z") {
    lastText = text.slice(0, 19);
    lastSecondMs = date;
  }
  const micros = fraction === undefined ? 0 : Number(fraction.padEnd(6, "0").slice(0, 6));
  return date + micros / 1000 - offsetMs(match[8]);
}

/**
 * Microseconds since midnight, where the text is a second of the day read last in UTC, with up to
 * six digits after it; -1 where it is anything else, and the pattern has to look at it.
 */
function inLastDay(text: string): number {
  if (text.length <= SECOND_LENGTH || lastDay === "" || !text.startsWith(lastDay)) return -1;
  const between = text[10];
  if ((between !== "T" && between !== " ") || text[13] !== ":" || text[16] !== ":") return -1;
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return -1;
  const end = text.endsWith("Z") ? text.length - 1 : text.endsWith(" UTC") ? text.length - 4 : -1;
  const whole = ((hour * 60 + minute) * 60 + second) * SECOND_US;
  if (end === SECOND_LENGTH) return whole;
  const places = end - SECOND_LENGTH - 1;
  if (places < 1 || places > MICROSECONDS_MAX || text[SECOND_LENGTH] !== ".") return -1;
  let micros = 0;
  for (let i = SECOND_LENGTH + 1; i < end; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    micros = micros * 10 + digit;
  }
  return whole + micros * 10 ** (MICROSECONDS_MAX - places);
}

/** The number of two decimal digits at a place; -1 where they are none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
}

/** The number of three decimal digits at a place; -1 where they are none. */
function threeDigits(text: string, at: number): number {
  let number = 0;
  for (let i = at; i < at + 3; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === "Z" || zone === "z" || zone === "UTC") return 0;
  const digits = zone.slice(1).replace(":", "");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0);
  return (zone[0] === "-" ? -minutes : minutes) * 60_000;
}

/** The day written last: a date is slow to print, and what is written together is mostly of one. */
let writtenDay = NaN;
let writtenDayText = "";

/** ISO 8601 in UTC: `2023-01-22T12:09:39.388884Z`, as many fractional digits as it has, 3 or 6. */
export function formatInstant(ms: number): string {
  const micros = Math.round(ms * 1000);
  const whole = Math.floor(micros / 1000);
  const day = Math.floor(whole / DAY_MS);
  if (day !== writtenDay) {
    const iso = new Date(whole).toISOString();
    writtenDayText = iso.slice(0, iso.indexOf("T") + 1);
    writtenDay = day;
  }
  const time = whole - day * DAY_MS;
  const seconds = Math.floor(time / 1000);
  const minutes = Math.floor(seconds / 60);
  const rest = micros - whole * 1000;
  return `${writtenDayText}${padded(Math.floor(minutes / 60), 2)}:${padded(minutes % 60, 2)}:${
    padded(seconds % 60, 2)
  }.${padded(time % 1000, 3)}${rest === 0 ? "" : padded(rest, 3)}Z`;
}

function padded(number: number, length: 2 | 3): string {
  const digits = number < 10 ? `0${number}` : String(number);
  return length === 3 && number < 100 ? `0${digits}` : digits;
}
