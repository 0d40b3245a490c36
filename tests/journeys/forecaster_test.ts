/** A sensor's history becomes a forecaster that is in force, in a Telltale that runs. */
import assert from "node:assert/strict";
import { telltale as command } from "../audit/run.ts";
import { wave } from "../models/lstm/series.ts";
import { discardDataFolder, type RunningTelltale, startTelltale } from "../support/telltale.ts";
import { temporaryFolder } from "../support/servers.ts";

interface Training {
  readonly state: string;
  readonly problem: string | null;
  readonly model: { readonly sha256: string; readonly promoted: boolean } | null;
}

interface Model {
  readonly sha256: string;
  readonly in_force: boolean;
  readonly card: { readonly data: { readonly readings: number }; readonly loss: unknown[] };
}

interface Forecast {
  readonly expected: number;
  readonly lower: number;
  readonly upper: number;
}

interface Recorded {
  readonly data: {
    readonly expected?: number;
    readonly detectors?: readonly { readonly name: string }[];
  };
}

Deno.test("a series is trained while Telltale runs, and its model is in force", async (t) => {
  const dataDir = await temporaryFolder();
  const telltale = await startTelltale({ dataDir });
  try {
    await t.step("what nobody has heard of is not trained", async () => {
      const response = await post(telltale, "/api/v1/series/nobody/train", {});
      assert.equal(response.status, 404);
      assert.equal((await response.json()).code, "device-unknown");
      const wrong = await post(telltale, "/api/v1/series/nobody/train", { seed: -1 });
      assert.equal(wrong.status, 422);
      await wrong.body?.cancel();
    });

    await t.step(
      "too short a history is refused with what there is and what is needed",
      async () => {
        await report(telltale, "short", 10);
        const { state, problem } = await trained(telltale, "short");
        assert.equal(state, "failed");
        assert.match(problem ?? "", /"short": it has 10 readings, and 500 are needed/);
      },
    );

    await t.step("a history becomes a model, recorded and promoted by its sensor", async () => {
      await report(telltale, "W-1", 520);
      const { state, problem, model } = await trained(telltale, "W-1");
      assert.equal(state, "done", problem ?? "");
      assert.equal(model?.promoted, true);
      const models = await get<{ models: Model[] }>(telltale, "/api/v1/series/W-1/models");
      assert.equal(models.models.length, 1);
      assert.equal(models.models[0]?.sha256, model?.sha256);
      assert.equal(models.models[0]?.in_force, true);
      const path = `/api/v1/series/W-1/models/${model?.sha256}`;
      const { card } = await get<Model>(telltale, path);
      assert.equal(card.data.readings, 520);
      assert.ok(card.loss.length > 1);
      const onnx = await (await fetch(`${telltale.url}${path}/onnx`)).arrayBuffer();
      const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", onnx)).toHex();
      assert.equal(sha256, model?.sha256);
    });

    await t.step(
      "the next reading is foretold before it comes, and held against that",
      async () => {
        const [next] = wave(521).slice(520);
        assert.ok(next);
        const path = `/api/v1/series/W-1/forecast?at=${new Date(next.at).toISOString()}`;
        const { expected, lower, upper } = await forecastWithin(telltale, path);
        assert.ok(lower < expected && expected < upper);
        assert.ok(Math.abs(expected - next.value) < 5, `${expected}, ${next.value}`);

        const reading = { sensor_id: "W-1", sensor_type: "temperature", unit: "C", value: 60 };
        const timestamp = new Date(next.at).toISOString();
        const response = await post(telltale, "/api/v1/sensors/data", { ...reading, timestamp });
        assert.equal((await response.json()).is_anomaly, true);
        const { events } = await get<{ events: Recorded[] }>(
          telltale,
          "/api/v1/events?stream=sensor-W-1&type=AnomalyDetected",
        );
        const names = events.at(-1)?.data.detectors?.map(({ name }) => name);
        assert.ok(names?.includes("forecaster"), JSON.stringify(names));
        assert.equal(events.at(-1)?.data.expected, expected);
      },
    );

    await t.step("the command trains beside it, and says what is wrong", async () => {
      const env = { DATA_DIR: dataDir };
      const short = await command(["train", "lstm", "--series", "short"], env);
      assert.equal(short.code, 1);
      assert.match(short.stderr, /^telltale: Cannot train on "short": it has 10 readings/);
      for (const args of [["train"], ["train", "horses"], ["train", "lstm"]]) {
        assert.equal((await command(args, env)).code, 2, args.join(" "));
      }
    });
  } finally {
    await telltale.stop();
    await discardDataFolder(dataDir);
  }
});

async function report(telltale: RunningTelltale, sensor: string, count: number): Promise<void> {
  const readings = wave(count).map(({ value, at }) => ({
    sensor_id: sensor,
    sensor_type: "temperature",
    unit: "C",
    value,
    timestamp: new Date(at).toISOString(),
  }));
  const response = await post(telltale, "/api/v1/sensors/data", readings);
  assert.equal(response.status, 200, await response.text());
}

async function trained(telltale: RunningTelltale, series: string): Promise<Training> {
  const asked = await post(telltale, `/api/v1/series/${series}/train`, { epochs: 2, force: true });
  assert.equal(asked.status, 202);
  await asked.body?.cancel();
  for (;;) {
    const training = await get<Training>(telltale, asked.headers.get("location") ?? "");
    if (training.state === "done" || training.state === "failed") return training;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A forecast is there a moment after the model or the reading before it. */
async function forecastWithin(telltale: RunningTelltale, path: string): Promise<Forecast> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const response = await fetch(`${telltale.url}${path}`);
    if (response.status === 200) return await response.json();
    await response.body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return await get(telltale, path);
}

async function get<Body>(telltale: RunningTelltale, path: string): Promise<Body> {
  const response = await fetch(`${telltale.url}${path}`);
  assert.equal(response.status, 200, path);
  return await response.json();
}

function post(telltale: RunningTelltale, path: string, body: unknown): Promise<Response> {
  return fetch(`${telltale.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}
