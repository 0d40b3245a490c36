/**
 * Trains a forecaster on a history: learn on the first 70 %, stop by the next 10 %, measure on the
 * last 20 %. What is measured is the ONNX file itself, as it will be served.
 *
 * The same readings, options and seed give the same file.
 */
import type { LstmCard } from "./card.ts";
import { compare, errorQuantiles, judge } from "./evaluation.ts";
import { exportLstm } from "./export.ts";
import { FEATURES, SEQUENCE } from "./features.ts";
import { createNetwork, type Network, startTensorFlow, UNITS, type Units } from "./network.ts";
import { BATCH, changesOf, learn } from "./learn.ts";
import {
  EPOCHS_MAX,
  READINGS_MAX,
  READINGS_MIN,
  TooLittleDataError,
  WINDOWS_MIN,
} from "./limits.ts";
import { type Reading, type Samples, samplesOf, sliceSamples, usualInterval } from "./samples.ts";
import { fitScaler, scale, type Scaler } from "./scaler.ts";
import { openForecaster } from "./scoring.ts";

export interface TrainingOptions {
  readonly series: string;
  readonly seed: number;
  /** Epoch ms; for the card. */
  readonly now: number;
  /** @default EPOCHS_MAX */
  readonly epochsMax?: number;
  /** @default UNITS */
  readonly units?: Units;
}

export interface TrainingProgress {
  /** From 1. */
  readonly epoch: number;
  readonly epochsMax: number;
  /** Of this epoch, 0 to 1. */
  readonly share: number;
  /** The latest batch's. */
  readonly loss: number;
}

export interface TrainedModel {
  readonly card: LstmCard;
  readonly onnx: Uint8Array<ArrayBuffer>;
}

const TRAIN_SHARE = 0.7;
const VALIDATION_SHARE = 0.1;
const LEARNING_RATE = 0.003;
/** More than rounding apart, and the export is wrong. */
const EXPORT_DIFFERENCE_MAX = 1e-4;

export async function trainLstm(
  readings: readonly Reading[],
  { series, seed, now, epochsMax = EPOCHS_MAX, units = UNITS }: TrainingOptions,
  onProgress: (progress: TrainingProgress) => void = () => {},
): Promise<TrainedModel> {
  const startedAt = performance.now();
  const recent = readings.slice(-READINGS_MAX);
  const intervalMs = usualInterval(recent);
  const samples = samplesOf(recent, intervalMs);
  expectEnough(series, recent, samples);
  const validationFrom = Math.floor(TRAIN_SHARE * samples.count);
  const holdOutFrom = Math.floor((TRAIN_SHARE + VALIDATION_SHARE) * samples.count);
  const training = sliceSamples(samples, 0, validationFrom);
  const validation = sliceSamples(samples, validationFrom, holdOutFrom);
  const holdOut = sliceSamples(samples, holdOutFrom, samples.count);
  const scaler = fitScaler(training.windows, changesOf(training));
  expectVariety(series, scaler);

  await startTensorFlow();
  const network = createNetwork(units, seed, LEARNING_RATE);
  try {
    const learned = await learn(network, scaler, training, validation, {
      seed,
      epochsMax,
      onProgress,
    });
    const onnx = exportLstm(network.weights(), scaler);
    const expected = await foretellAll(onnx, holdOut.windows);
    const exportDifference = differenceOf(expected, network, scaler, holdOut);
    if (!(exportDifference < EXPORT_DIFFERENCE_MAX)) {
      throw new Error(
        `Cannot export the forecaster of "${series}": ONNX and TensorFlow.js are ${exportDifference} apart`,
      );
    }
    const measured = compare(holdOut, expected);
    const instant = (ms: number | undefined) => new Date(ms ?? NaN).toISOString();
    const card: LstmCard = {
      kind: "lstm",
      series,
      trainedAt: instant(now),
      parameters: {
        seed,
        sequence: SEQUENCE,
        features: FEATURES,
        units,
        learningRate: LEARNING_RATE,
        batchSize: BATCH,
      },
      data: {
        readings: recent.length,
        from: instant(recent[0]?.at),
        to: instant(recent.at(-1)?.at),
        intervalMs,
        trainWindows: training.count,
        validationWindows: validation.count,
        holdOutWindows: holdOut.count,
        holdOutFrom: instant(holdOut.times[0]),
      },
      ...learned,
      holdOut: measured,
      errorQuantiles: errorQuantiles(holdOut, expected),
      ...judge(measured),
      exportDifference,
      trainingSeconds: (performance.now() - startedAt) / 1000,
    };
    return { card, onnx };
  } finally {
    network.dispose();
  }
}

function expectEnough(series: string, { length }: readonly Reading[], { count }: Samples): void {
  if (length < READINGS_MIN) {
    throw new TooLittleDataError(
      `Cannot train on "${series}": it has ${length} reading${
        length === 1 ? "" : "s"
      }, and ${READINGS_MIN} are needed`,
    );
  }
  if (count < WINDOWS_MIN) {
    throw new TooLittleDataError(
      `Cannot train on "${series}": its ${length} readings hold only ${count} windows of ${SEQUENCE} without a gap, and ${WINDOWS_MIN} are needed`,
    );
  }
}

function expectVariety(series: string, { changeSd, means, sds }: Scaler): void {
  if (changeSd === 0) {
    throw new TooLittleDataError(
      `Cannot train on "${series}": its value never changes in the part to learn from, so there is nothing to foretell`,
    );
  }
  if ([changeSd, ...means, ...sds].every(Number.isFinite)) return;
  throw new TooLittleDataError(
    `Cannot train on "${series}": its values are too large to calculate with`,
  );
}

function differenceOf(
  expected: Float64Array,
  network: Network,
  scaler: Scaler,
  samples: Samples,
): number {
  const changes = network.predict(scale(samples.windows, scaler));
  return expected.reduce((most, value, i) => {
    const change = (value - (samples.lastValues[i] ?? NaN)) / scaler.changeSd;
    return Math.max(most, Math.abs(change - (changes[i] ?? NaN)));
  }, 0);
}

/** What the file itself says, as it will be served. */
async function foretellAll(onnx: Uint8Array, windows: Float64Array): Promise<Float64Array> {
  const forecaster = await openForecaster(onnx);
  try {
    return await forecaster.foretell(windows);
  } finally {
    await forecaster.close();
  }
}
