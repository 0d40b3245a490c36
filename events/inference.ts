/**
 * What was foretold of a device, and what came of it. Recorded in `inference-<kind>-<id>`, the stream
 * of the actor that stands beside the device's own; so replaying the log never runs a model.
 *
 * A prediction is about a part where the device has parts (a machine's bearing), else about all of it.
 */
import type { NewEvent } from "./event.ts";
import { type Kind, streamOf } from "./vocabulary.ts";

export const INFERENCE_KIND = "inference";

/** The stream of what is foretold of a device: `inference-atm-ATM-0042`. */
export function inferenceStreamOf(kind: Kind, id: string): string {
  return inferenceBeside(streamOf(kind, id));
}

/** The same, by the device's own stream. */
export function inferenceBeside(stream: string): string {
  return streamOf(INFERENCE_KIND, stream);
}

const PREFIX = `${INFERENCE_KIND}-`;

/** The stream of the device that a stream's events are about: its own, for a device's. */
export function deviceStreamOf(stream: string): string {
  return stream.startsWith(PREFIX) ? stream.slice(PREFIX.length) : stream;
}

/** What a model said of a device at a moment. */
export type Risk = {
  /** Absent where it is about the whole device. */
  readonly part?: string;
  /** Of a failure that begins within the horizon, 0 to 1. */
  readonly probability: number;
  readonly horizonHours: number;
  /** SHA-256 of the model, or the name and version of a method that is no file. */
  readonly model: string;
  /** Until failure, where the model says it; hours from the moment. */
  readonly remaining?: Remaining;
};

export interface Remaining {
  readonly expectedHours: number;
  readonly earliestHours: number;
  /** Null where it may never come to that. */
  readonly latestHours: number | null;
}

/** What moved the probability, the most first. */
export interface Factor {
  readonly feature: string;
  /** Null where it was not known. */
  readonly value: number | null;
  /** What it added to the model's log-odds. */
  readonly contribution: number;
}

/** What a model or a method says of a device, and what is needed to act on it. */
export interface Claim extends Risk {
  /** From this probability on it is foretold. */
  readonly threshold: number;
  /** Wanted only of what may be foretold. */
  readonly factors: readonly Factor[];
  /** What should be done about it, for whoever is sent. */
  readonly action: string;
}

/** Why a risk is no longer foretold. */
export type Cleared =
  /** The probability fell below where it may rest. */
  | "risk-fell"
  /** The horizon passed. */
  | "expired"
  /** It failed, as foretold. */
  | "failed"
  /** Somebody saw to it before it failed. */
  | "serviced"
  | "out-of-service";

export type InferenceEvent =
  /** Every score of the schedule, so that probabilities can be held against what came. */
  | NewEvent<"RiskScored", Risk>
  /** `prediction` names it, once and for all; it is told of until it is cleared. */
  | NewEvent<
    "FailurePredicted",
    Risk & { prediction: string; threshold: number; factors: readonly Factor[] }
  >
  | NewEvent<
    "FailureRiskCleared",
    { prediction: string; part?: string; probability: number | null; why: Cleared }
  >
  /** What should be done about a prediction, and by when (ISO 8601). */
  | NewEvent<
    "MaintenanceRecommended",
    { prediction: string; part?: string; action: string; by: string }
  >
  /**
   * What became of a prediction, or of a failure that none foretold (`prediction` null). A false
   * alarm is known when no failure began within the horizon; one that was serviced before it could
   * fail is neither hit nor false alarm.
   */
  | NewEvent<"PredictionScored", {
    prediction: string | null;
    part?: string;
    outcome: "hit" | "false-alarm" | "miss" | "serviced";
    /** From the prediction to the failure's beginning; null where either is missing. */
    leadTimeHours: number | null;
    /** ISO 8601. */
    failureAt: string | null;
    code?: string;
    /** Of the prediction, or of the latest score before the failure; null where there was none. */
    model: string | null;
  }>;

/** A device failed; recorded in its own stream, when that is certain. Moments are ISO 8601. */
export type FailureEvent = NewEvent<"FailureObserved", {
  part?: string;
  beganAt: string;
  /** The error code, or what a part's failure shows by: `zone-d`. */
  code: string;
  /** When it was taken into service; absent where that is not known. */
  serviceAt?: string;
}>;
