/** JSON that came in: numbers keep every digit, and a mistake is told with its place. */
import { mistakeIn } from "./json_mistake.ts";
import { ProblemError } from "./problem.ts";

/** Newer than TypeScript's own description of JSON. */
const LosslessJson = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
};

/** A number may hold more digits than a double: an id that somebody sent unquoted, for one. */
const MANY_DIGITS = /[\d.]{16}/;

/** Throws ProblemError (400) naming line and column. */
export function parseJson(text: string): unknown {
  try {
    return MANY_DIGITS.test(text) ? LosslessJson.parse(text, keepDigits) : JSON.parse(text);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new ProblemError(422, "too-deep", "The JSON is nested too deeply");
    }
    throw new ProblemError(400, "not-json", `The body is not JSON: ${mistakeIn(text)}`);
  }
}

/** Such a number becomes what `JSON.stringify` writes back exactly as it was. */
function keepDigits(_key: string, value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== "number" || source === undefined || String(value) === source) return value;
  return LosslessJson.rawJSON(source);
}
