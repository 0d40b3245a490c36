/** Failures foretold between a real broker and a real database, with a real model. */
import assert from "node:assert/strict";
import { stateAt } from "../../actors/runtime/state_at.ts";
import { verify } from "../../events/log/verify.ts";
import { createScorer, type Scorer } from "../../models/failure/scorer.ts";
import { HOUR, MINUTE, report, reportHour, WEARING, wearModel, WELL } from "./foretelling.ts";
import { newerBroker } from "../support/newer_nats.ts";
import { foldLog, onStage, openStage, SCORE_MS, type Stage, until } from "./stage.ts";

const file = await wearModel();

/** With the model in force. */
async function scoring(): Promise<Scorer> {
  const scorer = createScorer({
    load: () => Promise.resolve({ sha256: file.card.sha256, onnx: file.onnx }),
    report: (problem) => assert.fail(problem),
  });
  await scorer.refresh();
  assert.equal(scorer.serving()?.model, file.card.sha256);
  return scorer;
}

/** Runs a test on a stage with the model in force. */
async function withModel(test: (stage: Stage) => Promise<void>): Promise<void> {
  const scorer = await scoring();
  await onStage(async (stage) => {
    stage.scorer = scorer;
    await stage.start();
    await test(stage);
  });
}

const beside = (id: string) => `inference-atm-${id}`;

function told(stage: Stage, id: string, type: string) {
  return stage.committed.filter((event) => event.stream === beside(id) && event.type === type);
}

Deno.test("an ATM is scored each quarter of an hour, and foretold where the model says so", async () => {
  await withModel(async (stage) => {
    await reportHour(stage, "WEARS", WEARING);
    await reportHour(stage, "IS-WELL", WELL);
    const scores = (id: string) => told(stage, id, "RiskScored");
    await until("both are scored", () => scores("WEARS").length + scores("IS-WELL").length >= 2);
    const [predicted] = told(stage, "WEARS", "FailurePredicted");
    assert.equal(predicted?.data.model, file.card.sha256);
    assert.equal(predicted?.data.threshold, file.card.threshold);
    const [factor] = predicted?.data.factors as { feature: string; value: number }[];
    assert.deepEqual([factor?.feature, factor?.value], ["cpu_mean_1h", WEARING]);
    assert.equal(
      told(stage, "WEARS", "MaintenanceRecommended")[0]?.data.action,
      "Inspect the computer before it fails",
    );
    assert.deepEqual(told(stage, "IS-WELL", "FailurePredicted"), []);

    // Its next turn may be any moment within a quarter of an hour, and comes once in one.
    const before = scores("WEARS").length;
    for (let quarters = 1; quarters <= 3; quarters++) {
      stage.ahead += SCORE_MS;
      await report(stage, "WEARS", Date.now() + stage.ahead, { cpu: WEARING });
      await until("its next turn", () => scores("WEARS").length >= before + quarters);
    }
    assert.equal(scores("WEARS").length, before + 3);
    assert.equal(told(stage, "WEARS", "FailurePredicted").length, 1);
  });
});

Deno.test("a restart asks nothing twice, leaves no turn out, and folds to the same", async () => {
  await withModel(async (stage) => {
    await reportHour(stage, "WEARS", WEARING);
    await until("it is foretold", () => told(stage, "WEARS", "FailurePredicted").length === 1);
    await stage.start();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.equal(told(stage, "WEARS", "RiskScored").length, 1);
    await stage.stop();
    stage.ahead += SCORE_MS + MINUTE;
    await stage.start({ kvPath: `${stage.kvPath}-other` });
    await until("the turn it missed", () => told(stage, "WEARS", "RiskScored").length === 2);
    const folded = (await foldLog(stage.sql)).actors.get(beside("WEARS"));
    assert.equal(folded?.version, 3);
    assert.equal(folded?.state && "predictions" in folded.state && folded.state.predictions, 1);
  });
});

Deno.test("a critical code that is new is asked about at once", async () => {
  await withModel(async (stage) => {
    await reportHour(stage, "JAMS", WELL);
    await until("its first score", () => told(stage, "JAMS", "RiskScored").length === 1);
    stage.ahead += 2 * MINUTE;
    await report(stage, "JAMS", Date.now() + stage.ahead, { code: "E001" });
    await report(stage, "JAMS", Date.now() + stage.ahead + 1, { code: "E002" });
    await until("its second score", () => told(stage, "JAMS", "RiskScored").length === 2);
    await report(stage, "JAMS", Date.now() + stage.ahead + 2, { code: "E002" });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.equal(told(stage, "JAMS", "RiskScored").length, 2);
  });
});

