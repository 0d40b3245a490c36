/** The 3-sigma contract, line by line, and what was proved wrong in the original. */
import assert from "node:assert/strict";
import { history, START, withCluster } from "./stage.ts";

Deno.test("a fit answers with its version, under both names", () =>
  withCluster(async ({ owner }) => {
    const { status, body } = await owner.post("/fit/S1", history());
    assert.equal(status, 200);
    const { timestamp, ...rest } = body;
    assert.deepEqual(rest, {
      series_id: "S1",
      version: "v1",
      model_version: "v1",
      points_used: 10,
    });
    assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000);
  }));

Deno.test("a value is an anomaly strictly beyond three deviations, on either side", () =>
  withCluster(async ({ owner }) => {
    await owner.post("/fit/S1", history(20)); // Mean 20, deviation 1.
    const cases: [value: number, anomaly: boolean, score: number][] = [
      [20, false, 0],
      [23, false, 3],
      [23.5, true, 3.5],
      [17, false, 3],
      [16, true, 4],
    ];
    for (const [value, anomaly, score] of cases) {
      const { status, body } = await owner.post("/predict/S1", { timestamp: "1609459500", value });
      assert.equal(status, 200);
      assert.deepEqual(body, { anomaly, model_version: "v1", timestamp: "1609459500", score });
    }
  }));

Deno.test("a timestamp may be a number as well", () =>
  withCluster(async ({ owner }) => {
    await owner.post("/fit/S1", history());
    const { body } = await owner.post("/predict/S1", { timestamp: 1609459500, value: 20 });
    assert.equal(body.timestamp, "1609459500");
  }));

Deno.test("on the upper side only, as the assignment had it", () =>
  withCluster(async ({ owner }) => {
    await owner.post("/fit/S1", { ...history(20), sided: "upper" });
    const below = await owner.post("/predict/S1", { timestamp: "1", value: -1_000 });
    const above = await owner.post("/predict/S1", { timestamp: "1", value: 24 });
    assert.deepEqual([below.body.anomaly, above.body.anomaly], [false, true]);
  }));

Deno.test("a threshold of its own decides", () =>
  withCluster(async ({ owner }) => {
    await owner.post("/fit/S1", { ...history(20), threshold: 1.5 });
    const { body } = await owner.post("/predict/S1", { timestamp: "1", value: 22 });
    assert.equal(body.anomaly, true);
  }));

Deno.test("the same fit again is the same version; another threshold is a new one", () =>
  withCluster(async ({ owner }) => {
    const first = await owner.post("/fit/S1", history());
    assert.deepEqual(await owner.post("/fit/S1", history()), first);
    const stricter = await owner.post("/fit/S1", { ...history(), threshold: 2 });
    assert.equal(stricter.body.version, "v2");
    const upper = await owner.post("/fit/S1", { ...history(), sided: "upper" });
    assert.equal(upper.body.version, "v3");
    const again = await owner.post("/fit/S1", { ...history(), threshold: 3 });
    assert.deepEqual(again, first);
  }));

Deno.test("the same fit ordered by many at once is one model", () =>
  withCluster(async ({ owner, database }) => {
    const fits = Array.from({ length: 20 }, () => owner.post("/fit/S1", history()));
    const answers = await Promise.all(fits);
    assert.deepEqual([...new Set(answers.map(({ body }) => body.version))], ["v1"]);
    const rows = await database.sql`select type from events order by "offset"`;
    assert.deepEqual(rows.map(({ type }) => type), [
      "DeviceRegistered",
      "SeriesModelFitted",
      "TrainingSampleKept",
    ]);
  }));

Deno.test("an unknown series and an unknown version are not found", () =>
  withCluster(async ({ owner }) => {
    const question = { timestamp: "1", value: 20 };
    const unknown = await owner.post("/predict/S1", question);
    assert.deepEqual([unknown.status, unknown.body.code], [404, "series-unknown"]);
    await owner.post("/fit/S1", history());
    for (const version of ["v2", "v0", "1", "constructor", "V1", "v1e0"]) {
      const { status, body } = await owner.post(`/predict/S1?version=${version}`, question);
      assert.deepEqual([status, body.code], [404, "version-unknown"], version);
    }
  }));

// What was wrong in the original, proved by running it.

