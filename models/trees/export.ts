/**
 * Trees and calibration as one ONNX file, which answers with probabilities.
 *
 * In:  `features`, float, batch × columns, NaN where missing.
 * Out: `margin`, double, batch × 1: the log-odds; `probability`, double, batch × 1: calibrated.
 *
 * Trees are summed in floats, as `scoreMargins` does; what follows is done in doubles.
 */
import type { Calibration } from "../calibration.ts";
import {
  type Attribute,
  doubles,
  node,
  type Operator,
  type Weights,
  writeOnnx,
} from "../onnx/write.ts";
import type { Forest } from "./forest.ts";

/** The operator that has the trees. */
export const TREES = "TreeEnsembleRegressor";

/** `TensorProto.DataType`. */
const DOUBLE = 11;

/** `metadata` is what else the file is to carry. */
export function exportTrees(
  forest: Forest,
  calibration: Calibration,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const calibrating = calibrationGraph(calibration);
  return writeOnnx({
    name: "telltale-trees",
    metadata,
    inputs: [{ name: "features", type: "float", shape: ["batch", forest.columns] }],
    outputs: [
      { name: "margin", type: "double", shape: ["batch", 1] },
      { name: "probability", type: "double", shape: ["batch", 1] },
    ],
    weights: [doubles("base", [forest.base]), ...calibrating.weights],
    operators: [
      {
        type: TREES,
        domain: "ai.onnx.ml",
        inputs: ["features"],
        outputs: ["sum"],
        attributes: treeAttributes(forest),
      },
      node("Cast", ["sum"], "sum_double", { to: { int: DOUBLE } }),
      node("Add", ["sum_double", "base"], "margin"),
      ...calibrating.operators,
    ],
  });
}

function treeAttributes(forest: Forest): Record<string, Attribute> {
  const { column, threshold, missingLeft, child, weight, cover } = forest;
  const { tree, place } = placesOf(forest);
  const nodes = Array.from(column, (_, node) => node);
  const leaves = nodes.filter((node) => isLeaf(node));
  const childOf = (node: number, side: number) =>
    isLeaf(node) ? 0 : place[(child[node] as number) + side] as number;
  return {
    n_targets: { int: 1 },
    nodes_treeids: { ints: [...tree] },
    nodes_nodeids: { ints: [...place] },
    nodes_featureids: { ints: Array.from(column, (asked) => Math.max(0, asked)) },
    nodes_modes: nodes.map((node) => isLeaf(node) ? "LEAF" : "BRANCH_LEQ"),
    nodes_values: nodes.map((node) => isLeaf(node) ? 0 : threshold[node] as number),
    nodes_truenodeids: { ints: nodes.map((node) => childOf(node, 0)) },
    nodes_falsenodeids: { ints: nodes.map((node) => childOf(node, 1)) },
    nodes_missing_value_tracks_true: { ints: [...missingLeft] },
    // "Popularity of each node": scoring needs it not, explaining does.
    nodes_hitrates: [...cover],
    target_treeids: { ints: leaves.map((node) => tree[node] as number) },
    target_nodeids: { ints: leaves.map((node) => place[node] as number) },
    target_ids: { ints: leaves.map(() => 0) },
    target_weights: leaves.map((node) => weight[node] as number),
  };

  function isLeaf(node: number): boolean {
    return (column[node] as number) < 0;
  }
}

/** The tree of each node, and its place in that. */
function placesOf({ roots, column }: Forest): { tree: Int32Array; place: Int32Array } {
  const tree = new Int32Array(column.length);
  const place = new Int32Array(column.length);
  roots.forEach((root, i) => {
    const end = roots[i + 1] ?? column.length;
    for (let node = root; node < end; node++) {
      tree[node] = i;
      place[node] = node - root;
    }
  });
  return { tree, place };
}

interface Part {
  readonly weights: readonly Weights[];
  readonly operators: readonly Operator[];
}

function calibrationGraph(calibration: Calibration): Part {
  if (calibration.kind === "isotonic") return isotonicGraph(calibration);
  const { slope, offset } = calibration.kind === "platt" ? calibration : { slope: 1, offset: 0 };
  return {
    weights: [doubles("slope", [slope]), doubles("offset", [offset])],
    operators: [
      node("Mul", ["margin", "slope"], "sloped"),
      node("Add", ["sloped", "offset"], "log_odds"),
      node("Sigmoid", ["log_odds"], "probability"),
    ],
  };
}

/**
 * A broken line as a sum: the first level, and of each piece what lies below the margin, which is
 * the share min(max((margin − from) / length, 0), 1) of its rise.
 */
function isotonicGraph(
  { margins, probabilities }: Extract<Calibration, { kind: "isotonic" }>,
): Part {
  const pieces = margins.length - 1;
  const first = probabilities[0] as number;
  if (pieces === 0) {
    return {
      weights: [doubles("nothing", [0]), doubles("level", [first])],
      operators: [
        node("Mul", ["margin", "nothing"], "zero"),
        node("Add", ["zero", "level"], "probability"),
      ],
    };
  }
  const rise = (values: readonly number[]) =>
    Array.from({ length: pieces }, (_, i) => (values[i + 1] as number) - (values[i] as number));
  return {
    weights: [
      doubles("from", margins.slice(0, -1)),
      doubles("length", rise(margins)),
      doubles("rise", rise(probabilities), [pieces, 1]),
      doubles("level", [first]),
      doubles("none", [0], []),
      doubles("all", [1], []),
    ],
    operators: [
      node("Sub", ["margin", "from"], "beyond"),
      node("Div", ["beyond", "length"], "unlimited"),
      node("Clip", ["unlimited", "none", "all"], "share"),
      node("MatMul", ["share", "rise"], "risen"),
      node("Add", ["risen", "level"], "probability"),
    ],
  };
}
