/** From how rare something is to a score, and back to words. */
import { scoreOf } from "./detector.ts";

/** A share of its own history so small is an anomaly; chosen as decision record 0009 tells. */
export const RARE = 0.036;

/** `share` as of `Tail`: 0.5 for `RARE`, 0.9 for a fifth of it. */
export function rarityScore(share: number): number {
  return scoreOf(RARE, share);
}
