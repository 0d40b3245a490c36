/** The ATM contract's predictions: asked on demand, by a real model, from memory and from the log. */
import assert from "node:assert/strict";
import { writeAtmFeatures } from "../../actors/atm_features.ts";
import { atm } from "../../actors/atm.ts";
import type { DeviceState } from "../../actors/mod.ts";
import { FAILURE_MODEL_STREAM } from "../../events/model.ts";
import { createScorer } from "../../models/failure/scorer.ts";
import { tellerOf } from "../projections/foretold.ts";
import type { Fact } from "../projections/log.ts";
import { WEARING, wearModel, WELL } from "../runtime/foretelling.ts";
import { NOW, posted, type Stage, withStage } from "./stage.ts";

const MINUTE = 60_000;
const API = "/api/v1/predictions";
const MODEL = await wearModel();

function reports(id: string, cpu: number, from = 120, status = "online"): Fact[] {
  return Array.from({ length: from / 10 }, (_, i): Fact => ({
    stream: `atm-${id}`,
    type: "TelemetryReported",
    data: { status, cpu_usage_percent: cpu },
    occurredAt: NOW - (from - 10 * i) * MINUTE,
  }));
}

const MEMORY: readonly Fact[] = [
  ...reports("WELL", WELL),
  ...reports("WEARS", WEARING),
  ...reports("YOUNG", WELL, 50),
  ...reports("DOWN", WELL, 120, "maintenance"),
  ...reports("LONG-AGO", WELL).map((fact) => ({
    ...fact,
    occurredAt: fact.occurredAt - 60 * MINUTE,
  })),
  { stream: "atm-RETIRED", type: "DeviceDecommissioned", data: { by: "me" }, occurredAt: NOW },
  { stream: "atm-MUTE", type: "DeviceRegistered", data: {}, occurredAt: NOW },
];

/** What the actors of this process would remember of the facts. */
function statesOf(facts: readonly Fact[]): Map<string, DeviceState> {
  const states = new Map<string, DeviceState>();
  for (const { stream, recordedAt = 0, ...fact } of facts) {
    const state = states.get(stream) ?? { ...atm.initial(), known: true };
    states.set(stream, atm.evolve(state, { ...fact, recordedAt }));
  }
  return states;
}

async function withModel(test: (stage: Stage) => Promise<void>): Promise<void> {
  const { card, onnx } = MODEL;
  const problems: string[] = [];
  const scorer = createScorer({
    load: () => Promise.resolve({ sha256: card.sha256, onnx }),
    report: (problem) => problems.push(problem),
  });
  await scorer.refresh();
  const states = statesOf(MEMORY);
  await withStage(test, {
    foretelling: {
      serving: () => scorer.serving(),
      score: (...asked) => scorer.score(...asked),
      features(id, at, into, from) {
        const state = states.get(`atm-${id}`);
        return state ? writeAtmFeatures(state, at, into, from) : "elsewhere";
      },
    },
  });
  assert.deepEqual(problems, []);
}

async function ask(stage: Stage, path: string, init: RequestInit = {}) {
  const response = await stage.app.request(`${API}${path}`, init);
  return { status: response.status, body: await response.json() };
}

Deno.test("an ATM's failure is foretold with its confidence, its level and its reasons", () =>
  withModel(async (stage) => {
    const { sha256: model, ...card } = MODEL.card;
    await stage.record([{
      stream: FAILURE_MODEL_STREAM,
      type: "ModelTrained",
      data: { model, kind: "failure", card },
      occurredAt: NOW,
    }]);
    const { status, body } = await ask(stage, "/failure", posted({ atm_id: "wears" }));
    assert.equal(status, 200);
    const { failure_probability: p, confidence, risk_level, risk_factors, ...rest } = body;
    assert.deepEqual(rest, {
      atm_id: "WEARS",
      prediction_available: true,
      reason: null,
      horizon_hours: 4,
      model,
      simulated: true,
      timestamp: new Date(NOW).toISOString(),
    });
    assert.ok(p > 0.3 && p < 1);
    assert.equal(confidence, Math.abs(p - 0.5) * 2);
    const levels = p >= 0.8 ? "critical" : p >= 0.6 ? "high" : p >= 0.4 ? "medium" : "low";
    assert.equal(risk_level, levels);
    assert.equal(risk_factors[0].feature, "cpu_mean_1h");
    assert.ok(Math.abs(risk_factors[0].value - WEARING) < 1e-6);
    const share = MODEL.card.importances.find(({ feature }) => feature === "cpu_mean_1h")?.share;
    assert.equal(risk_factors[0].importance, share);
    assert.ok(risk_factors[0].contribution > 0);
    const well = await ask(stage, "/failure", posted({ atm_id: "WELL", history_hours: 24 }));
    assert.ok(well.body.failure_probability < p);
    assert.equal(well.body.risk_factors[0].feature, "cpu_mean_1h", "also what speaks against it");
  }));

