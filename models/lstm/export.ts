/**
 * The trained network as an ONNX file that takes features as they are and answers in the unit of
 * the series: scaling is part of the file, and of nothing else.
 *
 * In:  `window`, double, batch × 24 × features. Out: `expected`, double, batch × 1.
 * Scaling is done in doubles, as values may be large and close together; the network in floats.
 */
import { doubles, node, type Weights, writeOnnx } from "../onnx/write.ts";
import { FEATURES, SEQUENCE } from "./features.ts";
import type { LstmWeights, NetworkWeights } from "./network.ts";
import { SCALED_LIMIT, type Scaler } from "./scaler.ts";

export function exportLstm(
  network: NetworkWeights,
  scaler: Scaler,
): Uint8Array<ArrayBuffer> {
  const { first, second, dense } = network;
  return writeOnnx({
    name: "telltale-lstm",
    inputs: [{ name: "window", type: "double", shape: ["batch", SEQUENCE, FEATURES.length] }],
    outputs: [{ name: "expected", type: "double", shape: ["batch", 1] }],
    weights: [
      doubles("feature_mean", scaler.means),
      doubles("feature_sd", scaler.sds),
      doubles("change_sd", [scaler.changeSd]),
      doubles("lowest", [-SCALED_LIMIT], []),
      doubles("highest", [SCALED_LIMIT], []),
      indices("last_row", [SEQUENCE - 1], []),
      indices("value_column", [FEATURES.indexOf("value")]),
      indices("axis_0", [0]),
      indices("axis_1", [1]),
      ...lstmWeights("first", FEATURES.length, first),
      ...lstmWeights("second", first.units, second),
      { name: "dense_kernel", shape: [second.units, 1], values: dense.kernel },
      { name: "dense_bias", shape: [1], values: dense.bias },
    ],
    operators: [
      node("Sub", ["window", "feature_mean"], "centred"),
      node("Div", ["centred", "feature_sd"], "unlimited"),
      node("Clip", ["unlimited", "lowest", "highest"], "scaled"),
      node("Cast", ["scaled"], "floats", { to: { int: FLOAT } }),
      node("Transpose", ["floats"], "by_time", { perm: { ints: [1, 0, 2] } }),
      {
        type: "LSTM",
        inputs: ["by_time", "first_W", "first_R", "first_B"],
        outputs: ["first_all"],
        attributes: { hidden_size: { int: first.units } },
      },
      // time × directions × batch × units, with one direction.
      node("Squeeze", ["first_all", "axis_1"], "first_sequence"),
      {
        type: "LSTM",
        inputs: ["first_sequence", "second_W", "second_R", "second_B"],
        outputs: ["", "second_last"],
        attributes: { hidden_size: { int: second.units } },
      },
      node("Squeeze", ["second_last", "axis_0"], "summary"),
      node("MatMul", ["summary", "dense_kernel"], "weighed"),
      node("Add", ["weighed", "dense_bias"], "change_scaled"),
      node("Cast", ["change_scaled"], "change_double", { to: { int: DOUBLE } }),
      node("Mul", ["change_double", "change_sd"], "change"),
      node("Gather", ["window", "last_row"], "newest", { axis: { int: 1 } }),
      node("Gather", ["newest", "value_column"], "last_value", { axis: { int: 1 } }),
      node("Add", ["last_value", "change"], "expected"),
    ],
  });
}

const FLOAT = 1;
const DOUBLE = 11;

function indices(name: string, values: readonly number[], shape = [values.length]): Weights {
  return { name, shape, values: BigInt64Array.from(values, BigInt) };
}

/** TensorFlow.js has the gates as i, f, c, o; ONNX wants i, o, f, c, and every matrix transposed. */
const GATES = [0, 3, 1, 2];

function lstmWeights(name: string, inputs: number, weights: LstmWeights): Weights[] {
  const { units, kernel, recurrent, bias } = weights;
  const biases = new Float32Array(8 * units);
  biases.set(gatesTransposed(bias, 1, units));
  return [
    {
      name: `${name}_W`,
      shape: [1, 4 * units, inputs],
      values: gatesTransposed(kernel, inputs, units),
    },
    {
      name: `${name}_R`,
      shape: [1, 4 * units, units],
      values: gatesTransposed(recurrent, units, units),
    },
    // The bias of the inputs, and one of the recurrence that TensorFlow.js does not have.
    { name: `${name}_B`, shape: [1, 8 * units], values: biases },
  ];
}

function gatesTransposed(matrix: Float32Array, rows: number, units: number): Float32Array {
  const out = new Float32Array(matrix.length);
  GATES.forEach((gate, place) => {
    for (let unit = 0; unit < units; unit++) {
      for (let row = 0; row < rows; row++) {
        out[(place * units + unit) * rows + row] = matrix[row * 4 * units + gate * units + unit] ??
          0;
      }
    }
  });
  return out;
}
