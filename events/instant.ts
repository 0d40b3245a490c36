/**
 * Moments, as text and as numbers.
 *
 * In the program a moment is milliseconds since 1970 UTC. The fraction holds microseconds, which
 * a double does exactly enough until the year 2109: two texts that differ by a microsecond are two
 * numbers that differ, and equal texts are equal numbers.
 */

/** Nothing we watch reported before this: an earlier clock was never set. */
export const EARLIEST_INSTANT = Date.UTC(2000, 0, 1);

/** A device clock may run this far ahead of ours before its reports are set aside. */
export const CLOCK_AHEAD_MAX_MS = 24 * 3_600_000;

// 2023-01-22T12:09:39.388884Z · 2023-01-22 12:09:39 UTC · 2023-01-22T12:09:39+05:30 · 2023-01-22
const PATTERN =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?(?: ?(Z|z|UTC|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?))?$/;

/** The second read last, to its text: reports come in runs of the same one. */
let lastText = "";
let lastSecondMs = 0;

/** `2023-01-22T12:09:39.388Z`: how nearly every device writes a moment. */
const MILLISECONDS_LENGTH = 24;

/**
 * Milliseconds since 1970 of an ISO 8601 instant, or undefined where the text is none.
 * Without a zone it is read as UTC; an hour, day or month that does not exist is refused.
 */
export function parseInstant(text: string): number | undefined {
  if (text.length === MILLISECONDS_LENGTH && text.startsWith(lastText) && lastText !== "") {
    const ms = threeDigits(text, 20);
    if (ms >= 0 && text[19] === "." && text[23] === "Z") return lastSecondMs + ms;
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
  if (text.length === MILLISECONDS_LENGTH && text[19] === "." && text[23] === "Z") {
    lastText = text.slice(0, 19);
    lastSecondMs = date;
  }
  const micros = fraction === undefined ? 0 : Number(fraction.padEnd(6, "0").slice(0, 6));
  return date + micros / 1000 - offsetMs(match[8]);
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

/** ISO 8601 in UTC: `2023-01-22T12:09:39.388884Z`, as many fractional digits as it has, 3 or 6. */
export function formatInstant(ms: number): string {
  const micros = Math.round(ms * 1000);
  const whole = Math.floor(micros / 1000);
  const iso = new Date(whole).toISOString();
  const rest = micros - whole * 1000;
  return rest === 0 ? iso : `${iso.slice(0, -1)}${String(rest).padStart(3, "0")}Z`;
}