Deno.test("v2 has its own parameters, and v1 keeps its", () =>
  withCluster(async ({ owner }) => {
    await owner.post("/fit/S1", history(20));
    await owner.post("/fit/S1", history(80));
    const question = { timestamp: "1609459500", value: 80 };
    const asked = async (version: string) =>
      (await owner.post(`/predict/S1?version=${version}`, question)).body;
    const [first, second] = [await asked("v1"), await asked("v2")];
    assert.deepEqual([first.model_version, first.anomaly, first.score], ["v1", true, 60]);
    assert.deepEqual([second.model_version, second.anomaly, second.score], ["v2", false, 0]);
  }));

Deno.test("after a retrain the very next answer is the new model's", () =>
  withCluster(async ({ owner }) => {
    for (let level = 1; level <= 20; level++) {
      await owner.post("/fit/S1", history(level * 100));
      const question = { timestamp: "1609459500", value: level * 100 };
      const { body } = await owner.post("/predict/S1", question);
      assert.deepEqual([body.model_version, body.anomaly], [`v${level}`, false]);
    }
  }));

Deno.test("the same timestamp with another value gets its own answer", () =>
  withCluster(async ({ owner }) => {
    await owner.post("/fit/S1", history(20));
    const answer = async (value: number) =>
      (await owner.post("/predict/S1", { timestamp: "1609459500", value })).body.anomaly;
    assert.deepEqual([await answer(20), await answer(99), await answer(20)], [false, true, false]);
  }));

Deno.test("a version that is not there is never answered by another", () =>
  withCluster(async ({ owner }) => {
    await owner.post("/fit/S1", history());
    const { status, body } = await owner.post("/predict/S1?version=v9", {
      timestamp: "1",
      value: 20,
    });
    assert.equal(status, 404);
    assert.match(body.detail, /no model "v9": its newest is v1/);
  }));

Deno.test("NaN, ISO timestamps and years past 2038 are answered for what they are, without SQL", () =>
  withCluster(async ({ owner }) => {
    const nan = await owner.post("/fit/S1", `{"timestamps": [1, 2], "values": [1, NaN]}`);
    assert.deepEqual([nan.status, nan.body.code], [400, "not-json"]);
    const iso = await owner.post("/fit/S1", {
      timestamps: ["2021-01-01T00:00:00Z", "2021-01-01T00:01:00Z"],
      values: [1, 2],
    });
    assert.deepEqual([iso.status, iso.body.code], [422, "bad-timestamp"]);
    const asked = await owner.post("/predict/S1", { timestamp: "2021-01-01", value: 1 });
    assert.deepEqual([asked.status, asked.body.code], [422, "bad-timestamp"]);
    for (const { body } of [nan, iso, asked]) {
      assert.doesNotMatch(JSON.stringify(body), /select|insert|postgres|\.ts:/i);
    }
    const later = await owner.post("/fit/S1", {
      timestamps: [2_177_452_800, 2_177_452_860, 4_102_444_800],
      values: [1, 2, 3],
    });
    assert.equal(later.status, 200); // 2039 and 2100.
  }));

Deno.test("timestamps beyond 2^53 keep every digit, up to the last of 64 bits", () =>
  withCluster(async ({ owner }) => {
    const fit = await owner.post(
      "/fit/S1",
      `{"timestamps": [9007199254740992, 9007199254740993, "9223372036854775807"],
        "values": [1, 2, 3]}`,
    );
    assert.equal(fit.status, 200);
    const plot = await owner.request("/plot?series_id=S1&format=json");
    const text = await plot.text();
    for (const digits of ["9007199254740992", "9007199254740993", "9223372036854775807"]) {
      assert.ok(text.includes(`"timestamp":${digits},`), digits);
    }
    const asked = await owner.post("/predict/S1", `{"timestamp": 9007199254740993, "value": 2}`);
    assert.equal(asked.body.timestamp, "9007199254740993");
    const beyond = await owner.post(
      "/predict/S1",
      `{"timestamp": 9223372036854775808, "value": 2}`,
    );
    assert.deepEqual([beyond.status, beyond.body.code], [422, "bad-timestamp"]);
  }));

