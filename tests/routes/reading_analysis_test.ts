/** One reading looked at closely: its spectra, and where damage would show in them. */
import assert from "node:assert/strict";
import type { Json } from "../../events/vocabulary.ts";
import type { Fact } from "../projections/log.ts";
import { GEOMETRY, OUTER_HZ, RATE_HZ, RPM, struckBearing } from "../support/struck_bearing.ts";
import { NOW, posted, type Stage, withStage } from "./stage.ts";

async function record(stage: Stage, type: string, data: Json): Promise<void> {
  const fact: Fact = { stream: "machine-M1", type, data, occurredAt: NOW };
  await stage.record([fact]);
}

async function analysis(stage: Stage, query = ""): Promise<Json & { status: number }> {
  const response = await stage.app.request(`/api/v1/machines/M1/bearings/DE/analysis${query}`);
  return { ...await response.json(), status: response.status };
}

Deno.test("a reading's envelope is highest where the damaged part strikes", () =>
  withStage(async (stage) => {
    stage.answer = async ({ payload }) => {
      await record(stage, "VibrationReported", JSON.parse(payload));
      return { sequence: 1, duplicate: false, answer: { outcome: "recorded", events: [] } };
    };
    await record(stage, "MachineDescribed", { machineClass: "II" });
    await record(stage, "BearingDescribed", { _id: "DE", geometry: GEOMETRY });
    const reading = { _id: "R1", SR: RATE_HZ, rpm: RPM, rawData: struckBearing() };
    const response = await stage.app.request(
      "/api/v1/machines/M1/bearings/DE/waveforms",
      posted(reading),
    );
    assert.equal(response.status, 200, await response.text());

    // deno-lint-ignore no-explicit-any -- JSON is any
    const found = await analysis(stage) as any;
    assert.equal(found.status, 200);
    assert.equal(found.reading._id, "R1");
    assert.equal(found.reading.fault.name, "outer");
    assert.deepEqual(found.zone_boundaries, [1.12, 2.8, 7.1]);
    assert.equal(found.shaft_hz, 30);
    const outer = found.fault_frequencies.find(({ part }: { part: string }) => part === "outer");
    assert.ok(Math.abs(outer.expected_hz - OUTER_HZ) < 0.01, JSON.stringify(outer));

    const { frequencies, prominences } = found.envelope;
    assert.ok(prominences.length <= 2_000);
    const highest = frequencies[prominences.indexOf(Math.max(...prominences))];
    const harmonic = highest / OUTER_HZ;
    assert.ok(Math.abs(harmonic - Math.round(harmonic)) < 0.02, `${highest} Hz`);

    const { unit, frequencies: lines, amplitudes } = found.spectrum;
    assert.equal(unit, "g");
    assert.ok(lines.length <= 2_000);
    const ringsAt = lines[amplitudes.indexOf(Math.max(...amplitudes))];
    assert.ok(Math.abs(ringsAt - 3000) < 2 * OUTER_HZ, `${ringsAt} Hz`);
  }));

Deno.test("a reading without samples shows the spectrum it came with, marked by geometry and speed", () =>
  withStage(async (stage) => {
    await record(stage, "BearingDescribed", { _id: "DE", geometry: GEOMETRY });
    const fftData = { frequencies: [30, 107.5], amplitudes: [1, 2], dominantFrequency: 107.5 };
    await record(stage, "VibrationReported", { _id: "R1", bearingId: "DE", fftData, rpm: RPM });
    await record(stage, "VibrationReported", { _id: "R2", bearingId: "DE", fftData });
    await record(stage, "VibrationReported", { _id: "R3", bearingId: "NDE", fftData });

    // deno-lint-ignore no-explicit-any -- JSON is any
    const named = await analysis(stage, "?reading=R1") as any;
    assert.deepEqual(named.spectrum, {
      unit: null,
      frequencies: fftData.frequencies,
      amplitudes: fftData.amplitudes,
    });
    assert.equal(named.envelope, null);
    assert.equal(named.zone_boundaries, null);
    assert.equal(named.fault_frequencies.length, 4);

    // deno-lint-ignore no-explicit-any -- JSON is any
    const newest = await analysis(stage) as any;
    assert.equal(newest.reading._id, "R2");
    assert.deepEqual([newest.rpm, newest.shaft_hz, newest.fault_frequencies], [null, null, []]);

    for (const other of ["?reading=R3", "?reading=nonsense"]) {
      const { status, code } = await analysis(stage, other);
      assert.deepEqual([status, code], [404, "reading-unknown"]);
    }
  }));
