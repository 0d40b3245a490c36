/** What some simulated ATMs reported: just enough failures to train on, in seconds. */
import type { Json } from "../../events/vocabulary.ts";
import { atmReports } from "../../simulator/truth.ts";

export const LIFE_FROM = Date.UTC(2026, 0, 1);
const DAYS = 14;
export const LIFE_TO = LIFE_FROM + DAYS * 86_400_000;
export const LIFE_ATMS = 24;
const EVERY_MS = 900_000;

const WORLD = { seed: "trained on", startAt: LIFE_FROM, tempo: 1 };

export interface AtmReport {
  readonly id: string;
  readonly at: number;
  readonly data: Json;
}

/** ATM after ATM, each in the order of time. */
export function* atmLives(atms = LIFE_ATMS): Generator<AtmReport> {
  for (let index = 0; index < atms; index++) {
    for (const { at, data } of atmReports(WORLD, index, { everyMs: EVERY_MS, until: LIFE_TO })) {
      yield { id: String(data.atm_id), at, data };
    }
  }
}