Deno.test("what another process remembers is read from the log, and says the same", () =>
  withModel(async (stage) => {
    await stage.record([
      { stream: "atm-FAR", type: "DeviceRegistered", data: {}, occurredAt: NOW - 3 * 3_600_000 },
      ...reports("FAR", WEARING),
      { stream: "atm-GONE", type: "DeviceDecommissioned", data: { by: "me" }, occurredAt: NOW },
      { stream: "atm-STILL", type: "DeviceRegistered", data: {}, occurredAt: NOW },
    ]);
    const { body } = await ask(
      stage,
      "/bulk",
      posted({ atm_ids: ["FAR", "GONE", "STILL", "WEARS"] }),
    );
    const [far, gone, still, near] = body.predictions;
    assert.equal(far.failure_probability, near.failure_probability);
    assert.match(gone.reason, /decommissioned/);
    assert.match(still.reason, /reported nothing/);
  }));

Deno.test("many are foretold in the order asked; those of whom nothing can be said count as failed", () =>
  withModel(async (stage) => {
    const ids = ["WELL", "NOBODY", "wears", "WELL", "YOUNG", "DOWN", "LONG-AGO", "RETIRED", "MUTE"];
    const { status, body } = await ask(stage, "/bulk", posted({ atm_ids: ids }));
    assert.equal(status, 200);
    assert.deepEqual(
      body.predictions.map(({ atm_id }: { atm_id: string }) => atm_id),
      ids.map((id) => id.toUpperCase()),
    );
    assert.deepEqual([body.total, body.successful, body.failed], [9, 3, 6]);
    assert.equal(body.predictions[0].failure_probability, body.predictions[3].failure_probability);
    const reasons = body.predictions.map(({ reason }: { reason: string | null }) => reason);
    assert.match(reasons[1], /no such ATM/);
    assert.match(reasons[4], /less than an hour/);
    assert.match(reasons[5], /out of service or in maintenance/);
    assert.match(reasons[6], /silent/);
    assert.match(reasons[7], /decommissioned/);
    assert.match(reasons[8], /reported nothing/);
    const p = body.predictions[2].failure_probability;
    assert.deepEqual(
      [body.high_risk_count, body.critical_risk_count],
      [Number(p > 0.7), Number(p > 0.8)],
    );
    assert.ok(body.processing_time_ms > 0 && body.throughput_per_second > 0);
  }));

Deno.test("without a model nothing is foretold, and that is said", () =>
  withStage(async (stage) => {
    const { status, body } = await ask(stage, "/failure", posted({ atm_id: "A" }));
    assert.deepEqual([status, body.prediction_available], [200, false]);
    assert.match(body.reason, /no failure model/);
  }));

Deno.test("a model that cannot be run is told of as such, and may be asked again", () =>
  withStage(async (stage) => {
    const { status, body } = await ask(stage, "/failure", posted({ atm_id: "A" }));
    assert.deepEqual([status, body.code, stage.reported], [503, "model-failed", []]);
  }, {
    foretelling: {
      serving: () => ({ model: "m", threshold: 0.5, horizonHours: 4, simulated: true }),
      score: () => Promise.reject(new Error("The thread that scores failures ended")),
      features: () => undefined,
    },
  }));

Deno.test("ATMs at high risk by their latest score are listed, the likeliest first", () =>
  withStage(async (stage) => {
    const scored = (id: string, probability: number) =>
      tellerOf("atm", id, NOW - 10 * MINUTE).scored(0, probability);
    const machine = tellerOf("machine", "M", NOW - 10 * MINUTE).scored(0, 0.99);
    await stage.record([scored("A", 0.71), scored("B", 0.9), scored("C", 0.5), machine]);
    const { body } = await ask(stage, "/high-risk");
    assert.deepEqual(
      body.atms.map(({ atm_id, risk_level }: Record<string, string>) => [atm_id, risk_level]),
      [["B", "critical"], ["A", "high"]],
    );
    assert.deepEqual([body.count, body.threshold, body.limit], [2, 0.7, 20]);
    const all = await ask(stage, "/high-risk?threshold=0&limit=1");
    assert.deepEqual([all.body.atms[0].atm_id, all.body.count], ["B", 1]);
  }));

for (
  const [what, path, init, status, says] of [
    ["a threshold above 1", "/high-risk?threshold=1.01", {}, 422, /from 0 to 1/],
    ["a threshold below 0", "/high-risk?threshold=-0.1", {}, 422, /from 0 to 1/],
    ["a threshold that is no number", "/high-risk?threshold=NaN", {}, 422, /from 0 to 1/],
    ["no ATM", "/failure", posted({}), 422, /atm_id/],
    ["an id that is too long", "/failure", posted({ atm_id: "A".repeat(21) }), 422, /20/],
    ["a hostile id", "/failure", posted({ atm_id: "';drop" }), 422, /letters/],
    ["another history", "/failure", posted({ atm_id: "A", history_hours: 48 }), 422, /24 hours/],
    ["no ATMs", "/bulk", posted({ atm_ids: [] }), 422, /atm_ids/],
    ["too many ATMs", "/bulk", posted({ atm_ids: Array(1001).fill("A") }), 422, /1000/],
    ["ids that are none", "/bulk", posted({ atm_ids: [1] }), 422, /atm_ids\.0/],
    ["a body that is not JSON", "/bulk", posted("["), 400, /JSON/],
    ["a body beyond all bounds", "/bulk", posted("x".repeat(200_000)), 413, /larger/],
  ] as [string, string, RequestInit, number, RegExp][]
) {
  Deno.test(`${what} is refused: ${path}`, () =>
    withStage(async (stage) => {
      const answer = await ask(stage, path, init);
      assert.deepEqual([answer.status, stage.reported], [status, []]);
      assert.match(answer.body.detail, says);
    }));
}
