/** What was foretold of a reading, and how strange the reading is for that. */
import type { Foretold } from "../../events/event.ts";
import { type Judgement, scoreOf, UNKNOWN } from "../detectors/detector.ts";
import type { LstmCard } from "./card.ts";

/** An error is remarkable from this many times what 99 of 100 stay below. */
const REMARKABLE = 3;

/** Undefined where there is nothing to say, as for values too large to calculate with. */
export function forecastOf(
  expected: number,
  { errorQuantiles }: Pick<LstmCard, "errorQuantiles">,
  model: string,
): Foretold | undefined {
  return Number.isFinite(expected) ? { expected, error: errorQuantiles.p99, model } : undefined;
}

export function judgeForecast(forecast: Foretold | undefined, value: number): Judgement {
  if (forecast === undefined) return UNKNOWN;
  const { expected, error } = forecast;
  const apart = Math.abs(value - expected);
  // A series foretold without any error is still told in numbers of sixteen digits.
  const limit = Math.max(REMARKABLE * error, 1e-9 * Math.abs(expected), Number.MIN_VALUE);
  const score = scoreOf(apart, limit);
  return {
    score,
    expected,
    lower: expected - error,
    upper: expected + error,
    reason: apart > limit
      ? `${
        (apart / limit * REMARKABLE).toPrecision(2)
      } times further from what was foretold than 99 of 100 readings are`
      : "",
  };
}
