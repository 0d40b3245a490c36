/** Raw samples on the bus: analysed, put aside, and their findings in the log. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  forgetOldWaveforms,
  keepWaveforms,
  readWaveformOf,
  WAVEFORMS_KEPT_MS,
} from "../../events/log/waveforms.ts";
import { freshBroker, freshDatabase } from "../support/servers.ts";
import { openStage, type Stage } from "./stage.ts";

const RATE = 25_600;

/** 10 mm/s RMS at 50 Hz, in g. */
function sine(count: number): Float64Array {
  const peak = 10 * Math.SQRT2 * 2 * Math.PI * 50 / 9806.65;
  return Float64Array.from(
    { length: count },
    (_, i) => peak * Math.sin(2 * Math.PI * 50 * i / RATE),
  );
}

async function withRuntime(test: (stage: Stage) => Promise<void>): Promise<void> {
  const broker = await freshBroker();
  const stage = await openStage(broker);
  try {
    await stage.start();
    await test(stage);
  } finally {
    await stage.close();
    await broker.stop();
  }
}

Deno.test("raw samples become findings, whichever way they are written, and are kept aside", () =>
  withRuntime(async (stage) => {
    await stage.say("devices.machine.M1.registered", { machineName: "P", machineClass: "II" });
    const samples = sine(5_120);
    const counts = Int16Array.from(samples, (value) => Math.round(value / 0.0001));
    const floats = Float32Array.from(samples);
    const forms = [
      { rawData: [...samples] },
      { rawData: new Uint8Array(counts.buffer).toBase64(), encoding: "int16", scale: 0.0001 },
      { rawData: new Uint8Array(floats.buffer).toBase64(), encoding: "float32" },
    ];
    for (const [i, form] of forms.entries()) {
      const body = { _id: `R${i}`, bearingId: "DE", SR: RATE, rpm: 1500, note: "kept", ...form };
      const answer = await stage.say("devices.machine.M1.reading", body);
      assert.equal(answer.outcome, "recorded", JSON.stringify(answer));
    }
    const reports = stage.committed.filter(({ type }) => type === "VibrationReported");
    assert.equal(reports.length, 3);
    for (const { data } of reports) {
      const { velocity, fftData, waveform } = data as Record<string, Record<string, number>>;
      assert.ok(Math.abs((velocity?.rms ?? 0) / 10 - 1) < 0.01, JSON.stringify(velocity));
      assert.ok(Math.abs((fftData?.dominantFrequency ?? 0) - 50) < 0.1);
      assert.equal(data.status, "Unacceptable");
      assert.equal(data.note, "kept");
      assert.equal(data.rawData, undefined);
      assert.equal(waveform?.samples, 5_120);
    }
    const { sha256 } = reports[1]?.data.waveform as { sha256: string };
    const bytes = new Uint8Array(counts.buffer);
    assert.equal(sha256, createHash("sha256").update(bytes).digest("hex"));
    const kept = await readWaveformOf(stage.sql, "machine-M1", sha256);
    assert.deepEqual([kept?.encoding, kept?.scale, kept?.sampleRate], ["int16", 0.0001, RATE]);
  }));

Deno.test("the same reading twice changes nothing; samples that cannot be read are set aside with a reason", () =>
  withRuntime(async (stage) => {
    const body = { _id: "R", bearingId: "DE", SR: RATE, rawData: [...sine(256)] };
    await stage.say("devices.machine.M1.reading", body);
    const { outcome } = await stage.say("devices.machine.M1.reading", body, { messageId: "again" });
    assert.equal(outcome, "repeat");
    const odd = { bearingId: "DE", SR: RATE, rawData: "AAAA", encoding: "int16", scale: 1 };
    const refused = await stage.say("devices.machine.M1.reading", odd);
    assert.equal(refused.outcome, "quarantined");
    assert.match(refused.reason ?? "", /rawData: expected base64/);
    const [row] = await stage.sql`select count(*)::int as n from waveforms`;
    assert.equal(row?.n, 1);
  }));

Deno.test("what a machine is told to be in one breath with its reading counts for that reading", () =>
  withRuntime(async (stage) => {
    const sent = [
      stage.send("devices.machine.M1.registered", { machineClass: "IV" }),
      stage.send("devices.machine.M1.reading", { SR: RATE, rawData: [...sine(5_120)] }),
    ];
    await Promise.all(sent);
    await stage.say("devices.machine.M1.reading", { SR: RATE, rawData: [...sine(2_560)] });
    const statuses = stage.committed.flatMap(({ type, data }) =>
      type === "VibrationReported" ? [data.status] : []
    );
    assert.deepEqual(statuses, ["Alert", "Alert"]);
  }));

Deno.test("more waveforms than are analysed at once all arrive, in their order, with what is between", () =>
  withRuntime(async (stage) => {
    const sent: Promise<number>[] = [];
    for (let i = 0; i < 150; i++) {
      const body = { _id: `R${i}`, SR: RATE, rawData: [...sine(64)] };
      sent.push(stage.send("devices.machine.M1.reading", body));
      sent.push(stage.send("devices.sensor.S1.reading", { value: i }));
    }
    await Promise.all(sent);
    await stage.say("devices.sensor.S1.reading", { value: -1 });
    const ids = stage.committed.flatMap(({ type, data }) =>
      type === "VibrationReported" ? [data._id] : []
    );
    assert.deepEqual(ids, Array.from({ length: 150 }, (_, i) => `R${i}`));
    const values = stage.committed.filter(({ type }) => type === "ReadingReported");
    assert.equal(values.length, 151);
  }));

Deno.test("samples are forgotten when they are old, and what they told is not", async () => {
  const database = await freshDatabase();
  try {
    const waveform = {
      sha256: "00",
      encoding: "int16" as const,
      scale: 1,
      sampleRate: null,
      samples: 1,
      bytes: new Uint8Array(2),
    };
    const kept = { stream: "machine-M1", waveform };
    await keepWaveforms(database.sql, [kept, kept]);
    const now = Date.now();
    assert.equal(await forgetOldWaveforms(database.sql, now), 0);
    // Another reading of the same samples: they are as old as that.
    await database.sql`update waveforms set kept_at = kept_at - interval '1 year'`;
    await keepWaveforms(database.sql, [kept]);
    assert.equal(await forgetOldWaveforms(database.sql, now), 0);
    assert.equal(await forgetOldWaveforms(database.sql, now + WAVEFORMS_KEPT_MS + 60_000), 1);
    assert.equal(await readWaveformOf(database.sql, "machine-M1", "00"), undefined);
  } finally {
    await database.close();
  }
});
