/**
 * The network, in TensorFlow.js: LSTM 64, LSTM 32, one number out.
 *
 * What comes out is the change from the last value to the next, in standard deviations of such
 * changes. An untrained network thus says "as before", the naive forecast, and learns what to add.
 */
import { restoreWorker } from "../onnx/web_worker.ts"; // Before the packages.
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import { FEATURES, SEQUENCE } from "./features.ts";

export interface Units {
  readonly first: number;
  readonly second: number;
}

export const UNITS: Units = { first: 64, second: 32 };

/** Of one LSTM layer, as TensorFlow.js has them: gates side by side, in the order i, f, c, o. */
export interface LstmWeights {
  readonly units: number;
  /** inputs × 4·units. */
  readonly kernel: Float32Array;
  /** units × 4·units. */
  readonly recurrent: Float32Array;
  /** 4·units. */
  readonly bias: Float32Array;
}

export interface NetworkWeights {
  readonly first: LstmWeights;
  readonly second: LstmWeights;
  readonly dense: { readonly kernel: Float32Array; readonly bias: Float32Array };
}

/** Begins TensorFlow.js on WebAssembly, with one thread: the others are for the fleet. */
export async function startTensorFlow(): Promise<void> {
  setThreadsCount(1);
  await tf.setBackend("wasm");
  await tf.ready();
  restoreWorker();
}

export interface Network {
  /** One step of the optimiser over these windows; the mean loss of the batch. */
  trainOn(windows: Float32Array, targets: Float32Array): Promise<number>;
  /** The change foretold for each window. */
  predict(windows: Float32Array): Float32Array;
  weights(): NetworkWeights;
  /** Goes back to weights taken earlier. */
  restore(weights: NetworkWeights): void;
  dispose(): void;
}

/** Windows are given one after the other: scaled features, row by row. */
export function createNetwork(units: Units, seed: number, learningRate: number): Network {
  const model = layers.sequential({
    layers: [
      lstm(units.first, seed, { returnSequences: true, inputShape: [SEQUENCE, FEATURES.length] }),
      lstm(units.second, seed + 2, {}),
      // Zero at first: the naive forecast is where learning begins.
      layers.layers.dense({ units: 1, kernelInitializer: "zeros" }),
    ],
  });
  const optimizer = tf.train.adam(learningRate);
  model.compile({ optimizer, loss: huber });

  const windowsOf = (values: Float32Array) =>
    tf.tensor3d(values, [
      values.length / SEQUENCE / FEATURES.length,
      SEQUENCE,
      FEATURES.length,
    ]);

  return {
    async trainOn(windows, targets) {
      const x = windowsOf(windows);
      const y = tf.tensor2d(targets, [targets.length, 1]);
      try {
        return Number(await model.trainOnBatch(x, y));
      } finally {
        tf.dispose([x, y]);
      }
    },
    predict(windows) {
      return tf.tidy(() =>
        (model.predictOnBatch(windowsOf(windows)) as tf.Tensor).dataSync<"float32">()
      );
    },
    weights() {
      const [k1, r1, b1, k2, r2, b2, kernel, bias] = model.getWeights().map((weight) =>
        Float32Array.from(weight.dataSync<"float32">())
      );
      if (!k1 || !r1 || !b1 || !k2 || !r2 || !b2 || !kernel || !bias) {
        throw new Error("Cannot read the network's weights: expected eight of them");
      }
      return {
        first: { units: units.first, kernel: k1, recurrent: r1, bias: b1 },
        second: { units: units.second, kernel: k2, recurrent: r2, bias: b2 },
        dense: { kernel, bias },
      };
    },
    restore({ first, second, dense }) {
      const flat = [
        ...[first, second].flatMap(({ kernel, recurrent, bias }) => [kernel, recurrent, bias]),
        dense.kernel,
        dense.bias,
      ];
      tf.tidy(() => {
        const shapes = model.getWeights().map(({ shape }) => shape);
        model.setWeights(flat.map((values, i) => tf.tensor(values, shapes[i])));
      });
    },
    dispose() {
      model.dispose();
      optimizer.dispose();
    },
  };
}

function lstm(
  units: number,
  seed: number,
  options: { returnSequences?: boolean; inputShape?: number[] },
): layers.layers.Layer {
  const { glorotUniform } = layers.initializers;
  return layers.layers.lstm({
    units,
    // The default is an approximation that ONNX has no name for.
    recurrentActivation: "sigmoid",
    kernelInitializer: glorotUniform({ seed }),
    recurrentInitializer: glorotUniform({ seed: seed + 1 }),
    ...options,
  });
}

/** Quadratic near zero, linear beyond: an anomaly in the history must not be what is learned. */
function huber(truth: tf.Tensor, predicted: tf.Tensor): tf.Tensor {
  return tf.losses.huberLoss(truth, predicted);
}
