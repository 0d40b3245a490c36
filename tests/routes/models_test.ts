import assert from "node:assert/strict";
import { FAILURE_MODEL_STREAM } from "../../events/model.ts";
import type { Json } from "../../events/vocabulary.ts";
import { FAILURES_MIN } from "../../models/failure/candidate.ts";
import { loadFailureModel, readFailureModel } from "../../models/failure/serving.ts";
import { readShippedModel } from "../../models/failure/shipped.ts";
import { AtmRows, joinRows } from "../../models/features/mod.ts";
import {
  keepModel,
  markTold,
  readFailureModelInForce,
  readModelFile,
  untoldModels,
} from "../../projections/models.ts";
import { rowsOfLog } from "../../routes/training/failure_rows.ts";
import { shipModel } from "../../routes/training/ship.ts";
import { appendToLog, createRecorder, type Fact } from "../projections/log.ts";
import { atmLives, LIFE_ATMS, LIFE_FROM, LIFE_TO } from "./atm_life.ts";
import { posted, type Stage, withStage } from "./stage.ts";

const model = "a".repeat(64);
const other = "b".repeat(64);
const stream = FAILURE_MODEL_STREAM;
const kind = "failure";
const occurredAt = Date.UTC(2026, 5, 15);
const card = { kind, simulated: false, source: "a test" };
const whole = { from: LIFE_FROM, to: LIFE_TO };

function trained(sha256: string, told: Json = card): Fact {
  return { stream, type: "ModelTrained", data: { model: sha256, kind, card: told }, occurredAt };
}

function promoted(sha256: string): Fact {
  const data = { model: sha256, kind, by: "operator" };
  return { stream, type: "ModelPromoted", data, occurredAt };
}

function reports(atms = LIFE_ATMS): Fact[] {
  return [...atmLives(atms)].map(({ id, at, data }) => ({
    stream: `atm-${id}`,
    type: "TelemetryReported",
    data,
    occurredAt: at,
  }));
}

/** Into the log alone: nobody asks read models here. */
async function writeReports({ deps }: Stage, atms?: number): Promise<void> {
  await appendToLog(deps.sql, createRecorder()(0, reports(atms)));
}

async function get(stage: Stage, path: string, status = 200): Promise<Json> {
  const response = await stage.app.request(`/api/v1${path}`);
  assert.equal(response.status, status, path);
  return await response.json();
}

