/** A bearing with a damaged outer race, as an accelerometer hears it. */
import { createRandom } from "../../simulator/random.ts";

/** SKF 6205, in millimetres. */
export const GEOMETRY = { balls: 9, ballDiameter: 7.94, pitchDiameter: 39.04 };
export const RATE_HZ = 12_000;
export const RPM = 1_800;
/** 9/2 · (1 − 7.94/39.04) a turn, 30 turns a second. */
export const OUTER_HZ = 107.54;

/** Each ball that passes the spot makes the housing ring at 3 kHz; g, with noise, four seconds. */
export function struckBearing(): number[] {
  const random = createRandom("bearing");
  return Array.from({ length: 4 * RATE_HZ }, (_, i) => {
    const sinceStrike = (i / RATE_HZ) % (1 / OUTER_HZ);
    const ringing = Math.exp(-800 * sinceStrike) * Math.sin(2 * Math.PI * 3000 * sinceStrike);
    return ringing + random.normal(0, 0.2);
  });
}
