/** How what was foretold of a device leaves the house. */
import { z } from "@hono/zod-openapi";
import type { Remaining } from "../events/inference.ts";
import { formatInstant, HOUR_MS } from "../events/instant.ts";
import { deviceForetold, OUTCOMES, type Prediction } from "../projections/predictions.ts";
import { Instant, instantOrNull } from "./schemas.ts";

export const RISK_LEVELS = ["low", "medium", "high", "critical"] as const;
export type RiskLevel = typeof RISK_LEVELS[number];

/** As the ATM contract has it, for all kinds. */
export function riskLevelOf(probability: number): RiskLevel {
  if (probability >= 0.8) return "critical";
  if (probability >= 0.6) return "high";
  return probability >= 0.4 ? "medium" : "low";
}

export const Probability = z.number().min(0).max(1);
export const RiskLevelSchema = z.enum(RISK_LEVELS).openapi("RiskLevel");

export const RemainingJson = z.object({
  expected_hours: z.number(),
  earliest_hours: z.number(),
  latest_hours: z.number().nullable().openapi({ description: "Null where it may never fail." }),
}).openapi("Remaining");

export function remainingJson(
  { expectedHours, earliestHours, latestHours }: Remaining,
): z.infer<typeof RemainingJson> {
  return {
    expected_hours: expectedHours,
    earliest_hours: earliestHours,
    latest_hours: latestHours,
  };
}

const FactorJson = z.object({
  feature: z.string(),
  value: z.number().nullable().openapi({ description: "Null where it was not known." }),
  contribution: z.number().openapi({ description: "What it added to the log-odds." }),
}).openapi("Factor");

export const PredictionJson = z.object({
  prediction: z.string().nullable().openapi({
    description: "Its name; null for a failure that was not foretold (`outcome=miss`), of which " +
      "all that a claim would say is null.",
    example: "atm-ATM-0042.7",
  }),
  kind: z.string(),
  device: z.string(),
  part: z.string().nullable(),
  probability: Probability.nullable(),
  risk_level: RiskLevelSchema.nullable(),
  horizon_hours: z.number().nullable(),
  predicted_at: Instant.nullable(),
  until: Instant.nullable().openapi({ description: "The end of its horizon." }),
  model: z.string().nullable()
    .openapi({ description: "SHA-256 of the model, or the name of a method that is no file." }),
  threshold: z.number().nullable(),
  factors: z.array(FactorJson).openapi({ description: "What moved it, the most first." }),
  remaining: RemainingJson.nullable(),
  cleared_at: Instant.nullable(),
  why: z.string().nullable().openapi({
    description: "Why it is no longer foretold: risk-fell, expired, failed, serviced or " +
      "out-of-service.",
  }),
  outcome: z.enum(OUTCOMES).nullable()
    .openapi({ description: "Null until it is known, at most four hours after the horizon." }),
  lead_time_hours: z.number().nullable(),
  failure_at: Instant.nullable(),
  code: z.string().nullable().openapi({ description: "Of the failure." }),
  recommendation: z.object({ action: z.string(), by: Instant.nullable() }).nullable(),
}).openapi("Prediction");

export function predictionJson(row: Prediction): z.infer<typeof PredictionJson> {
  const { kind, id: device } = deviceForetold(row);
  const { claim } = row;
  return {
    prediction: claim && row.prediction,
    kind,
    device,
    part: row.part || null,
    probability: claim && claim.probability,
    risk_level: claim && riskLevelOf(claim.probability),
    horizon_hours: claim && claim.horizonHours,
    predicted_at: claim && formatInstant(row.at),
    until: claim && formatInstant(row.at + claim.horizonHours * HOUR_MS),
    model: row.model,
    threshold: claim && claim.threshold,
    factors: [...claim?.factors ?? []],
    remaining: claim?.remaining ? remainingJson(claim.remaining) : null,
    cleared_at: instantOrNull(row.clearedAt),
    why: row.why,
    outcome: row.outcome,
    lead_time_hours: row.leadTimeHours,
    failure_at: instantOrNull(row.failureAt),
    code: row.code,
    recommendation: row.action === null
      ? null
      : { action: row.action, by: instantOrNull(row.actBy) },
  };
}

export const PREDICTION_COLUMNS = [
  "prediction",
  "kind",
  "device",
  "part",
  "probability",
  "risk_level",
  "horizon_hours",
  "predicted_at",
  "until",
  "model",
  "threshold",
  "cleared_at",
  "why",
  "outcome",
  "lead_time_hours",
  "failure_at",
  "code",
] as const satisfies readonly (keyof z.infer<typeof PredictionJson>)[];
