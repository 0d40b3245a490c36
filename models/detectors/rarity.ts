/** From how rare something is in its own series to a score. */
import { scoreOf } from "./detector.ts";

/**
 * A share of its own history so small is an anomaly; so common again, and what was going on is
 * over. How they were chosen is told in docs/decisions/0013-what-an-anomaly-is.md.
 */
export const RARE = 0.065;
const COMMON = 0.1;

/** `share` as of `Tail`: 0.5 for `RARE`, 0.9 for a fifth of it. */
export function rarityScore(share: number): number {
  return scoreOf(RARE, share);
}

/** Scores below are those of ordinary readings. */
export const CALM: number = rarityScore(COMMON);
