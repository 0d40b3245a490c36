/** How the service shows itself: plots, models, counts and latencies. */
import assert from "node:assert/strict";
import { history, type Node, START, withCluster } from "./stage.ts";

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47];

async function plot(node: Node, query: string, accept?: string) {
  const response = await node.request(`/plot?${query}`, {
    headers: accept === undefined ? {} : { accept },
  });
  return { response, bytes: await response.bytes() };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

Deno.test("a plot is what is accepted: PNG by default, SVG or JSON on request", () =>
  withCluster(async ({ owner }) => {
    const spiky = history(20, 40);
    spiky.values[30] = 60;
    await owner.post("/fit/S1", spiky);

    for (const accept of [undefined, "image/png", "*/*", "text/html,*/*;q=0.8"]) {
      const { response, bytes } = await plot(owner, "series_id=S1", accept);
      assert.equal(response.headers.get("content-type"), "image/png", String(accept));
      assert.deepEqual([...bytes.subarray(0, 4)], PNG_SIGNATURE);
      assert.ok(bytes.length > 5_000, `${bytes.length} bytes`);
    }
    const svg = await plot(owner, "series_id=S1", "image/svg+xml");
    assert.equal(svg.response.headers.get("content-type"), "image/svg+xml");
    assert.match(text(svg.bytes), /^<svg[\s\S]*S1, model v1[\s\S]*<\/svg>$/);
    assert.equal(svg.response.headers.get("vary"), "Accept");

    const { response, bytes } = await plot(owner, "series_id=S1", "application/json");
    assert.equal(response.headers.get("content-type"), "application/json");
    const { series_id, model_version, data_points, model_stats, summary } = JSON.parse(text(bytes));
    assert.deepEqual([series_id, model_version], ["S1", "v1"]);
    assert.equal(data_points.length, 40);
    assert.deepEqual(
      data_points.filter((point: { is_anomaly: boolean }) => point.is_anomaly)
        .map((point: { timestamp: number; value: number }) => [point.timestamp, point.value]),
      [[START + 30 * 60, 60]],
    );
    const { deviation } = data_points[30];
    assert.ok(Math.abs(deviation - (60 - model_stats.mean) / model_stats.std) < 1e-12);
    assert.equal(model_stats.upper_bound, model_stats.mean + 3 * model_stats.std);
    assert.deepEqual(summary, {
      total_points: 40,
      shown_points: 40,
      anomaly_count: 1,
      anomaly_rate: 1 / 40,
      start: START,
      end: START + 39 * 60,
    });
  }));

Deno.test("a plot shows the version it is asked for, and only those there are", () =>
  withCluster(async ({ owner }) => {
    await owner.post("/fit/S1", history(20));
    await owner.post("/fit/S1", { ...history(80), sided: "upper" });
    const means = await Promise.all(["&version=v1", "&version=v2", ""].map(async (version) => {
      const { model_stats } = await owner.get(`/plot?series_id=S1${version}&format=json`);
      return [model_stats.mean, model_stats.lower_bound];
    }));
    assert.deepEqual(means, [[20, 17], [80, null], [80, null]]);
    const upper = await plot(owner, "series_id=S1&format=svg");
    assert.equal(upper.response.status, 200);
    const refused: [query: string, status: number, code: string][] = [
      ["series_id=S1&version=v3", 404, "version-unknown"],
      ["series_id=S2", 404, "series-unknown"],
      ["series_id=a.b", 422, "invalid-request"],
      ["", 422, "invalid-request"],
      ["series_id=S1&format=gif", 422, "invalid-request"],
    ];
    for (const [query, status, code] of refused) {
      const { response, bytes } = await plot(owner, query);
      assert.deepEqual([response.status, JSON.parse(text(bytes)).code], [status, code], query);
    }
  }));

Deno.test("what would be markup in a name stays text in a picture", () =>
  withCluster(async ({ owner }) => {
    await owner.post("/fit/a:b_c-1", history());
    const { bytes } = await plot(owner, "series_id=a:b_c-1&format=svg");
    assert.match(text(bytes), /a:b_c-1, model v1/);
    const script = await plot(owner, `series_id=${encodeURIComponent("<script>")}&format=svg`);
    assert.equal(script.response.status, 422);
  }));

Deno.test("several plots at once are drawn, one after the other", () =>
  withCluster(async ({ owner }) => {
    await owner.post("/fit/S1", history(20, 5_000));
    const plots = await Promise.all(
      Array.from({ length: 6 }, () => plot(owner, "series_id=S1")),
    );
    assert.deepEqual(plots.map(({ response }) => response.status), Array(6).fill(200));
  }));

Deno.test("the health check tells how much is trained, and latencies once there are any", () =>
  withCluster(async ({ owner }) => {
    const none = { avg: null, p95: null, count: 0 };
    assert.deepEqual(await owner.get("/healthcheck"), {
      status: "ok",
      series_trained: 0,
      models_trained: 0,
      inference_latency_ms: none,
      training_latency_ms: none,
    });
    await owner.post("/fit/S1", history(20));
    await owner.post("/fit/S1", history(50));
    for (let i = 0; i < 20; i++) await owner.post("/predict/S1", { timestamp: "1", value: i });
    const { series_trained, models_trained, ...latencies } = await owner.get("/healthcheck");
    assert.deepEqual([series_trained, models_trained], [1, 2]);
    assert.equal(latencies.inference_latency_ms.count, 20);
    assert.equal(latencies.training_latency_ms.count, 2);
    for (const name of ["inference_latency_ms", "training_latency_ms"]) {
      const { avg, p95 } = latencies[name];
      assert.ok(avg > 0 && p95 > 0 && avg < 5_000 && p95 < 10_000, `${name}: ${avg}, ${p95}`);
    }
  }));

Deno.test("predictions are counted by hour and by model, and no question is recorded", () =>
  withCluster(async ({ owner, database }) => {
    await owner.post("/fit/A", history(20));
    await owner.post("/fit/A", history(50));
    await owner.post("/fit/B", history(20));
    const ask = (path: string, value: number) =>
      owner.post(`/predict/${path}`, { timestamp: "1", value });
    for (let i = 0; i < 5; i++) await ask("A", 50);
    await ask("A", 99);
    await ask("A?version=v1", 99);
    await ask("B", 20);
    await ask("nobody", 20);

    const { hours, total_predictions, predictions_per_hour, throughput } = await owner.get(
      "/metrics/throughput?hours=2",
    );
    assert.deepEqual([hours, total_predictions, predictions_per_hour], [2, 8, 4]);
    const sum = (name: string) =>
      throughput.reduce((sum: number, hour: Record<string, number>) => sum + (hour[name] ?? 0), 0);
    assert.deepEqual([sum("predictions"), sum("anomalies")], [8, 2]);

    const usage = await owner.get("/metrics/model-usage");
    assert.equal(usage.total_predictions, 8);
    assert.deepEqual(
      usage.model_usage.map((use: Record<string, unknown>) => [
        use.series_id,
        use.model_version,
        use.predictions,
        use.anomalies,
      ]),
      [["A", "v2", 6, 1], ["A", "v1", 1, 1], ["B", "v1", 1, 0]],
    );
    const [events] = await database.sql`
      select count(*)::int as n from events where type not in
        ('DeviceRegistered', 'SeriesModelFitted', 'TrainingSampleKept')`;
    assert.equal(events?.n, 0);
  }));

Deno.test("counts are added up across processes and flushes", () =>
  withCluster(async ({ owner, join }) => {
    await owner.post("/fit/A", history(20));
    const other = await join();
    for (const node of [owner, other, owner]) {
      await node.post("/predict/A", { timestamp: "1", value: 20 });
      await node.deps.series.usage.flush();
    }
    assert.equal((await other.get("/metrics/throughput")).total_predictions, 3);
  }));

Deno.test("how many hours is a number of hours", () =>
  withCluster(async ({ owner }) => {
    for (const hours of ["0", "-1", "1.5", "many", "1e2", "999999"]) {
      const response = await owner.request(`/metrics/throughput?hours=${hours}`);
      assert.equal(response.status, 422, hours);
      await response.body?.cancel();
    }
    assert.deepEqual((await owner.get("/metrics/throughput")).throughput, []);
  }));

Deno.test("the page lists the series, and draws the one that is picked", () =>
  withCluster(async ({ owner }) => {
    const empty = await owner.request("/dashboard");
    assert.equal(empty.status, 200);
    assert.match(await empty.text(), /No model was fitted yet/);
    await owner.post("/fit/S1", history(20));
    await owner.post("/fit/S1", history(50));
    await owner.post("/predict/S1", { timestamp: "1", value: 50 });
    const listed = await (await owner.request("/dashboard")).text();
    assert.match(listed, /<a href="\/dashboard\?series_id=S1">S1<\/a>/);
    const picked = await (await owner.request("/dashboard?series_id=S1&version=v1")).text();
    assert.match(picked, /src="\/plot\?series_id=S1&version=v1"/);
    assert.equal((await owner.request("/dashboard?series_id=S2")).status, 404);
    const style = await owner.request("/dashboard/series.css");
    assert.match(style.headers.get("content-type") ?? "", /^text\/css/);
    await style.body?.cancel();
  }));
