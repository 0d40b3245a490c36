/** Whether an ATM's history says enough, and recently enough, to foretell from. */
import { BUCKET_MS } from "./buckets.ts";
import type { AtmHistory } from "./history.ts";
import { AT, CODE, isCritical, STATUS } from "./record.ts";

const HOUR_MS = 3_600_000;
const MAINTENANCE = 3;
const ONLINE = 0;

/** An ATM whose latest record is older says nothing about now. */
export const SILENT_MAX_MS = 1_800_000;
/** Its oldest record is as old at least: the shortest window of the features is an hour. */
const HISTORY_MIN_MS = HOUR_MS;

export type NotScorable = "no-data" | "silent" | "down" | "history-too-short";

/** Why nothing is foretold at a moment; undefined where something is. `at` is epoch ms. */
export function whyNotScorable(history: AtmHistory, at: number): NotScorable | undefined {
  const { latest, first } = history;
  if (Number.isNaN(latest[AT])) return "no-data";
  if (at - (latest[AT] as number) > SILENT_MAX_MS) return "silent";
  if (isDown(latest)) return "down";
  const since = first < 0 ? Infinity : first * BUCKET_MS;
  return at - since < HISTORY_MIN_MS ? "history-too-short" : undefined;
}

/** In maintenance, or out of service with a critical code: there is nothing left to foretell. */
export function isDown(latest: readonly number[]): boolean {
  return latest[STATUS] === MAINTENANCE ||
    (latest[STATUS] !== ONLINE && isCritical(latest[CODE] as number));
}
