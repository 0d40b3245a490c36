/** What is known of a trained forecaster, for people and for serving. Plain JSON. */
import type { Units } from "./network.ts";

/** Mean absolute and root mean squared error, in the unit of the series. */
export interface ForecastError {
  readonly mae: number;
  readonly rmse: number;
}

/** A naive forecast over the readings it could say something about, beside the LSTM over the same. */
export interface Baseline extends ForecastError {
  readonly readings: number;
  readonly lstmMae: number;
}

export interface LstmCard {
  readonly kind: "lstm";
  readonly series: string;
  /** ISO 8601. */
  readonly trainedAt: string;
  readonly parameters: {
    readonly seed: number;
    readonly sequence: number;
    readonly features: readonly string[];
    readonly units: Units;
    readonly learningRate: number;
    readonly batchSize: number;
  };
  readonly data: {
    /** Readings looked at, the first and the last of them. */
    readonly readings: number;
    readonly from: string;
    readonly to: string;
    /** The usual time between two, in ms; far from it nothing is foretold. */
    readonly intervalMs: number;
    /** Windows learned from, stopped by, and measured on: in this order of time. */
    readonly trainWindows: number;
    readonly validationWindows: number;
    readonly holdOutWindows: number;
    readonly holdOutFrom: string;
  };
  /** Mean Huber loss per epoch, in standard deviations of a change. */
  readonly loss: readonly { readonly train: number; readonly validation: number }[];
  /** The epoch whose weights were kept, from 1. */
  readonly bestEpoch: number;
  readonly holdOut: {
    readonly lstm: ForecastError;
    readonly lastValue: Baseline;
    /** Null where the hold-out has no day before it. */
    readonly sameTimeYesterday: Baseline | null;
  };
  /** Quantiles of the absolute error on the hold-out. */
  readonly errorQuantiles: { readonly p50: number; readonly p90: number; readonly p99: number };
  /** Whether it beats every naive forecast on the hold-out, and a sentence that says so. */
  readonly better: boolean;
  readonly verdict: string;
  /** Largest difference between the ONNX file and TensorFlow.js, in standard deviations of a change. */
  readonly exportDifference: number;
  readonly trainingSeconds: number;
}

/** Whether serving can rely on it: a card comes with an order, and anybody may have written that. */
export function isServable(card: unknown): card is LstmCard {
  const { data, errorQuantiles } = card as Partial<LstmCard>;
  const interval = data?.intervalMs;
  const error = errorQuantiles?.p99;
  return typeof interval === "number" && interval > 0 && typeof error === "number" && error >= 0;
}