Deno.test("every mistake in a fit has a code of its own", () =>
  withCluster(async ({ owner }) => {
    const [timestamps, values] = [[1, 2, 3], [1, 2, 3]];
    const fine = { timestamps, values };
    const mistakes: [status: number, code: string, body: unknown][] = [
      [422, "too-few-points", { timestamps: [1], values: [1] }],
      [422, "too-few-points", { timestamps: [], values: [] }],
      [422, "lengths-differ", { timestamps, values: [1, 2] }],
      [422, "not-increasing", { timestamps: [1, 3, 2], values }],
      [422, "not-increasing", { timestamps: [1, 2, 2], values }],
      [422, "constant-values", { timestamps, values: [7, 7, 7] }],
      [422, "constant-values", { timestamps, values: [0.1, 0.1, 0.1] }],
      [422, "constant-values", { timestamps, values: [0, -0, 0] }],
      [422, "not-a-number", `{"timestamps": [1, 2, 3], "values": [1, 2, 1e999]}`],
      [422, "not-a-number", `{"timestamps": [1, 2, 3], "values": [1, 2, -1e999]}`],
      [422, "not-a-number", { timestamps, values: [1, "2", 3] }],
      [422, "not-a-number", { timestamps, values: [1, null, 3] }],
      [422, "not-a-number", { timestamps, values: [1, true, 3] }],
      [422, "not-a-number", { timestamps, values: [1, [2], 3] }],
      [422, "bad-threshold", { ...fine, threshold: 0 }],
      [422, "bad-threshold", { ...fine, threshold: -3 }],
      [422, "bad-threshold", { ...fine, threshold: "3" }],
      [422, "bad-threshold", { ...fine, threshold: null }],
      [422, "bad-sided", { ...fine, sided: "left" }],
      [422, "bad-timestamp", { timestamps: [1, 2.5, 3], values }],
      [422, "bad-timestamp", { timestamps: [1, null, 3], values }],
      [422, "bad-timestamp", `{"timestamps": [1, 2, 1e30], "values": [1, 2, 3]}`],
      [422, "wrong-shape", { values }],
      [422, "wrong-shape", { timestamps: "1,2,3", values }],
      [422, "not-an-object", [1, 2]],
      [422, "not-an-object", "null"],
      [400, "not-json", `{"timestamps": [1, 2, 3], "values": [1, 2, Infinity]}`],
      [400, "not-json", ""],
    ];
    for (const [status, code, body] of mistakes) {
      const answer = await owner.post("/fit/S1", body);
      assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(body));
    }
    assert.deepEqual((await owner.get("/models")).models, []);
  }));

Deno.test("every mistake in a prediction is named", () =>
  withCluster(async ({ owner }) => {
    await owner.post("/fit/S1", history());
    const mistakes: [status: number, code: string, body: unknown][] = [
      [400, "not-json", `{"timestamp": "1", "value": NaN}`],
      [400, "not-json", ""],
      [422, "not-an-object", [1]],
      [422, "not-a-number", { timestamp: "1" }],
      [422, "not-a-number", { timestamp: "1", value: "20" }],
      [422, "not-a-number", `{"timestamp": "1", "value": 1e999}`],
      [422, "bad-timestamp", { value: 20 }],
      [422, "bad-timestamp", { timestamp: 1.5, value: 20 }],
      [422, "bad-timestamp", { timestamp: "", value: 20 }],
      [422, "bad-timestamp", { timestamp: "0x10", value: 20 }],
      [413, "too-large", JSON.stringify({ timestamp: "1", value: 20, more: "x".repeat(70_000) })],
    ];
    for (const [status, code, body] of mistakes) {
      const answer = await owner.post("/predict/S1", body);
      assert.deepEqual(
        [answer.status, answer.body.code],
        [status, code],
        String(body).slice(0, 60),
      );
    }
    const typed = await owner.request("/predict/S1", {
      method: "POST",
      headers: { "content-type": "text/csv" },
      body: "1,2",
    });
    assert.equal(typed.status, 415);
    await typed.body?.cancel();
  }));

Deno.test("a name that no series can have is refused, clearly", () =>
  withCluster(async ({ owner }) => {
    for (const id of ["a.b", "a%20b", "%E2%82%AC", "x".repeat(65), "a%2Fb"]) {
      const fit = await owner.post(`/fit/${id}`, history());
      assert.deepEqual([fit.status, fit.body.code], [422, "invalid-request"], id);
      assert.match(fit.body.detail, /1 to 64 letters/);
      const asked = await owner.post(`/predict/${id}`, { timestamp: "1", value: 1 });
      assert.equal(asked.status, 422, id);
    }
  }));

Deno.test("doubles of any size can be fitted and asked about", () =>
  withCluster(async ({ owner }) => {
    const timestamps = [START, START + 1, START + 2, START + 3];
    const values = [-Number.MAX_VALUE, Number.MAX_VALUE, 0, 1];
    assert.equal((await owner.post("/fit/huge", { timestamps, values })).status, 200);
    const asked = await owner.post("/predict/huge", { timestamp: "1", value: 1e308 });
    assert.deepEqual([asked.status, asked.body.anomaly], [200, false]);
    const tiny = await owner.post("/fit/tiny", { timestamps, values: [1e-300, 2e-300, 1e-300, 0] });
    assert.equal(tiny.status, 200);
    assert.equal(
      (await owner.post("/predict/tiny", { timestamp: "1", value: 1 })).body.anomaly,
      true,
    );
  }));

