/** The epochs of a training: batches in an order of chance, until the validation part says enough. */
import type { LstmCard } from "./card.ts";
import type { Network } from "./network.ts";
import { type Samples, WINDOW_SIZE } from "./samples.ts";
import { scale, type Scaler } from "./scaler.ts";
import type { TrainingProgress } from "./train.ts";

/** Epochs without a better validation loss before it stops. */
const PATIENCE = 4;
export const BATCH = 64;

/** Leaves the network with the weights of the epoch that did best on the validation part. */
export async function learn(
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

/** From each window's last value to the one that followed. */
export function changesOf({ targets, lastValues }: Samples): Float64Array {
  return targets.map((value, i) => value - (lastValues[i] ?? NaN));
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
