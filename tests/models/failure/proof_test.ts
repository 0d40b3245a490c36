/** What the trees say of a row, and what onnxruntime says of it by the file they were read from. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { proveFile } from "../../../models/failure/proof.ts";
import { ModelFileError } from "../../../models/failure/serving.ts";
import { readShippedModel } from "../../../models/failure/shipped.ts";
import { seeded } from "../../../models/random.ts";
import { exportTrees } from "../../../models/trees/export.ts";
import { type Forest, type ForestNode, plant } from "../../../models/trees/forest.ts";
import type { Matrix } from "../../../models/trees/matrix.ts";
import { readModel, writeModel } from "../../../models/trees/model.ts";

const COLUMNS = 4;
const features = Array.from({ length: COLUMNS }, (_, column) => `feature ${column}`);

type Tree = { weight: number } | {
  column: number;
  threshold: number;
  missingLeft: boolean;
  sides: [Tree, Tree];
};

/** Small numbers that meet, and any others. */
const number = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
);
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.record({ weight: fc.float({ min: -2, max: 2, noNaN: true }) }),
    fc.record({
      column: fc.nat(COLUMNS - 1),
      threshold: number,
      missingLeft: fc.boolean(),
      sides: fc.tuple(tie("tree"), tie("tree")),
    }),
  ),
}));
const calibration = fc.oneof(
  fc.constant({ kind: "none" } as const),
  fc.record({
    kind: fc.constant("platt" as const),
    slope: fc.double({ min: 0.1, max: 3, noNaN: true }),
    offset: fc.double({ min: -3, max: 3, noNaN: true }),
  }),
  fc.constant(
    { kind: "isotonic", margins: [-1, 0, 0.5], probabilities: [0.01, 0.2, 0.9] } as const,
  ),
);

/** Root first, the children of a node beside each other. */
function nodesOf(tree: Tree): ForestNode[] {
  const leaf = {
    column: -1,
    threshold: 0,
    missingLeft: true,
    child: 0,
    weight: 0,
    cover: 1,
    gain: 0,
  };
  const nodes: ForestNode[] = [leaf];
  const waiting: [place: number, tree: Tree][] = [[0, tree]];
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const [place, own] = next;
    if ("weight" in own) nodes[place] = { ...leaf, weight: own.weight };
    else {
      const { sides, ...asks } = own;
      nodes[place] = { ...leaf, ...asks, child: nodes.length };
      waiting.push([nodes.length, sides[0]], [nodes.length + 1, sides[1]]);
      nodes.push(leaf, leaf);
    }
  }
  return nodes;
}

/** Every threshold and its neighbours among floats, what is missing, and what has no neighbour. */
function rowsAround({ columns, column, threshold }: Forest, count: number, seed: number): Matrix {
  const thresholds = threshold.filter((_, node) => (column[node] as number) >= 0);
  const near = [...new Set(thresholds)].flatMap((
    own,
  ) => [own, neighbour(own, 1), neighbour(own, -1)]);
  const values = [...near, NaN, NaN, 0, -0, Infinity, -Infinity, 1e-45, 3.4e38];
  const uniform = seeded(seed);
  return {
    rows: count,
    columns,
    values: Float32Array.from(
      { length: count * columns },
      () => values[Math.floor(uniform() * values.length)] as number,
    ),
  };
}

/** The float so many floats further from 0. */
function neighbour(value: number, by: number): number {
  const floats = Float32Array.of(value);
  const bits = new Int32Array(floats.buffer);
  bits[0] = (bits[0] as number) + by;
  return floats[0] as number;
}

Deno.test("trees say what onnxruntime says, on thresholds, beside them and without a value", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(tree, { minLength: 1, maxLength: 20 }),
      calibration,
      fc.float({ min: -3, max: 3, noNaN: true }),
      fc.integer(),
      async (trees, calibration, base, seed) => {
        const forest = plant(COLUMNS, base, trees.map(nodesOf));
        const onnx = writeModel({ features, forest, calibration });
        await proveFile(onnx, rowsAround(forest, 100, seed));
        await proveFile(onnx, rowsAround(forest, 1, seed));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("so do those of the model that comes with Telltale", async () => {
  const { onnx } = await readShippedModel();
  const { model: { forest } } = readModel(onnx);
  await proveFile(onnx, rowsAround(forest, 10_500, 1));
});

Deno.test("a file that onnxruntime reads otherwise is not kept", async () => {
  const forest = plant(COLUMNS, 0, [nodesOf({
    column: 1,
    threshold: 1,
    missingLeft: true,
    sides: [{ weight: -1 }, { weight: 1 }],
  })]);
  const said = { kind: "platt", slope: 2, offset: 0 } as const;
  const onnx = exportTrees(forest, { ...said, slope: 2.001 }, {
    format: "telltale-trees",
    version: "1",
    features: JSON.stringify(features),
    calibration: JSON.stringify(said),
    card: "{}",
  });
  await assert.rejects(
    proveFile(onnx, rowsAround(forest, 5, 1)),
    (error) =>
      error instanceof ModelFileError &&
      /^Cannot keep the model: of row 0 its trees say 0\.\d+ and onnxruntime says 0\.\d+$/
        .test(error.message),
  );
});
