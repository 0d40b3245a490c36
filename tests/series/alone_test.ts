import assert from "node:assert/strict";
import { createSeriesModels } from "../../projections/series_models.ts";
import { type Answer, history, withCluster } from "./stage.ts";

Deno.test("where nobody else can write, predictions go on without the database", () =>
  withCluster(async ({ owner }) => {
    await owner.post("/fit/S1", history(20));
    await owner.deps.sql.end({ timeout: 1 });
    const { status, body } = await owner.post("/predict/S1", { timestamp: "1", value: 99 });
    assert.deepEqual([status, body.anomaly, body.model_version], [200, true, "v1"]);
  }));

Deno.test("where others can, nothing is said that cannot be looked up", () =>
  withCluster(async ({ owner, join }) => {
    await owner.post("/fit/S1", history(20));
    const other = await join();
    const question = { timestamp: "1", value: 99 };
    assert.equal((await other.post("/predict/S1", question)).status, 200);
    await other.deps.sql.end({ timeout: 1 });
    let answer: Answer;
    try {
      answer = await other.post("/predict/S1", question);
    } catch (error) {
      answer = { status: 500, body: String(error) };
    }
    assert.notEqual(answer.status, 200);
  }));

Deno.test("models that are read and models that are offered make the same memory", () =>
  withCluster(async ({ owner, database }) => {
    const many = Array.from(
      { length: 60 },
      (_, i) => owner.post(`/fit/S${i % 7}`, history(10 + i)),
    );
    const answers = await Promise.all(many);
    assert.ok(answers.every(({ status }) => status === 200));
    const read = createSeriesModels({ sql: database.sql, alone: false });
    await read.fresh();
    assert.deepEqual(
      [...read.all()].sort(),
      [...owner.deps.series.models.all()].sort(),
    );
    for (const [, models] of read.all()) {
      assert.deepEqual(models.map(({ number }) => number), models.map((_, i) => i + 1));
    }
  }));
