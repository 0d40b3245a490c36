import assert from "node:assert/strict";
import { learnSimulated } from "../../commands/train_failure_simulated.ts";
import { readFailureModel } from "../../models/failure/serving.ts";

const FLEET = {
  seed: "a few",
  atms: 20,
  days: 12,
  startAt: Date.UTC(2026, 0, 1),
  everyMs: 600_000,
};

Deno.test("the same simulated ATMs give the same file, bit for bit, others another", async () => {
  const told: string[] = [];
  const one = await learnSimulated(FLEET, (text) => told.push(text));
  const again = await learnSimulated(FLEET, () => {});
  assert.deepEqual(again.onnx, one.onnx);
  const other = await learnSimulated({ ...FLEET, seed: "others" }, () => {});
  assert.notEqual(other.card.sha256, one.card.sha256);
  assert.ok(told.some((text) => text === "simulating: 20 of 20 ATMs"));
  assert.ok(told.some((text) => text.startsWith("growing: ")));

  const { card, sha256 } = await readFailureModel(one.onnx);
  assert.equal(sha256, one.card.sha256);
  assert.equal(card.simulated, true);
  assert.equal(card.data.devices, 15);
  assert.match(card.source, /^simulated ATMs: 20 for 12 days/);
});
