import assert from "node:assert/strict";
import { readWaveform } from "../../../events/waveform.ts";
import { pack, unpack } from "../../../models/waveforms/packing.ts";
import { analyseReading, spectrumOfPacked } from "../../../models/waveforms/reading.ts";

const RATE = 25_600;

/** Half a g at 1 kHz, in thousandths of a g. */
function counts(length: number): Uint8Array<ArrayBuffer> {
  const numbers = Int16Array.from(
    { length },
    (_, i) => Math.round(500 * Math.sin(2 * Math.PI * 1000 * i / RATE)),
  );
  return new Uint8Array(numbers.buffer);
}

function waveform(length: number) {
  const read = readWaveform(counts(length), "int16", 0.001);
  assert.ok(read);
  return read;
}

Deno.test("what is packed is unpacked to the last bit, and smaller", () => {
  const bytes = counts(2_560);
  for (const size of [2, 4, 8]) assert.deepEqual(unpack(pack(bytes, size), size), bytes);
  assert.ok(pack(bytes, 2).length < bytes.length / 2);
});

Deno.test("what the sender computed stands beside what we compute, and is not lost", async () => {
  const sent = {
    _id: "R",
    SR: RATE,
    status: "Alert",
    rawData: "…",
    encoding: "int16",
    scale: 0.001,
    acceleration: { rms: 99 },
    note: 7,
  };
  const { reading } = await analyseReading(sent, waveform(2_560), {});
  assert.equal(reading.status, "Alert");
  assert.deepEqual(reading.reported, { status: "Alert", acceleration: { rms: 99 } });
  const { rms, peak } = reading.acceleration as { rms: number; peak: number };
  assert.ok(Math.abs(rms - 0.5 / Math.SQRT2) < 1e-3 && Math.abs(peak - 0.5) < 0.005);
  assert.deepEqual([reading.rawData, reading.encoding, reading.note], [undefined, undefined, 7]);
  const judged = await analyseReading(sent, waveform(2_560), { machineClass: "I" });
  assert.equal(judged.reading.status, judged.reading.zone);
});

Deno.test("without a sample rate nothing is said of frequencies, and nothing of the sender's is lost", async () => {
  const sent = { status: "Normal", velocity: { rms: 1 } };
  const { reading, waveform: packed } = await analyseReading(sent, waveform(64), {});
  assert.equal(reading.status, "Normal");
  assert.deepEqual(reading.velocity, { rms: 1 });
  assert.equal(reading.fault, null);
  assert.equal(spectrumOfPacked(packed), undefined);
});

Deno.test("a long spectrum is shown by the highest line of each stretch", async () => {
  const { waveform: packed } = await analyseReading({ SR: RATE }, waveform(256_000), {});
  const lines = spectrumOfPacked(packed);
  assert.ok(lines && lines.amplitudes.length <= 16_384);
  const highest = lines.amplitudes.indexOf(Math.max(...lines.amplitudes));
  assert.equal(lines.frequencies[highest], 1000);
  assert.ok(Math.abs((lines.amplitudes[highest] ?? 0) - 0.5) < 1e-3);
});
