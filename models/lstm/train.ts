/**
 * Trains a forecaster on a history: learn on the first 70 %, stop by the next 10 %, measure on the
 * last 20 %. What is measured is the ONNX file itself, as it will be served.
 *
 * The same readings, options and seed give the same file.
 */
import { openSession } from "../onnx/session.ts";
import type { LstmCard } from "./card.ts";
import { compare, errorQuantiles, judge } from "./evaluation.ts";
import { exportLstm } from "./export.ts";
import { FEATURES, SEQUENCE } from "./features.ts";
import { createNetwork, type Network, startTensorFlow, UNITS, type Units } from "./network.ts";
import {
  type Reading,
  type Samples,
  samplesOf,
  sliceSamples,
  usualInterval,
  WINDOW_SIZE,
} from "./samples.ts";
import { fitScaler, scale, type Scaler } from "./scaler.ts";
import {
  EPOCHS_MAX,
  READINGS_MAX,
  READINGS_MIN,
  TooLittleDataError,
  WINDOWS_MIN,
} from "./limits.ts";

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
/** Epochs without a better validation loss before it stops. */
const PATIENCE = 4;
const BATCH = 64;
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
    const expected = await foretellAll(onnx, holdOut);
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

function changesOf({ targets, lastValues }: Samples): Float64Array {
  return targets.map((value, i) => value - (lastValues[i] ?? NaN));
}

/** Leaves the network with the weights of the epoch that did best on the validation part. */
async function learn(
  network: Network,
  scaler: Scaler,
  training: Samples,
  validation: Samples,
  { seed, epochsMax, onProgress }: {
    seed: number;
    epochsMax: number;
    onProgress: (progress: TrainingProgress) => void;
  },
): Promise<Pick<LstmCard, "loss" | "bestEpoch">> {
  const inputs = scale(training.windows, scaler);
  const targets = scaledChanges(training, scaler);
  const validationInputs = scale(validation.windows, scaler);
  const validationTargets = scaledChanges(validation, scaler);
  const random = seededRandom(seed);
  const loss: { train: number; validation: number }[] = [];
  let best = { epoch: 0, loss: Infinity, weights: network.weights() };
  for (let epoch = 1; epoch <= epochsMax && epoch - best.epoch <= PATIENCE; epoch++) {
    const order = shuffled(training.count, random);
    let sum = 0;
    for (let from = 0; from < order.length; from += BATCH) {
      const chosen = order.subarray(from, from + BATCH);
      const batchLoss = await network.trainOn(
        pick(inputs, chosen, WINDOW_SIZE),
        pick(targets, chosen, 1),
      );
      sum += batchLoss * chosen.length;
      onProgress({
        epoch,
        epochsMax,
        share: (from + chosen.length) / order.length,
        loss: batchLoss,
      });
    }
    const measured = huberLoss(network.predict(validationInputs), validationTargets);
    loss.push({ train: sum / training.count, validation: measured });
    if (measured < best.loss) best = { epoch, loss: measured, weights: network.weights() };
  }
  network.restore(best.weights);
  return { loss, bestEpoch: best.epoch };
}

function scaledChanges(samples: Samples, { changeSd }: Scaler): Float32Array {
  return Float32Array.from(changesOf(samples), (change) => change / changeSd);
}

/** As the network's own loss: quadratic up to 1, linear beyond. */
function huberLoss(predicted: Float32Array, targets: Float32Array): number {
  const sum = targets.reduce((total, target, i) => {
    const error = Math.abs(target - (predicted[i] ?? NaN));
    return total + (error <= 1 ? error * error / 2 : error - 0.5);
  }, 0);
  return sum / targets.length;
}

/** What the file foretells for each sample. */
export async function foretellAll(onnx: Uint8Array, samples: Samples): Promise<Float64Array> {
  const session = await openSession(onnx);
  try {
    const shape = [samples.count, SEQUENCE, FEATURES.length];
    const answer = await session.run("window", { values: samples.windows, shape }, "expected");
    return Float64Array.from(answer);
  } finally {
    await session.release();
  }
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

function pick(values: Float32Array, chosen: Uint32Array, width: number): Float32Array {
  const picked = new Float32Array(chosen.length * width);
  chosen.forEach((place, i) =>
    picked.set(values.subarray(place * width, (place + 1) * width), i * width)
  );
  return picked;
}

function shuffled(length: number, random: () => number): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [order[i], order[other]] = [order[other] ?? 0, order[i] ?? 0];
  }
  return order;
}

/** Numbers from 0 to 1: mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}
