import assert from "node:assert/strict";
import { analyse, readingOf } from "../../../models/vibration/mod.ts";
import { add, impacts, noise, sines } from "./waveforms.ts";

const RATE_HZ = 25_600;

function readingFrom(count: number, fMaxHz?: number) {
  const samples = add(
    sines(count, RATE_HZ, [{ hz: 120.4, amplitude: 2 }]),
    impacts(count, RATE_HZ, { hz: 77.5, resonanceHz: 4_000, amplitude: 1 }),
    noise(count, 1).map((value) => value * 0.05),
  );
  const analysis = analyse({
    samples,
    sampleRateHz: RATE_HZ,
    rpm: 1_500,
    geometry: { balls: 8, ballDiameter: 9, pitchDiameter: 40 },
    machineClass: "III",
  });
  return readingOf(analysis, fMaxHz);
}

Deno.test("a reading of 2,560 samples has every line of its spectrum, and is the same as JSON", () => {
  const reading = readingFrom(2_560);
  assert.equal(reading.fftData?.frequencies.length, 1_281);
  assert.deepEqual(reading.fftData?.frequencies.slice(0, 3), [0, 10, 20]);
  assert.equal(reading.fftData?.amplitudes.length, 1_281);
  const json = JSON.stringify(reading);
  assert.deepEqual(JSON.parse(json), reading);
  assert.ok(json.length < 40_000, `${json.length} characters`);
});

Deno.test("the spectrum ends at fMax", () => {
  const frequencies = readingFrom(25_600, 1_000).fftData?.frequencies;
  assert.equal(frequencies?.length, 1_001);
  assert.equal(frequencies?.at(-1), 1_000);
});

Deno.test("a long spectrum is told in at most 2,048 lines, none of its peaks lost", () => {
  const fftData = readingFrom(256_000).fftData;
  assert.ok(fftData);
  assert.ok(fftData.frequencies.length <= 2_048);
  assert.ok(Math.abs(Math.max(...fftData.amplitudes) - 2) < 0.02);
  const strongest = fftData.amplitudes.indexOf(Math.max(...fftData.amplitudes));
  assert.ok(Math.abs((fftData.frequencies[strongest] ?? 0) - 120.4) < 0.05);
  assert.deepEqual(fftData.frequencies, fftData.frequencies.toSorted((a, b) => a - b));
  assert.ok(Math.abs((fftData.dominantFrequency ?? 0) - 120.4) < 0.01);
});

Deno.test("the fault is told with its evidence, zone and velocity beside it", () => {
  const { fault, status, velocity } = readingFrom(25_600);
  assert.equal(fault?.name, "outer");
  assert.equal(fault?.evidence.length, 4);
  assert.equal(fault?.evidence[0]?.part, "outer");
  assert.ok(Math.abs((velocity?.rms ?? 0) / 18.33 - 1) < 0.01, `${velocity?.rms}`);
  assert.equal(status, "Unacceptable");
});

Deno.test("nothing is told of nothing", () => {
  const reading = readingOf(analyse({ samples: new Float64Array(0), sampleRateHz: RATE_HZ }));
  assert.deepEqual(reading, {
    acceleration: { rms: 0, peak: 0, crestFactor: 0, kurtosis: null },
    velocity: null,
    fftData: null,
    status: null,
    fault: null,
  });
});
