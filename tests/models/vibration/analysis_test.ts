import assert from "node:assert/strict";
import { analyse } from "../../../models/vibration/mod.ts";
import { add, impacts, noise, sines } from "./waveforms.ts";

const geometry = { balls: 8, ballDiameter: 9, pitchDiameter: 40 };
const samples = add(
  sines(25_600, 25_600, [{ hz: 25, amplitude: 0.1 }]),
  impacts(25_600, 25_600, { hz: 3.1 * 25, resonanceHz: 4_000, amplitude: 1 }),
  noise(25_600, 1).map((value) => value * 0.05),
);

Deno.test("a waveform with speed, geometry and class tells all there is", () => {
  const found = analyse({
    samples,
    sampleRateHz: 25_600,
    rpm: 1_500,
    geometry,
    machineClass: "II",
  });
  assert.equal(found.fault?.name, "outer"); // 8/2 · (1 − 9/40) = 3.1 per turn.
  assert.equal(found.zone, "Alert"); // 0.1 g at 25 Hz: 6.24 mm/s, 4.41 RMS.
  assert.ok(Math.abs((found.velocity?.rms ?? 0) - 4.41) < 0.1, `${found.velocity?.rms}`);
  assert.ok(found.dominant !== null && found.spectrum?.binHz === 1);
});

Deno.test("what is not known is null, and the rest is told all the same", () => {
  const bare = analyse({ samples, sampleRateHz: 25_600 });
  assert.equal(bare.fault, null);
  assert.equal(bare.zone, null);
  assert.ok(bare.velocity !== null);
  const unlikely = { balls: 8, ballDiameter: 50, pitchDiameter: 40 };
  for (const extra of [{ rpm: 1_500 }, { geometry }, { rpm: 0, geometry }]) {
    assert.equal(analyse({ samples, sampleRateHz: 25_600, ...extra }).fault, null);
  }
  const found = analyse({ samples, sampleRateHz: 25_600, rpm: 1_500, geometry: unlikely });
  assert.equal(found.fault, null);
});

Deno.test("impacts at no regular time are not healthy, and no part's", () => {
  const struck = noise(25_600, 1);
  const times = noise(40, 2);
  for (const [i, time] of times.entries()) {
    const at = Math.floor(25_600 * ((i + Math.abs(time)) % 40) / 40);
    for (let n = at; n < Math.min(at + 60, struck.length); n++) {
      struck[n] = (struck[n] as number) + 12 * Math.exp(-(n - at) / 20) * Math.sin(n);
    }
  }
  const found = analyse({ samples: struck, sampleRateHz: 25_600, rpm: 1_500, geometry });
  assert.ok((found.acceleration.kurtosis ?? 0) > 5, `${found.acceleration.kurtosis}`);
  assert.equal(found.fault, null);
});

Deno.test("of minutes of vibration the spectrum is of the middle, the statistics of all", () => {
  const long = sines(2 ** 20, 12_800, [{ hz: 50, amplitude: 1 }]);
  long[0] = 10;
  const found = analyse({ samples: long, sampleRateHz: 12_800 });
  assert.equal(found.acceleration.peak, 10);
  assert.equal(found.spectrum?.amplitudes.length, 2 ** 17 + 1);
  assert.ok(Math.abs((found.dominant?.frequencyHz ?? 0) - 50) < 0.01);
});

Deno.test("hardly any samples, or none: no spectrum, and nothing that is not a number", () => {
  for (const count of [0, 1, 3, 4, 5, 17, 64]) {
    const found = analyse({
      samples: samples.slice(0, count),
      sampleRateHz: 25_600,
      rpm: 1_500,
      geometry,
      machineClass: "I",
    });
    assert.equal(found.velocity === null, count < 4);
    for (const part of [found.acceleration, found.velocity, found.dominant]) {
      for (const value of Object.values(part ?? {})) {
        assert.ok(value === null || Number.isFinite(value), `${count}: ${value}`);
      }
    }
  }
});
