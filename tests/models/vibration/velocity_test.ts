import assert from "node:assert/strict";
import { spectrumOf } from "../../../models/vibration/spectrum.ts";
import { velocityOf } from "../../../models/vibration/velocity.ts";
import { noise, type Sine, sines } from "./waveforms.ts";

/** Of acceleration in g, in mm/s: by hand, from a = 2πf v and g = 9.80665 m/s². */
function amplitudeOf({ hz, amplitude }: Sine): number {
  return amplitude * 9806.65 / (2 * Math.PI * hz);
}

function velocity(count: number, rateHz: number, parts: readonly Sine[], constant = 0) {
  return velocityOf(spectrumOf(sines(count, rateHz, parts, constant), rateHz));
}

Deno.test("a sine within the band: velocity RMS within 1 %, on a bin or between, however short", () => {
  for (const [count, rateHz] of [[2_560, 25_600], [12_000, 12_000], [8_192, 12_000]] as const) {
    for (let hz = Math.max(11, 4 * rateHz / count); hz < 990; hz *= 1.07) {
      const sine = { hz, amplitude: 0.4, phase: hz };
      const found = velocity(count, rateHz, [sine], 0.2).rms;
      const expected = amplitudeOf(sine) / Math.SQRT2;
      assert.ok(Math.abs(found / expected - 1) < 0.01, `${hz} Hz: ${found}, not ${expected}`);
    }
  }
});

Deno.test("1 g at 159.155 Hz is 9.807 mm/s", () => {
  const { rms, peak, crestFactor } = velocity(12_800, 12_800, [{ hz: 159.155, amplitude: 1 }]);
  assert.ok(Math.abs(peak - 9.80665) < 0.05, `${peak}`);
  assert.ok(Math.abs(rms - 6.9343) < 0.01, `${rms}`);
  assert.ok(Math.abs(crestFactor - Math.SQRT2) < 0.01, `${crestFactor}`);
});

Deno.test("what lies outside 10 to 1,000 Hz adds nothing, though it be ten times as strong", () => {
  const inside = { hz: 50, amplitude: 0.1 };
  const alone = velocity(12_000, 12_000, [inside]).rms;
  for (const hz of [2, 5, 8.5, 1_010, 1_500.5, 4_000]) {
    const both = velocity(12_000, 12_000, [inside, { hz, amplitude: 1 }]).rms;
    assert.ok(Math.abs(both / alone - 1) < 0.01, `${hz} Hz: ${both}, alone ${alone}`);
  }
});

Deno.test("both edges belong to the band", () => {
  for (const hz of [10, 1_000]) {
    const sine = { hz, amplitude: 1 };
    const found = velocity(12_000, 12_000, [sine]).rms * Math.SQRT2 / amplitudeOf(sine);
    assert.ok(Math.abs(found - 1) < 0.01, `${hz} Hz: ${found}`);
  }
});

Deno.test("sines add by their squares", () => {
  const parts = [{ hz: 29.7, amplitude: 0.2 }, { hz: 122, amplitude: 0.9 }];
  const expected = Math.hypot(...parts.map(amplitudeOf)) / Math.SQRT2;
  assert.ok(Math.abs(velocity(24_000, 12_000, parts).rms / expected - 1) < 0.01);
});

Deno.test("white noise: the integral of its density over f² within the band", () => {
  const rateHz = 12_000;
  const found = Array.from(
    { length: 20 },
    (_, seed) => velocityOf(spectrumOf(noise(24_000, seed + 1), rateHz)).rms ** 2,
  );
  const density = 1 / (rateHz / 2); // g²/Hz of variance 1 up to half the rate
  const expected = density * (9806.65 / (2 * Math.PI)) ** 2 * (1 / 10 - 1 / 1_000);
  const mean = found.reduce((sum, square) => sum + square) / found.length;
  assert.ok(Math.abs(mean / expected - 1) < 0.1, `${mean}, not ${expected}`);
});

Deno.test("a beat does not move faster than its parts together", () => {
  const parts = [{ hz: 60, amplitude: 0.5 }, { hz: 62, amplitude: 0.5 }];
  const { peak } = velocity(24_000, 12_000, parts);
  const limit = parts.map(amplitudeOf).reduce((sum, part) => sum + part);
  assert.ok(peak <= limit * 1.01 && peak >= limit * 0.98, `${peak}, limit ${limit}`);
});

Deno.test("silence stands still", () => {
  assert.deepEqual(velocityOf(spectrumOf(new Float64Array(64), 1_000)), {
    rms: 0,
    peak: 0,
    crestFactor: 0,
  });
});
