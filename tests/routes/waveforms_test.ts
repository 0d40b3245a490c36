/** Waveforms in a body of their own. */
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import type { Fact } from "../projections/log.ts";
import { dataPath, readData, skipped } from "../support/data.ts";
import { NOW, posted, type Stage, withStage } from "./stage.ts";

const RATE = 25_600;
const PATH = "/api/v1/machines/M1/bearings/DE/waveforms";

/** 4 mm/s RMS at 100 Hz, in g. */
function sine(count: number): Float32Array<ArrayBuffer> {
  const peak = 4 * Math.SQRT2 * 2 * Math.PI * 100 / 9806.65;
  return Float32Array.from(
    { length: count },
    (_, i) => peak * Math.sin(2 * Math.PI * 100 * i / RATE),
  );
}

/** The bus takes what is published, and the log has it. */
function recordWhatIsSent(stage: Stage): void {
  const ids = new Set<string>();
  stage.answer = async ({ payload }) => {
    const data = JSON.parse(payload);
    const repeat = ids.has(data._id);
    ids.add(data._id);
    if (repeat) {
      return { sequence: 2, duplicate: false, answer: { outcome: "repeat", events: [] } };
    }
    const fact: Fact = {
      stream: "machine-M1",
      type: "VibrationReported",
      data,
      occurredAt: NOW - 1000,
    };
    const events = (await stage.record([fact])).map(
      ({ type, stream, version, partition, offset, occurredAt }) => ({
        type,
        stream,
        version,
        partition,
        offset,
        occurredAt,
      }),
    );
    return { sequence: 1, duplicate: false, answer: { outcome: "recorded", events } };
  };
}

Deno.test("bytes and JSON of one waveform become the same findings, and a spectrum from the samples", () =>
  withStage(async (stage) => {
    recordWhatIsSent(stage);
    await stage.record([{
      stream: "machine-M1",
      type: "MachineDescribed",
      data: { machineClass: "II" },
      occurredAt: NOW,
    }]);
    const samples = sine(25_600);
    const body = new Uint8Array(samples.buffer);
    const response = await stage.app.request(
      `${PATH}?encoding=float32&SR=${RATE}&rpm=1500&_id=W1`,
      { method: "POST", headers: { "content-type": "application/octet-stream" }, body },
    );
    const { outcome, reading } = await response.json();
    assert.equal(response.status, 200, JSON.stringify(reading));
    assert.equal(outcome, "recorded");
    assert.ok(Math.abs(reading.velocity.rms / 4 - 1) < 0.01, JSON.stringify(reading.velocity));
    assert.equal(reading.status, "Alert");
    assert.equal(reading.waveform.samples, 25_600);
    assert.equal(reading.rawData, undefined);

    const asJson = {
      _id: "W2",
      SR: RATE,
      rpm: 1500,
      encoding: "float32",
      rawData: body.toBase64(),
    };
    const second = await (await stage.app.request(PATH, posted(asJson))).json();
    const { _id: _first, ...findings } = reading;
    const { _id: _second, ...same } = second.reading;
    assert.deepEqual(same, findings);
    assert.equal((await (await stage.app.request(PATH, posted(asJson))).json()).outcome, "repeat");

    const spectrum = await (await stage.app.request("/api/readings/W1/fft")).json();
    const { frequencies, amplitudes } = spectrum.fft_data;
    const highest = amplitudes.indexOf(Math.max(...amplitudes));
    assert.equal(frequencies[highest], 100);
    assert.ok(Math.abs(amplitudes[highest] / Math.max(...samples) - 1) < 0.005);
  }));

Deno.test("a body without samples that can be read is refused with the reason, and keeps nothing", () =>
  withStage(async (stage) => {
    const bytes = (body: BodyInit, query = "?encoding=float32") =>
      stage.app.request(PATH + query, {
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body,
      });
    const wrong = [
      [await bytes(new Uint8Array(5)), 422, /finite little-endian/],
      [await bytes(new Uint8Array(4), ""), 422, /encoding/],
      [await bytes(new Uint8Array(4), "?encoding=int16"), 422, /finite little-endian/],
      [await bytes(new Float32Array([NaN])), 422, /finite/],
      [await stage.app.request(PATH, posted({ SR: 1, rawData: ["x"] })), 422, /rawData/],
      [await stage.app.request(PATH, posted({ rawData: [1], timestamp: "x" })), 422, /instant/],
      [await stage.app.request(PATH, posted("{")), 422, /not JSON/],
      [await bytes(new Uint8Array(16 * 1024 * 1024 + 1)), 413, /16 MiB/],
    ] as const;
    for (const [response, status, detail] of wrong) {
      const problem = await response.json();
      assert.equal(response.status, status, JSON.stringify(problem));
      assert.match(problem.detail, detail);
    }
    const [row] = await stage.database.sql`select count(*)::int as n from waveforms`;
    assert.equal(row?.n, 0);
    assert.deepEqual(stage.sent, []);
  }));

Deno.test("a real bearing's outer race is named, and its numbers are those it was published with", async () => {
  const manifest = "machines/cwru/manifest.csv";
  const records = await readData(manifest);
  if (records === undefined) return skipped(manifest);
  const record = records.find(({ klass }) => klass?.startsWith("outer"));
  assert.ok(record);
  const packed = await Deno.readFile(dataPath(`machines/cwru/${record.file}`));
  // SKF 6205, in millimetres; the records of the manifest were taken at 12 kHz.
  const geometry = { balls: 9, ballDiameter: 7.94, pitchDiameter: 39.04 };
  await withStage(async (stage) => {
    recordWhatIsSent(stage);
    await stage.record([{
      stream: "machine-M1",
      type: "BearingDescribed",
      data: { _id: "DE", geometry },
      occurredAt: NOW,
    }]);
    const query = new URLSearchParams({
      encoding: "int16",
      scale: record.scale_g_per_count ?? "",
      SR: "12000",
      rpm: record.rpm ?? "",
    });
    const response = await stage.app.request(`${PATH}?${query}`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: new Uint8Array(gunzipSync(packed)),
    });
    const { reading } = await response.json();
    assert.equal(response.status, 200, JSON.stringify(reading));
    for (const name of ["rms", "peak", "kurtosis"]) {
      const expected: number = Number(record[name]);
      const difference = Math.abs(reading.acceleration[name] / expected - 1);
      assert.ok(difference < 1e-3, `${name}: ${reading.acceleration[name]}, not ${expected}`);
    }
    assert.equal(reading.fault.name, "outer");
    const [shown] = await (await stage.app.request("/api/data/query?machine_id=M1")).json();
    assert.deepEqual(shown.fault, reading.fault);
  });
});