async function trainedBy(stage: Stage, body: object): Promise<Json> {
  const range = { from: new Date(LIFE_FROM), to: new Date(LIFE_TO) };
  const asked = await stage.app.request(
    "/api/v1/models/failure/train",
    posted({ ...range, ...body }),
  );
  assert.equal(asked.status, 202, await asked.clone().text());
  for (;;) {
    const job = await (await stage.app.request(asked.headers.get("location") ?? "")).json();
    if (job.state === "done" || job.state === "failed") return job;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const recorded = {
  sequence: 1,
  duplicate: false,
  answer: { outcome: "recorded" as const, events: [] },
};

Deno.test("the log's rows are those of the reports themselves, whatever their order in it", async () => {
  await withStage(async (stage) => {
    const facts = reports(3);
    // Late ones among the rest: the log has them behind what was reported after them.
    const shuffled = [
      ...facts.filter((_, i) => i % 7 !== 0),
      ...facts.filter((_, i) => i % 7 === 0),
    ];
    await appendToLog(stage.deps.sql, createRecorder()(0, shuffled));
    const { rows, atms, atmsKnown } = await rowsOfLog(stage.deps.sql, { ...whole, seed: 1 });
    assert.deepEqual([atms, atmsKnown], [3, 3]);
    const lives = Map.groupBy(facts, ({ stream }) => stream);
    const own = joinRows([...lives.values()].map((life) => {
      const rows = new AtmRows();
      for (const { occurredAt: at, data } of life) rows.take({ at, data });
      return rows;
    }));
    assert.equal(rows.labels.length, own.labels.length);
    assert.equal(sum(rows.labels), sum(own.labels));
    const half = (LIFE_FROM + LIFE_TO) / 2;
    const early = await rowsOfLog(stage.deps.sql, { from: LIFE_FROM, to: half, seed: 1 });
    assert.ok(early.rows.labels.length > 0.3 * rows.labels.length);
    assert.ok(early.rows.times.every((at) => at < half));
  });
});

Deno.test("more rows than can be learned from are those of some ATMs, drawn by the seed", async () => {
  await withStage(async (stage) => {
    await writeReports(stage, 6);
    const draw = (seed: number) => rowsOfLog(stage.deps.sql, { ...whole, seed, rowsMax: 500 });
    const [one, again, other] = [await draw(1), await draw(1), await draw(2)];
    assert.deepEqual([one.atms, one.atmsKnown], [2, 6]);
    assert.deepEqual(one.rows.matrix, again.rows.matrix);
    assert.notDeepEqual(one.rows.matrix, other.rows.matrix);
  });
});

Deno.test("a failure model is trained from the log, judged beside the one in force, and told of", async () => {
  await withStage(async (stage) => {
    const { sql } = stage.deps;
    await writeReports(stage);
    stage.answer = () => Promise.resolve(recorded);
    const job = await trainedBy(stage, { force: true });
    assert.equal(job.state, "done", String(job.problem));
    assert.equal(job.kind, "failure");
    assert.equal(job.series, null);
    const made = job.model as { sha256: string; promoted: boolean; verdict: string };
    assert.equal(made.promoted, true);
    assert.match(made.verdict, /etter than the model in force.*PR-AUC 0\.\d+ against 0\.\d+/);
    const { subject, payload } = stage.sent.at(-1) ?? { subject: "", payload: "{}" };
    assert.equal(subject, "devices.model.failure.command");
    const { command, card: told, ...order } = JSON.parse(payload);
    assert.equal(command, "RecordModel");
    assert.deepEqual(order, { model: made.sha256, kind, promote: true, by: "operator" });
    assert.equal(told.comparison.model, (await readShippedModel()).sha256);
    assert.ok(told.judged.laterTimes.prAuc > 3 * told.judged.laterTimes.baseRate);
    assert.ok(Date.parse(told.data.to) < LIFE_TO - 2 * 86_400_000, "the hold-out was learned from");

    const onnx = await readModelFile(sql, made.sha256) ?? assert.fail("no file");
    const served = await loadFailureModel(onnx, made.sha256);
    assert.deepEqual(JSON.parse(JSON.stringify(served.card)), told);
    assert.deepEqual(await untoldModels(sql), []);
    const again = await trainedBy(stage, { force: true });
    assert.equal((again.model as { sha256: string }).sha256, made.sha256, "the same rows and seed");

    await stage.record([trained(model), promoted(model)], 1);
    const { model: third } = await trainedBy(stage, {});
    assert.match((third as { verdict: string }).verdict, /in force cannot be used here/);
    assert.equal((third as { promoted: boolean }).promoted, true);
    assert.deepEqual(stage.reported, []);
  });
});

Deno.test("a training from too few failures says how many there are and how many it takes", async () => {
  await withStage(async (stage) => {
    await writeReports(stage, 1);
    const job = await trainedBy(stage, {});
    assert.equal(job.state, "failed");
    assert.match(String(job.problem), /^Cannot train: .* at least 10 and 5 are needed$/);
    assert.deepEqual(FAILURES_MIN, { learn: 10, judge: 5 });
    const empty = await trainedBy(stage, {
      from: "2020-01-01T00:00:00Z",
      to: "2020-02-01T00:00:00Z",
    });
    assert.match(String(empty.problem), /0 failures are known/);
    assert.deepEqual(stage.reported, []);
  });
});

Deno.test("wrong wishes for a training are refused by name", async () => {
  await withStage(async (stage) => {
    const wrong = [
      { from: "soon" },
      { to: 5 },
      { trials: 1e9 },
      { seed: -1 },
      { force: "yes" },
      { from: "2026-03-01T00:00:00Z", to: "2026-02-01T00:00:00Z" },
      { from: "2036-03-01T00:00:00Z" },
    ];
    for (const body of wrong) {
      const response = await stage.app.request("/api/v1/models/failure/train", posted(body));
      assert.equal(response.status, 422, JSON.stringify(body));
      assert.ok((await response.json()).detail.includes(Object.keys(body)[0]));
    }
    const broken = await stage.app.request("/api/v1/models/failure/train", posted("{"));
    assert.equal(broken.status, 400);
  });
});

Deno.test("models of the fleet are listed newest first, with what their cards say, if they say it", async () => {
  await withStage(async (stage) => {
    assert.deepEqual((await get(stage, "/models")).models, []);
    const { card: told, sha256 } = await readFailureModel((await readShippedModel()).onnx);
    const whole = { ...told } as unknown as Json;
    await stage.record([trained(sha256, whole), promoted(sha256), trained(other)]);
    const { models } = await get(stage, "/models?kind=failure") as { models: Json[] };
    assert.deepEqual(models.map(({ sha256, in_force }) => [sha256, in_force]), [
      [other, false],
      [sha256, true],
    ]);
    assert.equal(models[0]?.about, null);
    const about = models[1]?.about as Json;
    assert.equal(about.simulated, true);
    assert.ok((about.judged as { otherAtms: { pr_auc: number } }).otherAtms.pr_auc > 0.3);
    assert.deepEqual(
      (await get(stage, `/models/${sha256}`)).card,
      JSON.parse(JSON.stringify(whole)),
    );
  });
});

Deno.test("what there is not is named, and what is no SHA-256 is refused", async () => {
  await withStage(async (stage) => {
    await stage.record([trained(model)]);
    const unknown = await get(stage, `/models/${other}`, 404);
    assert.equal(unknown.code, "model-unknown");
    const missing = await get(stage, `/models/${model}/onnx`, 404);
    assert.equal(missing.code, "model-file-missing");
    await get(stage, "/models/xyz", 422);
    await get(stage, "/models?kind=lstm", 422);
    const promote = (sha256: string) =>
      stage.app.request(`/api/v1/models/${sha256}/promote`, posted({}));
    assert.equal((await promote(other)).status, 404);
    assert.equal((await promote("failure")).status, 422);
    const nothing = await stage.app.request("/api/v1/models/failure/rollback", posted({}));
    assert.equal(nothing.status, 409);
    assert.equal((await nothing.json()).code, "no-model-before");
    assert.equal(stage.sent.length, 0);
  });
});

Deno.test("to promote and to roll back are orders to the models' actor", async () => {
  await withStage(async (stage) => {
    await stage.record([trained(model), promoted(model), trained(other)]);
    stage.answer = () => Promise.resolve(recorded);
    const path = `/api/v1/models/${other}/promote`;
    assert.equal((await stage.app.request(path, posted({ by: "night shift" }))).status, 200);
    assert.equal(stage.sent.at(-1)?.subject, "devices.model.failure.command");
    assert.deepEqual(JSON.parse(stage.sent.at(-1)?.payload ?? ""), {
      command: "PromoteModel",
      model: other,
      by: "night shift",
    });
    const back = await stage.app.request("/api/v1/models/failure/rollback", { method: "POST" });
    assert.equal(back.status, 200);
    assert.deepEqual(JSON.parse(stage.sent.at(-1)?.payload ?? ""), {
      command: "RollBackModel",
      model,
      by: "operator",
    });
  });
});

Deno.test("one that was trained before the first start is not overtaken by the one that comes with it", async () => {
  await withStage(async ({ deps: { sql } }) => {
    const order = { model, kind, card, promote: true, by: "command line" };
    await keepModel(sql, { stream, order, onnx: Uint8Array.of(1) });
    await shipModel(sql);
    assert.deepEqual((await untoldModels(sql)).map(({ order }) => order.model), [model]);
  });
});

Deno.test("the model that comes with Telltale is put in force where none of the user's own is", async () => {
  await withStage(async (stage) => {
    const { sql } = stage.deps;
    const shipped = await readShippedModel();
    const untold = async () => (await untoldModels(sql)).map(({ order }) => order);
    await shipModel(sql);
    const [order] = await untold();
    assert.deepEqual([order?.model, order?.promote, order?.by], [shipped.sha256, true, "telltale"]);
    assert.equal(order?.card.simulated, true);
    await markTold(sql, shipped.sha256);

    // One that came with an older Telltale makes way.
    await stage.record([trained(model, { ...card, simulated: true }), promoted(model)]);
    await shipModel(sql);
    assert.equal((await untold()).length, 1);
    await markTold(sql, shipped.sha256);

    await stage.record([
      trained(shipped.sha256, { ...card, simulated: true }),
      promoted(shipped.sha256),
    ]);
    await shipModel(sql);
    assert.deepEqual(await untold(), [], "it is in force already");
    const { sha256, onnx } = await readFailureModelInForce(sql) ?? assert.fail("none in force");
    assert.deepEqual([sha256, onnx], [shipped.sha256, shipped.onnx]);

    await stage.record([trained(other), promoted(other)]);
    await shipModel(sql);
    assert.deepEqual(await untold(), [], "the user's own stays");
    await assert.rejects(readFailureModelInForce(sql), /not kept here/);
    const kept = { model: other, kind, card, promote: false, by: "operator" };
    await keepModel(sql, { stream, order: kept, onnx: Uint8Array.of(1) });
    assert.equal((await readFailureModelInForce(sql))?.sha256, other);
  });
});

function sum(values: Uint8Array): number {
  return values.reduce((total, value) => total + value, 0);
}
