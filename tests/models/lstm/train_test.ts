import assert from "node:assert/strict";
import { samplesOf, usualInterval } from "../../../models/lstm/samples.ts";
import { TooLittleDataError } from "../../../models/lstm/limits.ts";
import { type TrainingProgress, trainLstm } from "../../../models/lstm/train.ts";
import { trainOnThread } from "../../../models/lstm/trainer.ts";
import { readData, skipped } from "../../support/data.ts";
import { MINUTE, START, wave } from "./series.ts";

const SMALL = { series: "S1", seed: 3, now: START, epochsMax: 6, units: { first: 8, second: 6 } };

Deno.test("a forecaster of a wave beats the last value on what it has not seen, and says by how much", async () => {
  const steps: TrainingProgress[] = [];
  const { card } = await trainLstm(wave(700), SMALL, (step) => steps.push(step));
  const { lstm, lastValue } = card.holdOut;
  assert.ok(lstm.mae < 0.9 * lastValue.mae, `${lstm.mae} against ${lastValue.mae}`);
  assert.equal(card.better, true);
  assert.match(card.verdict, /% less than the last value/);
  assert.equal(card.loss.length, 6);
  assert.ok((card.loss.at(-1)?.train ?? 1) < (card.loss[0]?.train ?? 0), "it learned nothing");
  assert.ok(card.exportDifference < 1e-5, `${card.exportDifference}`);
  const { trainWindows, validationWindows, holdOutWindows, holdOutFrom, intervalMs } = card.data;
  assert.equal(trainWindows + validationWindows + holdOutWindows, 700 - 24);
  assert.equal(holdOutFrom, new Date(START + (700 - holdOutWindows) * 5 * MINUTE).toISOString());
  assert.equal(intervalMs, 5 * MINUTE);
  assert.equal(steps.at(-1)?.share, 1);
  assert.equal(steps.at(-1)?.epoch, 6);
});

Deno.test("the same readings and seed give the same file, another seed another", async () => {
  const options = { ...SMALL, epochsMax: 1 };
  const train = (seed: number) => trainLstm(wave(520), { ...options, seed });
  const [one, again, other] = [await train(1), await train(1), await train(2)];
  assert.deepEqual(again.onnx, one.onnx);
  assert.deepEqual(again.card.holdOut, one.card.holdOut);
  assert.notDeepEqual(other.onnx, one.onnx);
});

Deno.test("a walk that cannot be foretold is not said to be foretold better", async () => {
  let value = 0;
  const walk = wave(600, 9).map(({ at, value: noise }, i) => ({
    at,
    value: value += 4 * (noise - 20 - 5 * Math.sin(2 * Math.PI * i / 26)),
  }));
  const { card } = await trainLstm(walk, { ...SMALL, epochsMax: 2 });
  const { lstm, lastValue } = card.holdOut;
  assert.equal(card.better, lstm.mae < lastValue.mae);
  assert.match(card.verdict, card.better ? /less than the last value/ : /no better than/);
  assert.ok(Math.abs(lstm.mae / lastValue.mae - 1) < 0.1, `${lstm.mae} against ${lastValue.mae}`);
});

Deno.test("too little to learn from is refused with what there is and what is needed", async () => {
  const refusal = (readings: Parameters<typeof trainLstm>[0], message: RegExp) =>
    assert.rejects(() => trainLstm(readings, SMALL), (error: Error) => {
      assert.ok(error instanceof TooLittleDataError);
      assert.match(error.message, message);
      return true;
    });
  await refusal([], /"S1": it has 0 readings, and 500 are needed/);
  await refusal(wave(1), /it has 1 reading, and 500/);
  await refusal(
    wave(600).map((reading, i) => ({ ...reading, at: reading.at + Math.floor(i / 25) * 3600_000 })),
    /its 600 readings hold only \d+ windows of 24 without a gap, and 300 are needed/,
  );
  await refusal(wave(600).map(({ at }) => ({ at, value: 5 })), /its value never changes/);
  await refusal(
    wave(600).map(({ at }, i) => ({ at, value: i % 2 === 0 ? 1e308 : -1e308 })),
    /too large to calculate with/,
  );
});

Deno.test("an example is what was seen until then, what came, and what was naively to be expected", () => {
  const readings = wave(400);
  const interval = usualInterval(readings);
  const samples = samplesOf(readings, interval);
  assert.equal(samples.count, 400 - 24);
  for (const [i, at] of samples.times.entries()) {
    const place = readings.findIndex((reading) => reading.at === at);
    assert.equal(samples.targets[i], readings[place]?.value);
    assert.equal(samples.lastValues[i], readings[place - 1]?.value);
    const yesterday = readings[place - 288]?.value ?? NaN;
    assert.deepEqual(samples.yesterdays[i], yesterday);
  }
});

Deno.test("the examples up to a moment do not change with what comes after it", () => {
  const readings = wave(300);
  const interval = usualInterval(readings);
  const before = samplesOf(readings.slice(0, 200), interval);
  const after = samplesOf(
    readings.map((reading, i) => i < 200 ? reading : { ...reading, value: -1e6 }),
    interval,
  );
  for (const column of ["targets", "times", "lastValues", "yesterdays"] as const) {
    assert.deepEqual(after[column].subarray(0, before.count), before[column]);
  }
  assert.deepEqual(after.windows.subarray(0, before.windows.length), before.windows);
});

Deno.test("New York's taxis are foretold better than by the last value", async () => {
  const path = "series/nab/data/realKnownCause/nyc_taxi.csv.gz";
  const rows = await readData(path);
  if (rows === undefined) return skipped(path);
  const readings = rows.slice(0, 1_500).map(({ timestamp = "", value }) => ({
    value: Number(value),
    at: Date.parse(`${timestamp.replace(" ", "T")}Z`),
  }));
  const { card } = await trainLstm(readings, { ...SMALL, units: { first: 16, second: 8 } });
  const { lstm, lastValue } = card.holdOut;
  assert.ok(lstm.mae < 0.8 * lastValue.mae, `${lstm.mae} against ${lastValue.mae}`);
});

Deno.test("on a thread of its own training gives the same, tells how far it is, and can be ended", async () => {
  const options = { ...SMALL, epochsMax: 1 };
  const { signal } = new AbortController();
  const steps: TrainingProgress[] = [];
  const onProgress = (step: TrainingProgress) => steps.push(step);
  const here = await trainLstm(wave(520), options);
  const there = await trainOnThread(wave(520), options, { onProgress, signal });
  assert.deepEqual(there.onnx, here.onnx);
  assert.equal(steps.at(-1)?.share, 1);

  await assert.rejects(
    () => trainOnThread(wave(10), options, { onProgress, signal }),
    TooLittleDataError,
  );
  const ending = new AbortController();
  const training = trainOnThread(wave(1_500), SMALL, {
    onProgress: () => ending.abort(new Error("enough")),
    signal: ending.signal,
  });
  await assert.rejects(() => training, /enough/);
});
