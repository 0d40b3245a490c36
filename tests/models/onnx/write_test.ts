import assert from "node:assert/strict";
import { openSession } from "../../../models/onnx/session.ts";
import { type Graph, writeOnnx } from "../../../models/onnx/write.ts";

function graph(weights: Float32Array): Graph {
  return {
    name: "line",
    inputs: [{ name: "x", type: "float", shape: ["batch", 2] }],
    outputs: [{ name: "y", type: "float", shape: ["batch", 1] }],
    weights: [
      { name: "slope", shape: [2, 1], values: weights },
      { name: "offset", shape: [1], values: Float32Array.of(0.5) },
    ],
    operators: [{
      type: "Gemm",
      inputs: ["x", "slope", "offset"],
      outputs: ["y"],
      attributes: { alpha: 2, transA: { int: 0 } },
    }],
  };
}

Deno.test("onnxruntime reads what we write, attributes and all", async () => {
  const session = await openSession(writeOnnx(graph(Float32Array.of(1, 10))));
  const values = Float32Array.of(1, 2, 3, 4);
  const answer = await session.run("x", { values, shape: [2, 2] }, "y");
  assert.deepEqual([...answer], [2 * 21 + 0.5, 2 * 43 + 0.5]);
  await session.release();
});

Deno.test("trees of the classic learners are written too", async () => {
  const tree = writeOnnx({
    name: "stump",
    inputs: [{ name: "x", type: "float", shape: ["batch", 1] }],
    outputs: [{ name: "y", type: "float", shape: ["batch", 1] }],
    weights: [],
    operators: [{
      type: "TreeEnsembleRegressor",
      domain: "ai.onnx.ml",
      inputs: ["x"],
      outputs: ["y"],
      attributes: {
        n_targets: { int: 1 },
        nodes_treeids: { ints: [0, 0, 0] },
        nodes_nodeids: { ints: [0, 1, 2] },
        nodes_featureids: { ints: [0, 0, 0] },
        nodes_modes: ["BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_values: [1.5, 0, 0],
        nodes_truenodeids: { ints: [1, 0, 0] },
        nodes_falsenodeids: { ints: [2, 0, 0] },
        target_treeids: { ints: [0, 0] },
        target_nodeids: { ints: [1, 2] },
        target_ids: { ints: [0, 0] },
        target_weights: [-1, 4],
      },
    }],
  });
  const session = await openSession(tree);
  const answer = await session.run("x", { values: Float32Array.of(1, 2), shape: [2, 1] }, "y");
  assert.deepEqual([...answer], [-1, 4]);
  await session.release();
});

Deno.test("the same graph gives the same bytes, another graph others", () => {
  const bytes = writeOnnx(graph(Float32Array.of(1, 10)));
  assert.deepEqual(writeOnnx(graph(Float32Array.of(1, 10))), bytes);
  assert.notDeepEqual(writeOnnx(graph(Float32Array.of(1, 11))), bytes);
});

Deno.test("weights that do not fill their shape are refused by name", () => {
  assert.throws(
    () => writeOnnx(graph(Float32Array.of(1, 2, 3))),
    /weights "slope": a shape of 2 × 1 has 2 values, not 3/,
  );
});