Deno.test("a series with a history of half a million points is fitted beside everything else", () =>
  withCluster(async ({ owner }) => {
    const fit = await owner.post("/fit/S1", history(20, 500_000));
    assert.deepEqual([fit.status, fit.body.points_used], [200, 500_000]);
    const wrong = history(20, 500_000);
    wrong.values[499_999] = null as unknown as number;
    const refused = await owner.post("/fit/S1", wrong);
    assert.deepEqual([refused.status, refused.body.code], [422, "not-a-number"]);
    assert.match(refused.body.detail, /values\[499999\] is null/);
    const { summary } = await owner.get("/plot?series_id=S1&format=json");
    assert.equal(summary.total_points, 500_000);
    assert.ok(summary.shown_points <= 4_000);
  }));

Deno.test("ten million points are more than is taken at once, and that is said", () =>
  withCluster(async ({ owner }) => {
    const response = await owner.request("/fit/S1", {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": "190000000" },
      body: "{}",
    });
    assert.equal(response.status, 413);
    assert.match((await response.json()).detail, /larger than 64 MiB/);
  }));

Deno.test("what was fitted is there after a restart, and on whoever joins", () =>
  withCluster(async ({ owner, join }) => {
    for (const id of ["A", "B"]) await owner.post(`/fit/${id}`, history());
    await owner.post("/fit/B", history(50));
    const late = await join();
    const expected = {
      models: [{ series_id: "A", versions: ["v1"] }, { series_id: "B", versions: ["v1", "v2"] }],
      total_series: 2,
      total_models: 3,
    };
    assert.deepEqual(await late.get("/models"), expected);
    assert.deepEqual(await owner.get("/models"), expected);
  }));

Deno.test("a fit answered by one node is what the next prediction of any other uses", () =>
  withCluster(async ({ owner, join }) => {
    const nodes = [owner, await join(), await join()];
    for (let fit = 1; fit <= 30; fit++) {
      const fitted = await nodes[fit % 3]?.post("/fit/S1", history(fit * 100));
      assert.equal(fitted?.body.version, `v${fit}`);
      const question = { timestamp: "1", value: fit * 100 };
      const answers = await Promise.all(nodes.map((node) => node.post("/predict/S1", question)));
      for (const { body } of answers) {
        assert.deepEqual([body.model_version, body.anomaly], [`v${fit}`, false]);
      }
    }
  }));

Deno.test("nodes under load never go back behind a fit that was answered", () =>
  withCluster(async ({ owner, join }) => {
    const nodes = [owner, await join()];
    let answered = 0;
    let fitting = true;
    const ask = async (node: typeof owner) => {
      let asked = 0;
      while (fitting) {
        const known = answered;
        const { status, body } = await node.post("/predict/S1", { timestamp: "1", value: 1 });
        if (known > 0) {
          assert.equal(status, 200);
          assert.ok(
            Number(body.model_version.slice(1)) >= known,
            `${body.model_version}, ${known}`,
          );
        }
        asked++;
        // As between two requests that come over a socket.
        await new Promise((resolve) => setTimeout(resolve));
      }
      return asked;
    };
    const asking = nodes.flatMap((node) => [ask(node), ask(node), ask(node), ask(node)]);
    for (let fit = 1; fit <= 40; fit++) {
      await nodes[fit % 2]?.post("/fit/S1", history(fit * 10));
      answered = fit;
    }
    fitting = false;
    const asked = await Promise.all(asking);
    assert.ok(asked.every((count) => count > 5), String(asked));
  }));

Deno.test("a commit whose outcome got lost is found in the log", () =>
  withCluster(async ({ owner, join }) => {
    await owner.post("/fit/S1", history(20));
    const other = await join();
    // Committed, but this process was not told: as when the database's answer is lost.
    const { models } = owner.deps.series;
    const offer = models.offer;
    models.offer = () => models.missed();
    const fitted = await other.post("/fit/S1", history(50));
    models.offer = offer;
    assert.equal(fitted.body.version, "v2");
    const { body } = await owner.post("/predict/S1", { timestamp: "1", value: 50 });
    assert.equal(body.model_version, "v2");
  }));
