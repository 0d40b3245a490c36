/**
 * A model of trees as it is kept and sent: one ONNX file, which any runtime can score with, and
 * from which the trees are read back to explain a score. The SHA-256 of its bytes names it.
 */
import { type Calibration, probabilityOf } from "../calibration.ts";
import { type OnnxFile, readOnnx } from "../onnx/read.ts";
import { exportTrees, TREES } from "./export.ts";
import { depthsOf, type Forest, scoreMargins } from "./forest.ts";
import type { Matrix } from "./matrix.ts";

export interface TreeModel {
  /** Names of the columns. */
  readonly features: readonly string[];
  readonly forest: Forest;
  readonly calibration: Calibration;
}

const FORMAT = "telltale-trees";
const VERSION = 1;

/** The chance of a yes, per row. */
export function scoreProbabilities(
  { forest, calibration }: Pick<TreeModel, "forest" | "calibration">,
  rows: Matrix,
): Float64Array {
  return scoreMargins(forest, rows).map((margin) => probabilityOf(margin, calibration));
}

/** `card` is what else is to be known of the model, as plain JSON. The same always gives the same bytes. */
export function writeModel(
  { features, forest, calibration }: TreeModel,
  card: object = {},
): Uint8Array<ArrayBuffer> {
  return exportTrees(forest, calibration, {
    format: FORMAT,
    version: String(VERSION),
    features: JSON.stringify(features),
    calibration: JSON.stringify(calibration),
    card: JSON.stringify(card),
  });
}

/** Throws where the file is no model of ours, or one whose trees lead nowhere. */
export function readModel(onnx: Uint8Array): { model: TreeModel; card: unknown } {
  const file = readOnnx(onnx);
  const { format, version, features, calibration, card } = file.metadata;
  if (format !== FORMAT || version !== String(VERSION)) {
    throw new Error(
      `Cannot read a model of format "${format}", version ${version}: expected ` +
        `"${FORMAT}", version ${VERSION}`,
    );
  }
  const names = JSON.parse(String(features));
  return {
    model: {
      features: names,
      forest: forestOf(file, names.length),
      calibration: JSON.parse(String(calibration)),
    },
    card: JSON.parse(String(card)),
  };
}

function forestOf(file: OnnxFile, columns: number): Forest {
  const told = file.attributesOf(TREES);
  const tree = told.ints("nodes_treeids");
  const modes = told.strings("nodes_modes");
  const isLeaf = (node: number) => modes[node] === "LEAF";
  const roots = Int32Array.from(tree.keys().filter((node) => tree[node] !== tree[node - 1]));
  const rootOf = (node: number) => roots[tree[node] as number] as number;
  const column = Int32Array.from(
    told.ints("nodes_featureids"),
    (asked, node) => isLeaf(node) ? -1 : asked,
  );
  const child = Int32Array.from(
    told.ints("nodes_truenodeids"),
    (place, node) => isLeaf(node) ? node : rootOf(node) + place,
  );
  const weight = new Float32Array(column.length);
  const [trees, leaves] = [told.ints("target_treeids"), told.ints("target_nodeids")];
  told.floats("target_weights").forEach((value, i) => {
    weight[(roots[trees[i] as number] as number) + (leaves[i] as number)] = value;
  });
  const forest = {
    columns,
    base: file.doubles("base")[0] as number,
    roots,
    column,
    threshold: Float32Array.from(
      told.floats("nodes_values"),
      (value, node) => isLeaf(node) ? Infinity : value,
    ),
    missingLeft: Uint8Array.from(told.ints("nodes_missing_value_tracks_true")),
    child,
    weight,
    cover: Float32Array.from(told.floats("nodes_hitrates")),
  };
  checkPaths(forest);
  return { ...forest, depths: depthsOf(roots, column, child) };
}

/**
 * Children stand after their parents and within the array, and leaves lead to themselves, so that
 * every walk ends at a leaf.
 */
function checkPaths({ columns, roots, column, child, ...rest }: Omit<Forest, "depths">): void {
  const nodes = column.length;
  const { threshold, missingLeft, weight, cover } = rest;
  const lengths = [child, threshold, missingLeft, weight, cover].map(({ length }) => length);
  const leads = (node: number, i: number) =>
    (column[i] as number) < 0
      ? node === i && threshold[i] === Infinity && missingLeft[i] === 1
      : node > i && node + 1 < nodes;
  if (
    nodes === 0 || lengths.some((length) => length !== nodes) || !child.every(leads) ||
    !column.every((asked) => asked < columns) || !roots.every((root) => root >= 0 && root < nodes)
  ) throw new Error("Cannot read a model whose trees lead nowhere");
}