Deno.test("nothing is foretold of who is silent, new, down or out of service", async () => {
  await withModel(async (stage) => {
    const now = Date.now();
    await reportHour(stage, "LEFT", WEARING);
    await until("it is foretold", () => told(stage, "LEFT", "FailurePredicted").length === 1);
    await stage.say("devices.atm.LEFT.command", { command: "DecommissionDevice", by: "anna" });
    assert.deepEqual(
      [told(stage, "LEFT", "FailureRiskCleared"), told(stage, "LEFT", "PredictionScored")]
        .map(([event]) => event?.data.why ?? event?.data.outcome),
      ["out-of-service", "serviced"],
    );
    await report(stage, "NEW", now, { cpu: WEARING });
    await report(stage, "SILENT", now - 3 * HOUR, { cpu: WEARING });
    await report(stage, "SILENT", now - 40 * MINUTE, { cpu: WEARING });
    for (const minutes of [90, 10, 2]) {
      await report(stage, "DOWN", now - minutes * MINUTE, { status: "error", code: "E002" });
    }
    stage.ahead = SCORE_MS;
    await report(stage, "LEFT", now + SCORE_MS, { cpu: WEARING });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    for (const id of ["NEW", "SILENT", "DOWN"]) {
      assert.deepEqual(told(stage, id, "RiskScored"), [], id);
    }
    assert.equal(told(stage, "LEFT", "RiskScored").length, 1);
  });
});

Deno.test("a prediction is held against the failure that follows, and against the one that does not", async () => {
  await withModel(async (stage) => {
    await reportHour(stage, "FAILS", WEARING);
    await reportHour(stage, "DOES-NOT", WEARING);
    await until(
      "both are foretold",
      () => ["FAILS", "DOES-NOT"].every((id) => told(stage, id, "FailurePredicted").length === 1),
    );
    stage.ahead += HOUR;
    const beganAt = Date.now() + stage.ahead;
    await report(stage, "FAILS", beganAt, { status: "error", code: "E010" });
    stage.ahead += 3 * HOUR;
    await report(stage, "FAILS", Date.now() + stage.ahead, { status: "maintenance" });
    const [hit] = told(stage, "FAILS", "PredictionScored");
    assert.deepEqual([hit?.data.outcome, hit?.data.code], ["hit", "E010"]);
    assert.ok(Math.abs(Number(hit?.data.leadTimeHours) - 1) < 0.1);
    stage.ahead += 5 * HOUR;
    await until("it was wrong", () => told(stage, "DOES-NOT", "PredictionScored").length === 1);
    assert.equal(told(stage, "DOES-NOT", "PredictionScored")[0]?.data.outcome, "false-alarm");
  });
});

Deno.test("with several partitions, what is foretold of an ATM is recorded where the ATM is", async () => {
  const broker = await newerBroker();
  if (!broker) return;
  const scorer = await scoring();
  const stage = await openStage(broker);
  try {
    stage.scorer = scorer;
    await stage.start({ partitions: 2 });
    const ids = Array.from({ length: 8 }, (_, i) => `WEARS-${i}`);
    for (const id of ids) await reportHour(stage, id, WEARING);
    await until(
      "all are foretold",
      () => ids.every((id) => told(stage, id, "FailurePredicted").length === 1),
    );
    const places = new Map(stage.committed.map(({ stream, partition }) => [stream, partition]));
    for (const id of ids) assert.equal(places.get(beside(id)), places.get(`atm-${id}`), id);
    assert.equal(new Set(places.values()).size, 2);
    await stage.start({ partitions: 2, kvPath: `${stage.kvPath}-other` });
    await report(stage, "WEARS-0", Date.now() + HOUR, { status: "error", code: "E010" });
    await report(stage, "WEARS-0", Date.now() + 4 * HOUR, { status: "maintenance" });
    assert.equal(told(stage, "WEARS-0", "PredictionScored")[0]?.data.outcome, "hit");
    assert.deepEqual((await verify(stage.sql)).findings, []);
  } finally {
    await stage.close();
    await broker.stop();
  }
});

Deno.test("what was foretold by a moment can be told again, from the log alone", async () => {
  await withModel(async (stage) => {
    const before = Date.now();
    await reportHour(stage, "WEARS", WEARING);
    await until("it is foretold", () => told(stage, "WEARS", "FailurePredicted").length === 1);
    const at = (moment: number) => stateAt(stage.sql, beside("WEARS"), moment);
    assert.equal(await at(before), undefined);
    const now = await at(Infinity);
    assert.equal(now?.version, 2);
    assert.equal(now && "predictions" in now.state && now.state.predictions, 1);
  });
});

Deno.test("a model that fails is left alone for a minute, and the partition goes on without", async () => {
  await onStage(async (stage) => {
    let asked = 0;
    const serving = { model: "broken", threshold: 0.5, horizonHours: 4, simulated: true };
    stage.scorer = {
      serving: () => serving,
      score: () => Promise.reject(new Error(`asked ${++asked} times`)),
    };
    await stage.start();
    await reportHour(stage, "WEARS", WEARING);
    await until("the model is asked", () => asked === 1);
    await report(stage, "WEARS", Date.now(), { cpu: WEARING });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.equal(asked, 1);
    stage.ahead += 2 * MINUTE;
    await until("it is asked again", () => asked === 2);
    assert.deepEqual(told(stage, "WEARS", "RiskScored"), []);
  });
});
