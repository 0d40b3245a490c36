import assert from "node:assert/strict";
import fc from "fast-check";
import { statisticsOf } from "../../../models/vibration/statistics.ts";
import { noise, sines } from "./waveforms.ts";

function assertNear(found: number | null, expected: number, relative = 1e-12): void {
  assert.ok(
    found !== null && Math.abs(found - expected) <= relative * Math.abs(expected),
    `${found} instead of ${expected}`,
  );
}

Deno.test("eight samples, as numpy has them", () => {
  const found = statisticsOf(Float64Array.of(1.5, -2, 3, 0.25, -4, 2, 2, -1));
  assertNear(found.rms, 2.2447856245084963);
  assertNear(found.peak, 4);
  assertNear(found.crestFactor, 1.7819073484470545);
  assertNear(found.kurtosis, 2.1368495165494674);
});

Deno.test("a sine: RMS 1/√2 of its amplitude, crest √2, kurtosis 1.5", () => {
  const found = statisticsOf(sines(12_000, 12_000, [{ hz: 100, amplitude: 3 }]));
  assertNear(found.rms, 3 / Math.SQRT2);
  assertNear(found.crestFactor, Math.SQRT2);
  assertNear(found.kurtosis, 1.5);
});

Deno.test("noise has kurtosis 3", () => {
  assertNear(statisticsOf(noise(100_000, 1)).kurtosis, 3, 0.03);
});

Deno.test("kurtosis is about the mean, RMS is not", () => {
  const sine = sines(1_000, 1_000, [{ hz: 10, amplitude: 1 }], 100);
  assertNear(statisticsOf(sine).kurtosis, 1.5, 1e-9);
  assertNear(statisticsOf(sine).rms, Math.sqrt(100 ** 2 + 0.5));
});

Deno.test("silence and constants have no kurtosis, and nothing divides by zero", () => {
  const silence = { rms: 0, peak: 0, crestFactor: 0, kurtosis: null };
  assert.deepEqual(statisticsOf(new Float64Array(5)), silence);
  assert.deepEqual(statisticsOf(new Float64Array(0)), silence);
  assert.equal(statisticsOf(new Float64Array(1000).fill(0.1)).kurtosis, null);
});

Deno.test("any samples: RMS never above the peak, kurtosis never below 1", () => {
  fc.assert(fc.property(
    fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 }),
    (values) => {
      const { rms, peak, kurtosis } = statisticsOf(Float64Array.from(values));
      assert.ok(rms <= peak * (1 + 1e-12));
      assert.ok(kurtosis === null || kurtosis >= 1 - 1e-9);
    },
  ));
});
