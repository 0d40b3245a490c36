import assert from "node:assert/strict";
import { envelopeSpectrumOf } from "../../../models/vibration/envelope.ts";
import { add, impacts, noise, sines } from "./waveforms.ts";

const OPTIONS = { sampleRateHz: 12_000, highestHz: 600, partSeconds: 0.7 };

function spectrumOf(samples: Float64Array) {
  const spectrum = envelopeSpectrumOf(samples, OPTIONS);
  assert.ok(spectrum);
  return spectrum;
}

/** Of the bins from `hz` on. */
function highest(samples: Float64Array, fromHz = 10): { hz: number; prominence: number } {
  const { prominence, binHz } = spectrumOf(samples);
  let best = Math.ceil(fromHz / binHz);
  for (let k = best; k < prominence.length; k++) {
    if ((prominence[k] as number) > (prominence[best] as number)) best = k;
  }
  return { hz: best * binHz, prominence: prominence[best] as number };
}

Deno.test("noise is 1 all over", () => {
  const { prominence } = spectrumOf(noise(60_000, 3));
  const bins = prominence.subarray(5);
  const mean = bins.reduce((sum, value) => sum + value) / bins.length;
  assert.ok(Math.abs(mean - 1) < 0.05, `mean ${mean}`);
  assert.ok(Math.max(...bins) < 2, `highest ${Math.max(...bins)}`);
});

Deno.test("impacts show at the rate at which they come, not at what they ring at", () => {
  const samples = add(
    impacts(60_000, 12_000, { hz: 107, resonanceHz: 3_300, amplitude: 3 }),
    noise(60_000, 1),
  );
  const { hz, prominence } = highest(samples);
  assert.ok(Math.abs(hz - 107) < 1.5, `${hz} Hz`);
  assert.ok(prominence > 5, `${prominence}`);
});

Deno.test("a carrier whose strength beats shows the beat", () => {
  const carrier = sines(60_000, 12_000, [{ hz: 2_500, amplitude: 0.05 }]);
  const wide = noise(60_000, 5);
  const beating = add(wide, carrier).map((value, n) =>
    value * (1 + 0.5 * Math.cos(2 * Math.PI * 83 * n / 12_000))
  );
  assert.ok(Math.abs(highest(beating).hz - 83) < 1.5);
});

Deno.test("a hundred times louder sine does not hide impacts", () => {
  const samples = add(
    impacts(60_000, 12_000, { hz: 107, resonanceHz: 3_300, amplitude: 3 }),
    noise(60_000, 1),
    sines(60_000, 12_000, [{ hz: 50, amplitude: 100 }, { hz: 1_730, amplitude: 10 }]),
  );
  assert.ok(Math.abs(highest(samples).hz - 107) < 1.5);
});

Deno.test("scale does not matter", () => {
  const samples = add(
    impacts(24_000, 12_000, { hz: 90, resonanceHz: 2_000, amplitude: 1 }),
    noise(24_000, 9),
  );
  const small = spectrumOf(samples.map((value) => value * 1e-6)).prominence;
  for (const [k, value] of spectrumOf(samples).prominence.entries()) {
    assert.ok(Math.abs((small[k] as number) / value - 1) < 1e-6);
  }
});

Deno.test("silence and constants are nothing, not NaN", () => {
  for (const value of [0, 5, 0.1]) {
    const { prominence } = spectrumOf(new Float64Array(24_000).fill(value));
    assert.ok(prominence.every((height) => height === 0));
  }
});

Deno.test("sampled too slowly, or hardly at all, nothing can be said", () => {
  assert.equal(
    envelopeSpectrumOf(noise(10_000, 1), { ...OPTIONS, sampleRateHz: 1_000 }),
    undefined,
  );
  assert.equal(envelopeSpectrumOf(noise(50, 1), OPTIONS), undefined);
  assert.equal(envelopeSpectrumOf(new Float64Array(0), OPTIONS), undefined);
});
