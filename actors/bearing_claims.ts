/** What a bearing's health says of its failing: a claim for the actor that foretells. */
import type { Event } from "../events/event.ts";
import type { Claim, Factor } from "../events/inference.ts";
import type { BearingAssessed } from "../events/machine.ts";
import { failureProbability, THRESHOLD } from "../models/vibration/mod.ts";
import { nameOf } from "./bearing_assessment.ts";

const HOUR_MS = 3_600_000;
const NOTHING: readonly Claim[] = [];
/** Log-odds beyond these are certainty. */
const CERTAIN = 1e-4;

const DAMAGED: Readonly<Record<string, string>> = {
  inner: "its inner race",
  outer: "its outer race",
  ball: "its rolling elements",
  cage: "its cage",
};

/** Of an assessment of a bearing that has been learned and has not failed; else none. */
export function claimsOf({ type, data }: Event): readonly Claim[] {
  if (type !== "BearingAssessed" || typeof data.probability !== "number") return NOTHING;
  const assessed = data as BearingAssessed;
  const { part, horizonHours, model, remaining } = assessed;
  const { probability } = data;
  return [{
    ...(part === undefined ? {} : { part }),
    probability,
    horizonHours,
    model,
    ...(remaining && { remaining }),
    threshold: THRESHOLD,
    factors: factorsOf(probability, assessed),
    action: actionOf(part ?? "", assessed),
  }];
}

/** Age says what it would without a sign of wear, and growth the rest. */
function factorsOf(
  probability: number,
  { ageHours, growth, alarm }: Pick<BearingAssessed, "ageHours" | "growth" | "alarm">,
): readonly Factor[] {
  const quiet = logOdds(failureProbability({ ageMs: ageHours * HOUR_MS, remaining: null }));
  const age = { feature: "age_hours", value: ageHours, contribution: quiet };
  if (!alarm) return [age];
  const contribution = logOdds(probability) - quiet;
  return [{ feature: "vibration_growth", value: growth, contribution }, age];
}

function logOdds(probability: number): number {
  const within = Math.min(1 - CERTAIN, Math.max(CERTAIN, probability));
  return Math.round(1e4 * Math.log(within / (1 - within))) / 1e4;
}

function actionOf(
  part: string,
  { growth, fault }: Pick<BearingAssessed, "growth" | "fault">,
): string {
  const damaged = DAMAGED[fault?.name ?? ""];
  return `See to it: ${nameOf(part)} vibrates ${
    growth.toFixed(1)
  } times as much as is normal for it${
    damaged === undefined ? "" : `, as with damage to ${damaged}`
  }`;
}
