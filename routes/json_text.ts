/** JSON that came in; a mistake in it is told with its place. */
import { parseLossless } from "../events/json.ts";
import { mistakeIn } from "./json_mistake.ts";
import { ProblemError } from "./problem.ts";

/** Numbers keep every digit. Throws ProblemError (400) naming line and column. */
export function parseJson(text: string): unknown {
  try {
    return parseLossless(text);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new ProblemError(422, "too-deep", "The JSON is nested too deeply");
    }
    throw new ProblemError(400, "not-json", `The body is not JSON: ${mistakeIn(text)}`);
  }
}
