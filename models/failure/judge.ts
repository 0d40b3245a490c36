/** How good claims are, in the terms of a service desk: ranks, probabilities, alarms. */
import {
  averagePrecision,
  baseRate,
  brier,
  calibrationError,
  type CurvePoint,
  precisionRecall,
  reliability,
  type ReliabilityBin,
  rocAuc,
} from "../metrics.ts";
import { type Alarms, alarmsOf, type Watched } from "./alarms.ts";

export interface Judgement {
  readonly rows: number;
  readonly baseRate: number;
  /** Average precision; by chance it is the base rate. */
  readonly prAuc: number;
  readonly rocAuc: number;
  readonly alarms: Alarms;
}

/** Of claims that are probabilities. */
export interface ProbabilityJudgement extends Judgement {
  readonly brier: number;
  /** Expected, over ten bins of equal width. */
  readonly calibrationError: number;
  readonly reliability: readonly ReliabilityBin[];
  readonly curve: readonly CurvePoint[];
}

export function judgeClaims(
  claims: ArrayLike<number>,
  rows: Watched,
  threshold: number,
): Judgement {
  return {
    rows: rows.labels.length,
    baseRate: baseRate(rows.labels),
    prAuc: averagePrecision(claims, rows.labels),
    rocAuc: rocAuc(claims, rows.labels),
    alarms: alarmsOf(claims, rows, threshold),
  };
}

export function judgeProbabilities(
  probabilities: ArrayLike<number>,
  rows: Watched,
  threshold: number,
): ProbabilityJudgement {
  return {
    ...judgeClaims(probabilities, rows, threshold),
    brier: brier(probabilities, rows.labels),
    calibrationError: calibrationError(probabilities, rows.labels),
    reliability: reliability(probabilities, rows.labels),
    curve: precisionRecall(probabilities, rows.labels),
  };
}
