/** JSON whose numbers keep every digit: a device's own fields are not ours to round. */

/** Newer than TypeScript's description of JSON. */
const Json = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
};

/** A number may have more digits than a double holds: an id that somebody sent unquoted, for one. */
const MANY_DIGITS = /[\d.]{16}/;

/**
 * As JSON.parse; but a number that would be written back differently becomes an object which
 * `JSON.stringify` writes exactly as it was. For what is passed on, not for arithmetic.
 */
export function parseLossless(text: string): unknown {
  return MANY_DIGITS.test(text) ? Json.parse(text, keepDigits) : JSON.parse(text);
}

function keepDigits(_key: string, value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== "number" || source === undefined || String(value) === source) return value;
  return Json.rawJSON(source);
}
