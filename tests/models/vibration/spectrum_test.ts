import assert from "node:assert/strict";
import { dominantPeak, spectrumOf } from "../../../models/vibration/spectrum.ts";
import { add, noise, sines } from "./waveforms.ts";

const COUNT = 2_560;
const RATE_HZ = 25_600;

function peakOf(samples: Float64Array, rateHz = RATE_HZ) {
  const peak = dominantPeak(spectrumOf(samples, rateHz));
  assert.ok(peak);
  return peak;
}

Deno.test("amplitudes of eight samples, as numpy has them", () => {
  const { amplitudes, binHz } = spectrumOf(Float64Array.of(1.5, -2, 3, 0.25, -4, 2, 2, -1), 16);
  const expected = [
    0.2234611748463281,
    1.423183037176873,
    3.3190789900248916,
    2.9533242044079673,
    0.7452888251536719,
  ];
  assert.equal(binHz, 2);
  assert.equal(amplitudes.length, expected.length);
  for (const [k, amplitude] of amplitudes.entries()) {
    assert.ok(Math.abs(amplitude - (expected[k] as number)) < 1e-12, `${k}: ${amplitude}`);
  }
});

Deno.test("a sine on a bin reads its amplitude, half as much beside it, nothing elsewhere", () => {
  const { amplitudes } = spectrumOf(
    sines(COUNT, RATE_HZ, [{ hz: 1_000, amplitude: 0.7, phase: 1 }], 5),
    RATE_HZ,
  );
  for (const [k, amplitude] of amplitudes.entries()) {
    const expected = k === 100 ? 0.7 : k === 99 || k === 101 ? 0.35 : 0;
    assert.ok(Math.abs(amplitude - expected) < 1e-9, `bin ${k}: ${amplitude}`);
  }
});

Deno.test("on a bin the peak's amplitude is right to 0.5 %, its frequency to a tenth of a bin", () => {
  for (let bin = 4; bin < COUNT / 2; bin += 37) {
    const { frequencyHz, amplitude } = peakOf(
      sines(COUNT, RATE_HZ, [{ hz: bin * 10, amplitude: 2, phase: bin }]),
    );
    assert.ok(Math.abs(frequencyHz - bin * 10) < 1, `${frequencyHz}`);
    assert.ok(Math.abs(amplitude / 2 - 1) < 0.005, `${amplitude}`);
  }
});

Deno.test("between bins the amplitude is right to 1 %, the frequency to a tenth of a bin", () => {
  for (let hz = 43.7; hz < RATE_HZ / 2 - 40; hz += 97.3) {
    const { frequencyHz, amplitude } = peakOf(
      sines(COUNT, RATE_HZ, [{ hz, amplitude: 2, phase: hz }], -1),
    );
    assert.ok(Math.abs(frequencyHz - hz) < 1, `${frequencyHz} instead of ${hz}`);
    assert.ok(Math.abs(amplitude / 2 - 1) < 0.01, `${amplitude} at ${hz} Hz`);
  }
});

Deno.test("the stronger of two sines is the peak, and noise hardly moves it", () => {
  const samples = add(
    sines(12_000, 12_000, [{ hz: 29.4, amplitude: 0.8 }, { hz: 211.7, amplitude: 1 }]),
    noise(12_000, 7).map((value) => value * 0.3),
  );
  const { frequencyHz, amplitude } = peakOf(samples, 12_000);
  assert.ok(Math.abs(frequencyHz - 211.7) < 0.1, `${frequencyHz}`);
  assert.ok(Math.abs(amplitude - 1) < 0.02, `${amplitude}`);
});

Deno.test("a constant has no peak", () => {
  for (const constant of [0, 2, 0.1, -1e9 / 3]) {
    const samples = new Float64Array(2_560).fill(constant);
    assert.equal(dominantPeak(spectrumOf(samples, 64)), undefined, `${constant}`);
  }
});
