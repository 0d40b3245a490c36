import assert from "node:assert/strict";
import type { LstmCard } from "../../../models/lstm/card.ts";
import { emptyWindow, takeReading } from "../../../models/lstm/features.ts";
import { judgeForecast } from "../../../models/lstm/forecast.ts";
import { type InForce, startForesight } from "../../../models/lstm/foresight.ts";
import { judgeSeries, openForecaster } from "../../../models/lstm/scoring.ts";
import { trainLstm } from "../../../models/lstm/train.ts";
import { MINUTE, START, wave } from "./series.ts";

const sha256 = "a".repeat(64);
const { card, onnx } = await trainLstm(wave(560), {
  series: "S1",
  seed: 1,
  now: START,
  epochsMax: 1,
  units: { first: 6, second: 4 },
});
const recent = wave(700).slice(560, 610);
const more = wave(700).slice(610);

async function foretell(readings: readonly { value: number; at: number }[]): Promise<number> {
  const window = emptyWindow();
  for (const { value, at } of readings) takeReading(window, value, at);
  const forecaster = await openForecaster(onnx);
  const [expected = NaN] = await forecaster.foretell(Float64Array.from(window.rows.flat()));
  await forecaster.close();
  return expected;
}

function inForce(changes: Partial<InForce> = {}): InForce {
  return { sha256, card, onnx, recent, ...changes };
}

Deno.test("the next reading's forecast waits for it, and is what the model says of those before", async () => {
  const problems: string[] = [];
  const foresight = startForesight({
    series: ["S1"],
    load: () => Promise.resolve(inForce()),
    report: (problem) => problems.push(problem),
  });
  try {
    await foresight.settled();
    const [first, second] = more as [typeof more[number], typeof more[number]];
    const forecast = foresight.forecast("S1", first.at);
    assert.equal(forecast?.expected, await foretell(recent));
    assert.equal(forecast?.model, sha256);

    foresight.offer("S1", first);
    assert.equal(foresight.forecast("S1", second.at), undefined, "a forecast of what has been");
    foresight.run();
    await foresight.settled();
    assert.equal(foresight.forecast("S1", second.at)?.expected, await foretell([...recent, first]));
    assert.equal(foresight.forecast("S1", second.at + 60 * MINUTE), undefined, "across a gap");
    assert.equal(foresight.forecast("S2", second.at), undefined, "of a series without a model");
    assert.deepEqual(problems, []);
  } finally {
    foresight.stop();
  }
});

Deno.test("live forecasts are those of the whole series judged at once", async () => {
  const foresight = startForesight({
    series: ["S1"],
    load: () => Promise.resolve(inForce()),
    report: assert.fail,
  });
  try {
    await foresight.settled();
    const judged = await judgeSeries({ sha256, card, onnx }, [...recent, ...more]);
    for (const [i, reading] of more.slice(0, 20).entries()) {
      const forecast = foresight.forecast("S1", reading.at);
      const live = judgeForecast(forecast, reading.value);
      const offline = judged[recent.length + i];
      assert.ok(Math.abs((live.expected ?? NaN) - (offline?.expected ?? NaN)) < 1e-4);
      assert.ok(Math.abs(live.score - (offline?.score ?? NaN)) < 1e-4);
      foresight.offer("S1", reading);
      foresight.run();
      await foresight.settled();
    }
  } finally {
    foresight.stop();
  }
});

Deno.test("a promotion puts another model in the place of the one before", async () => {
  let model = inForce();
  const foresight = startForesight({
    series: ["S1"],
    load: () => Promise.resolve(model),
    report: assert.fail,
  });
  try {
    await foresight.settled();
    model = inForce({ sha256: "b".repeat(64) });
    foresight.promoted("S1");
    await foresight.settled();
    assert.equal(foresight.forecast("S1", more[0]?.at ?? 0)?.model, "b".repeat(64));
  } finally {
    foresight.stop();
  }
});

Deno.test("a model that cannot be loaded is told of, and its series goes on without", async () => {
  const problems: string[] = [];
  const foresight = startForesight({
    series: ["gone", "broken", "whole"],
    load: (name) => {
      if (name === "gone") return Promise.reject(new Error("no file"));
      return Promise.resolve(
        name === "whole"
          ? inForce()
          : inForce({ sha256: "b".repeat(64), onnx: new Uint8Array(10) }),
      );
    },
    report: (problem) => problems.push(problem),
  });
  try {
    await foresight.settled();
    assert.equal(foresight.forecast("gone", START), undefined);
    assert.equal(foresight.forecast("broken", more[0]?.at ?? 0), undefined);
    assert.equal(
      foresight.forecast("whole", more[0]?.at ?? 0)?.expected,
      await foretell(recent),
    );
    foresight.run();
    await foresight.settled();
    assert.equal(problems.length, 2, problems.join("\n"));
    assert.match(problems.join("\n"), /"gone" cannot be loaded/);
    assert.match(problems.join("\n"), /"broken" cannot be run/);
  } finally {
    foresight.stop();
  }
});

Deno.test("a reading is strange by how far it is from what was foretold", () => {
  const forecast = { expected: 20, error: 1, model: sha256 };
  const calm = judgeForecast(forecast, 20.5);
  assert.ok(calm.score < 0.5);
  assert.deepEqual([calm.expected, calm.lower, calm.upper, calm.reason], [20, 19, 21, ""]);
  const wild = judgeForecast(forecast, 30);
  assert.ok(wild.score > 0.8);
  assert.match(wild.reason, /10 times further/);
  assert.equal(judgeForecast(undefined, 30).score, 0);
});

Deno.test("a forecaster says nothing where it may not: at the start, after a gap", async () => {
  const readings = [...recent, ...more];
  const gap = readings.map((reading, i) => i < 60 ? reading : { ...reading, at: reading.at + 5e6 });
  const judged = await judgeSeries({ sha256, card: card satisfies LstmCard, onnx }, gap);
  const silent = judged.flatMap(({ expected }, i) => expected === null ? [i] : []);
  const places = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
  assert.deepEqual(silent, [...places(0, 24), ...places(60, 24)]);
});
