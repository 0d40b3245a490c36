/**
 * A model of trees as it is kept and sent: plain JSON, the arrays in base64, so that every float
 * comes back as it was. Its SHA-256 names it.
 */
import { type Calibration, probabilityOf } from "../calibration.ts";
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

/** The arrays of a forest, and what their bytes are. Every machine Deno runs on is little-endian. */
const ARRAYS = {
  roots: Int32Array,
  column: Int32Array,
  threshold: Float32Array,
  missingLeft: Uint8Array,
  child: Int32Array,
  weight: Float32Array,
  cover: Float32Array,
  gain: Float32Array,
} as const;
type ArrayName = keyof typeof ARRAYS;

/** The chance of a yes, per row. */
export function scoreProbabilities(
  { forest, calibration }: Pick<TreeModel, "forest" | "calibration">,
  rows: Matrix,
): Float64Array {
  return scoreMargins(forest, rows).map((margin) => probabilityOf(margin, calibration));
}

/** The same model always gives the same text. */
export function writeModel({ features, forest, calibration }: TreeModel): string {
  const arrays = Object.keys(ARRAYS).map((name) => {
    const { buffer, byteOffset, byteLength } = forest[name as ArrayName];
    return [name, new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength).toBase64()];
  });
  const trees = { base: forest.base, ...Object.fromEntries(arrays) };
  return JSON.stringify({ format: FORMAT, version: VERSION, features, calibration, trees });
}

export async function sha256Of(content: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Throws where the text is no model, or one whose trees lead nowhere. */
export function readModel(text: string): TreeModel {
  const told = JSON.parse(text);
  if (told?.format !== FORMAT || told.version !== VERSION) {
    throw new Error(
      `Cannot read a model of format "${told?.format}", version ${told?.version}: expected ` +
        `"${FORMAT}", version ${VERSION}`,
    );
  }
  const { features, calibration, trees } = told;
  const arrays = Object.entries(ARRAYS).map((
    [name, Kind],
  ) => [name, new Kind(Uint8Array.fromBase64(trees[name]).buffer)]);
  const kept = { columns: features.length, base: trees.base, ...Object.fromEntries(arrays) };
  checkPaths(kept);
  const forest = { ...kept, depths: depthsOf(kept.roots, kept.column, kept.child) };
  return { features, forest, calibration };
}

/**
 * Children stand after their parents and within the array, and leaves lead to themselves, so that
 * every walk ends at a leaf.
 */
function checkPaths({ columns, roots, column, child, ...rest }: Omit<Forest, "depths">): void {
  const nodes = column.length;
  const { threshold, missingLeft, weight, cover, gain } = rest;
  const lengths = [child, threshold, missingLeft, weight, cover, gain].map(({ length }) => length);
  const leads = (node: number, i: number) =>
    (column[i] as number) < 0
      ? node === i && threshold[i] === Infinity && missingLeft[i] === 1
      : node > i && node + 1 < nodes;
  if (
    lengths.some((length) => length !== nodes) || !child.every(leads) ||
    !column.every((asked) => asked < columns) || !roots.every((root) => root >= 0 && root < nodes)
  ) throw new Error("Cannot read a model whose trees lead nowhere");
}
