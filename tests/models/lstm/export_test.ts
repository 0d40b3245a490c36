import assert from "node:assert/strict";
import { exportLstm } from "../../../models/lstm/export.ts";
import { FEATURES, SEQUENCE } from "../../../models/lstm/features.ts";
import { createNetwork, startTensorFlow, UNITS } from "../../../models/lstm/network.ts";
import { fitScaler, scale } from "../../../models/lstm/scaler.ts";
import { openSession } from "../../../models/onnx/session.ts";

const WINDOW = SEQUENCE * FEATURES.length;

/** Numbers that look random and are the same each time. */
function noise(length: number, seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
}

Deno.test("the ONNX file answers what TensorFlow.js answers, in the unit of the series", async () => {
  await startTensorFlow();
  const count = 40;
  const windows = noise(count * WINDOW, 1).map((value, i) => 1e6 + 40 * value + i % 9);
  const changes = noise(count, 2).map((value) => 12 * value);
  const scaler = fitScaler(windows, changes);
  const network = createNetwork(UNITS, 7, 0.02);
  const session = await openSession(await trained());
  try {
    const answered = await session.run(
      "window",
      { values: windows, shape: [count, SEQUENCE, FEATURES.length] },
      "expected",
    );
    const changesForetold = network.predict(scale(windows, scaler));
    const spread = Math.max(...changesForetold) - Math.min(...changesForetold);
    assert.ok(spread > 0.1, `a network that always says the same proves nothing: ${spread}`);
    for (let i = 0; i < count; i++) {
      const last = windows[(i + 1) * WINDOW - FEATURES.length] ?? NaN;
      const change = ((answered[i] ?? NaN) - last) / scaler.changeSd;
      const apart = Math.abs(change - (changesForetold[i] ?? NaN));
      assert.ok(apart < 1e-5, `window ${i}: ${apart} apart`);
    }
  } finally {
    await session.release();
    network.dispose();
  }

  async function trained(): Promise<Uint8Array> {
    const targets = Float32Array.from(changes, (change) => change / scaler.changeSd);
    for (let step = 0; step < 12; step++) await network.trainOn(scale(windows, scaler), targets);
    return exportLstm(network.weights(), scaler);
  }
});
