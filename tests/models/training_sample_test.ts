import assert from "node:assert/strict";
import { momentsOf, type ThreeSigma } from "../../models/three_sigma.ts";
import { packSample, sampleOf, type Series, unpackSample } from "../../models/training_sample.ts";
import { SAMPLE_POINTS_MAX } from "../../events/series.ts";

function series(length: number, value: (i: number) => number): Series {
  return {
    timestamps: BigInt64Array.from({ length }, (_, i) => 1_609_459_200n + BigInt(i) * 60n),
    values: Float64Array.from({ length }, (_, i) => value(i)),
  };
}

function modelOf({ values }: Series): ThreeSigma {
  return { ...momentsOf(values), threshold: 3, sided: "both" };
}

Deno.test("a short series is kept whole", () => {
  const short = series(1_000, (i) => i % 7);
  assert.equal(sampleOf(short, modelOf(short)), short);
});

Deno.test("of a long one its ends, its shape and every anomaly are kept, in order of time", () => {
  const long = series(100_000, (i) => i % 10_007 === 5_000 ? 50 : Math.sin(i / 500));
  const model = modelOf(long);
  const { timestamps, values } = sampleOf(long, model);
  assert.ok(values.length <= SAMPLE_POINTS_MAX);
  assert.equal(values.filter((value) => value === 50).length, 10);
  assert.equal(timestamps[0], long.timestamps[0]);
  assert.equal(timestamps.at(-1), long.timestamps.at(-1));
  assert.ok(timestamps.every((at, i) => i === 0 || at > (timestamps[i - 1] ?? at)));
  assert.ok(Math.max(...values.filter((value) => value < 50)) > 0.999);
});

Deno.test("where most points are anomalies, a bounded number of the most extreme stays", () => {
  const wild = series(100_000, (i) => i % 2 === 0 ? i : -i);
  const model: ThreeSigma = { mean: 0, sd: 1, threshold: 3, sided: "both" };
  const { values } = sampleOf(wild, model);
  assert.ok(values.length <= SAMPLE_POINTS_MAX);
  assert.ok(values.includes(-99_999));
});

Deno.test("packed and unpacked every bit is the same, to the ends of 64-bit time", () => {
  const points = {
    timestamps: BigInt64Array.of(-(2n ** 63n), 0n, 2n ** 53n + 1n, 2n ** 63n - 1n),
    values: Float64Array.of(0.1, -1e308, 5e-324, 3),
  };
  assert.deepEqual(unpackSample(packSample(points)), points);
});

Deno.test("points at a steady pace take no room for their timestamps, and come back whole", () => {
  const steady = series(1_000, Math.sqrt);
  const packed = packSample(steady);
  assert.equal(packed.timestamps.length, 24);
  assert.deepEqual(unpackSample(packed), steady);
  const far = 2n ** 63n - 1n;
  const wide = {
    timestamps: BigInt64Array.of(-far, 0n, far),
    values: Float64Array.of(1, 2, 3),
  };
  assert.deepEqual(unpackSample(packSample(wide)), wide);
});
