import assert from "node:assert/strict";
import { keepModel, readModelFile, untoldModels } from "../../projections/models.ts";
import { tellOfModels } from "../../routes/training/tell.ts";
import { posted, reading, withStage } from "./stage.ts";

const model = "a".repeat(64);
const other = "b".repeat(64);
const card = { kind: "lstm", series: "S1", better: true };
const order = { model, kind: "lstm", card, promote: true, by: "command line" };
const stream = "sensor-S1";
const told = {
  sequence: 1,
  duplicate: false,
  answer: { outcome: "recorded" as const, events: [] },
};

function trained(sha256: string) {
  const data = { model: sha256, kind: "lstm", card };
  return { stream, type: "ModelTrained", data, occurredAt: Date.UTC(2026, 5, 15) };
}

function promoted(sha256: string) {
  const data = { model: sha256, kind: "lstm", by: "operator" };
  return { stream, type: "ModelPromoted", data, occurredAt: Date.UTC(2026, 5, 15) };
}

Deno.test("the log is told of a model trained while it was not listening, until it has heard", async () => {
  await withStage(async (stage) => {
    const { sql, publisher } = stage.deps;
    await keepModel(sql, { stream, order, onnx: Uint8Array.of(1, 2, 3) });

    stage.answer = () => Promise.reject(new Error("the bus is away"));
    await assert.rejects(() => tellOfModels(sql, publisher), /the bus is away/);
    assert.equal((await untoldModels(sql)).length, 1);

    stage.answer = () => Promise.resolve(told);
    assert.equal(await tellOfModels(sql, publisher), 1);
    const { subject, payload } = stage.sent.at(-1) ?? { subject: "", payload: "{}" };
    assert.equal(subject, "devices.sensor.S1.command");
    assert.deepEqual(JSON.parse(payload), { command: "RecordModel", ...order });

    assert.equal(await tellOfModels(sql, publisher), 0);
    assert.deepEqual(await readModelFile(sql, model), Uint8Array.of(1, 2, 3));
  });
});

Deno.test("a series' models are listed newest first, with the one in force", async () => {
  await withStage(async (stage) => {
    await stage.record([reading("S1", 1), trained(model), promoted(model), trained(other)]);
    const list = async () => {
      const response = await stage.app.request("/api/v1/series/S1/models");
      assert.equal(response.status, 200);
      const { models } = await response.json();
      return models.map((each: { sha256: string; in_force: boolean }) => [
        each.sha256,
        each.in_force,
      ]);
    };
    assert.deepEqual(await list(), [[other, false], [model, true]]);
    await stage.record([promoted(other)]);
    assert.deepEqual(await list(), [[other, true], [model, false]]);

    const one = await stage.app.request(`/api/v1/series/S1/models/${model}`);
    assert.deepEqual((await one.json()).card, card);
  });
});

Deno.test("what there is not is named: series, model, file, training, forecast", async () => {
  await withStage(async (stage) => {
    await stage.record([reading("S1", 1), trained(model)]);
    const codes = {
      "/api/v1/series/nobody/models": "device-unknown",
      [`/api/v1/series/S1/models/${other}`]: "model-unknown",
      [`/api/v1/series/S1/models/${model}/onnx`]: "model-file-missing",
      [`/api/v1/trainings/${crypto.randomUUID()}`]: "training-unknown",
      "/api/v1/series/S1/forecast": "nothing-foretold",
      "/api/v1/series/nobody/forecast": "device-unknown",
    };
    for (const [path, code] of Object.entries(codes)) {
      const response = await stage.app.request(path);
      assert.equal(response.status, 404, path);
      assert.equal((await response.json()).code, code);
    }
    for (const path of ["/api/v1/series/S1/models/xyz", "/api/v1/trainings/1"]) {
      assert.equal((await stage.app.request(path)).status, 422, path);
    }
  });
});

Deno.test("wrong wishes for a training are refused by name", async () => {
  await withStage(async (stage) => {
    await stage.record([reading("S1", 1)]);
    const train = (body: unknown) => stage.app.request("/api/v1/series/S1/train", posted(body));
    for (
      const body of [{ seed: -1 }, { seed: 1.5 }, { epochs: 0 }, { epochs: 1e9 }, { force: 1 }]
    ) {
      const response = await train(body);
      assert.equal(response.status, 422, JSON.stringify(body));
      assert.ok((await response.json()).detail.includes(Object.keys(body)[0]));
    }
    assert.equal((await train("{")).status, 400);
  });
});

Deno.test("a series that is being trained is not trained twice, and what fails says why", async () => {
  await withStage(async (stage) => {
    await stage.record([reading("S1", 1)]);
    const ask = async () => {
      const response = await stage.app.request("/api/v1/series/S1/train", { method: "POST" });
      assert.equal(response.status, 202);
      return response.headers.get("location") ?? "";
    };
    const [first, second] = [await ask(), await ask()];
    assert.equal(first, second);
    for (;;) {
      const training = await (await stage.app.request(first)).json();
      if (training.state === "failed") {
        assert.match(training.problem, /it has 1 reading, and 500 are needed/);
        break;
      }
      assert.notEqual(training.state, "done");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(stage.reported, []);
  });
});

Deno.test("a promotion is an order to the series' actor", async () => {
  await withStage(async (stage) => {
    await stage.record([reading("S1", 1), trained(model)]);
    stage.answer = () => Promise.resolve(told);
    const path = `/api/v1/series/S1/models/${model}/promote`;
    const response = await stage.app.request(path, posted({ by: "night shift" }));
    assert.equal(response.status, 200);
    assert.deepEqual(JSON.parse(stage.sent.at(-1)?.payload ?? ""), {
      command: "PromoteModel",
      model,
      by: "night shift",
    });
    const unknown = await stage.app.request(path.replace(model, other), { method: "POST" });
    assert.equal(unknown.status, 404);
  });
});
