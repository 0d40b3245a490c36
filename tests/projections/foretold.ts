/** What an inference actor might have said of a device, as facts of its stream. */
import { formatInstant } from "../../events/instant.ts";
import { inferenceStreamOf } from "../../events/inference.ts";
import type { Kind } from "../../events/vocabulary.ts";
import type { Fact } from "./log.ts";

export const MODEL = "a".repeat(64);
export const FACTORS = [
  { feature: "e002_started_6h", value: 3, contribution: 1.2 },
  { feature: "latency_slope", value: null, contribution: -0.3 },
];
const HOUR = 3_600_000;

/** A device's story, told in hours after a beginning. */
export interface Teller {
  scored(hours: number, probability: number, model?: string): Fact;
  /** With the score it rests on. */
  predicted(hours: number, prediction: string, probability?: number): Fact[];
  recommended(hours: number, prediction: string): Fact;
  cleared(hours: number, prediction: string, why: string): Fact;
  hit(hours: number, prediction: string, predictedAt: number, failedAt: number): Fact;
  judged(hours: number, prediction: string, outcome: "false-alarm" | "serviced"): Fact;
  missed(hours: number, failedAt: number): Fact;
}

export function tellerOf(kind: Kind, id: string, start: number, part?: string): Teller {
  const stream = inferenceStreamOf(kind, id);
  const about = part === undefined ? {} : { part };
  const at = (hours: number) => start + hours * HOUR;
  const moment = (hours: number) => formatInstant(at(hours));
  const fact = (type: string, hours: number, data: Fact["data"]): Fact => ({
    stream,
    type,
    data: { ...about, ...data },
    occurredAt: at(hours),
  });
  const scored = (hours: number, data: Fact["data"]) =>
    fact("PredictionScored", hours, {
      leadTimeHours: null,
      failureAt: null,
      model: MODEL,
      ...data,
    });
  const risk = (probability: number, model = MODEL) => ({ probability, horizonHours: 4, model });
  return {
    scored: (hours, probability, model) => fact("RiskScored", hours, risk(probability, model)),
    predicted: (hours, prediction, probability = 0.7) => [
      fact("RiskScored", hours, risk(probability)),
      fact("FailurePredicted", hours, {
        prediction,
        ...risk(probability),
        threshold: 0.5,
        factors: FACTORS,
      }),
    ],
    recommended: (hours, prediction) =>
      fact("MaintenanceRecommended", hours, {
        prediction,
        action: "Look at the dispenser",
        by: moment(hours + 4),
      }),
    cleared: (hours, prediction, why) =>
      fact("FailureRiskCleared", hours, { prediction, probability: 0.1, why }),
    hit: (hours, prediction, predictedAt, failedAt) =>
      scored(hours, {
        prediction,
        outcome: "hit",
        leadTimeHours: failedAt - predictedAt,
        failureAt: moment(failedAt),
        code: "E002",
      }),
    judged: (hours, prediction, outcome) => scored(hours, { prediction, outcome }),
    missed: (hours, failedAt) =>
      scored(hours, {
        prediction: null,
        outcome: "miss",
        failureAt: moment(failedAt),
        code: "E007",
      }),
  };
}
