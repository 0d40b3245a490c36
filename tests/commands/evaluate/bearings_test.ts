import assert from "node:assert/strict";
import { evaluation } from "../../../commands/evaluate/bearings.ts";
import { describeRecords, readRecordings } from "../../../commands/evaluate/bearing_records.ts";
import { describeRuns, followRun, readRuns } from "../../../commands/evaluate/bearing_runs.ts";
import { analyse } from "../../../models/vibration/mod.ts";
import { add, impacts, noise } from "../../models/vibration/waveforms.ts";
import { dataPath, readData, skipped } from "../../support/data.ts";

const SKF_6205 = { balls: 9, ballDiameter: 0.3126, pitchDiameter: 1.537 };

Deno.test("Case Western Reserve: statistics as in the manifest, faults named", async () => {
  const manifest = await readData("machines/cwru/manifest.csv");
  if (!manifest) return skipped("machines/cwru/manifest.csv");
  let damaged = 0;
  let right = 0;
  for await (const { file, rpm, samples, klass } of readRecordings(dataPath("machines/cwru"))) {
    const { acceleration, fault } = analyse({
      samples,
      sampleRateHz: 12_000,
      rpm,
      geometry: SKF_6205,
    });
    const row: Record<string, string> | undefined = manifest.find((row) => row.file === file);
    for (const name of ["rms", "peak", "kurtosis"] as const) {
      const relative: number = (acceleration[name] ?? NaN) / Number(row?.[name]) - 1;
      assert.ok(Math.abs(relative) < 1e-3, `${file}: ${name} is off by ${relative}`);
    }
    if (klass === "normal") assert.equal(fault?.name, "healthy", file);
    else {
      damaged++;
      if (klass?.split(/[_@]/)[0] === fault?.name) right++;
    }
  }
  assert.ok(right >= damaged - 1, `${right} of ${damaged} named`);
});

Deno.test("Case Western Reserve: any second of it names a damaged race, none a healthy bearing", async () => {
  if (!await readData("machines/cwru/manifest.csv")) {
    return skipped("machines/cwru/manifest.csv");
  }
  for await (const { file, rpm, samples, klass } of readRecordings(dataPath("machines/cwru"))) {
    if (klass === "ball") continue; // These need longer.
    const expected = klass === "normal" ? "healthy" : klass?.split(/[_@]/)[0];
    for (let start = 0; start + 12_000 <= samples.length; start += 12_000) {
      const second = samples.subarray(start, start + 12_000);
      const { fault } = analyse({ samples: second, sampleRateHz: 12_000, rpm, geometry: SKF_6205 });
      assert.equal(fault?.name, expected, `${file} from sample ${start}`);
    }
  }
});

Deno.test("Pronostia: wear is noticed before the end, with at most one false alarm", async () => {
  if (!await readData("machines/pronostia/features.csv.gz")) {
    return skipped("machines/pronostia/features.csv.gz");
  }
  const runs = await readRuns(dataPath("machines/pronostia/features.csv"));
  const outcomes = runs.map((run) => followRun(run, 10));
  const noticed = outcomes.filter(({ alarm }) => alarm !== undefined).length;
  assert.ok(noticed >= runs.length - 1, `${noticed} of ${runs.length}`);
  for (const { falseAlarms } of outcomes) assert.ok(falseAlarms <= 1, `${falseAlarms}`);
});

Deno.test("Pronostia: what the others teach foretells most failures, and knows how little it knows", async () => {
  if (!await readData("machines/pronostia/features.csv.gz")) {
    return skipped("machines/pronostia/features.csv.gz");
  }
  const text = await describeRuns(dataPath("machines/pronostia/features.csv"), 10);
  const numbers = (pattern: RegExp) => (pattern.exec(text) ?? []).slice(1).map(Number);
  const [hits = 0, falseOnes = NaN] = numbers(/(\d+) hits and (\d+) false/);
  const [foretold = 0, failures = NaN] = numbers(/(\d+) of (\d+) failures/);
  assert.ok(foretold >= failures - 1 && falseOnes <= hits, text);
  const [brier = NaN, always = NaN] = numbers(
    /Brier score ([\d.]+) \(always saying [\d.]+: ([\d.]+)/,
  );
  assert.ok(brier < always, text);
  const [held = NaN] = numbers(/held (\d+) % of the truth/);
  assert.ok(held >= 85, text);
});

Deno.test("a line for each record and each run, from files plain and gzipped", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const waveform = add(
      impacts(60_000, 12_000, { hz: 0.99 * 3.585 * 30, resonanceHz: 3_000, amplitude: 1 }),
      noise(60_000, 1).map((value) => value * 0.2),
    );
    const counts = Int16Array.from(waveform, (value) => Math.round(value * 10_000));
    await Deno.writeFile(`${folder}/a.i16`, new Uint8Array(counts.buffer));
    const gzip = new Blob([counts.buffer]).stream().pipeThrough(new CompressionStream("gzip"));
    await Deno.writeFile(`${folder}/b.i16.gz`, gzip);
    await Deno.writeTextFile(
      `${folder}/manifest.csv`,
      "file,rpm,scale_g_per_count,klass\na.i16,1800,1e-4,outer_race@6\nb.i16.gz,1800,1e-4,normal\n",
    );
    const text = await describeRecords(folder, { geometry: SKF_6205, sampleRateHz: 12_000 });
    assert.match(text, /^a +.*outer .*BPFO 106\.\d Hz \+\d.* outer$/m);
    // The same samples, said to be healthy: what is expected is no part of what is named.
    assert.match(text, /^b +.*outer .*healthy$/m);
    assert.match(text, /1 of 1 damaged, 0 of 1 healthy/);

    const readings = Array.from({ length: 300 }, (_, i) => i < 200 ? "B,1,4" : "B,3,12");
    await Deno.writeTextFile(
      `${folder}/features.csv`,
      ["bearing,h_rms,h_peak", ...readings, ""].join("\n"),
    );
    const runs = await describeRuns(`${folder}/features.csv`, 60);
    assert.match(runs, /^B +300 +3 h 2[56] min +68 % +1 h 3[45] min/m);
    assert.match(runs, /1 of 1 alarmed before the end; at most 0 false alarms/);
    assert.match(runs, /Too few bearings alarmed/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function rejects(files: Record<string, string>, message: RegExp): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    await assert.rejects(evaluation.run(["--data", folder]), { name: "UserError", message });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what cannot be read is named, with its line", async () => {
  await rejects({}, /no manifest\.csv or features\.csv there/);
  await rejects({ "manifest.csv": "file,rpm\na,1" }, /expected a column scale_g_per_count/);
  const head = "file,rpm,scale_g_per_count\n";
  await rejects({ "manifest.csv": `${head}a.i16,fast,1`, "a.i16": "ab" }, /line 2.*found "fast"/);
  await rejects({ "manifest.csv": `${head}a.i16,1800,1` }, /Cannot read .*a\.i16/);
  await rejects({ "manifest.csv": `${head}a.i16,1800,1`, "a.i16": "abc" }, /found 3 bytes/);
  await rejects({ "features.csv": "bearing,speed\nB1,1" }, /<axis>_rms and <axis>_peak/);
  await rejects({ "features.csv": "bearing,h_rms\nB1,\n" }, /line 2.*found ""/);
});

Deno.test("a bearing that never changes is not alarmed, and one that is never measured neither", () => {
  const steady = { bearing: "B", readings: Array.from({ length: 300 }, () => [1, 4]) };
  assert.deepEqual(followRun(steady, 10), {
    readings: 300,
    alarm: undefined,
    atAlarm: undefined,
    falseAlarms: 0,
  });
  const off = { bearing: "B", readings: Array.from({ length: 300 }, () => [0, 0]) };
  assert.equal(followRun(off, 10).alarm, undefined);
});

Deno.test("options that make no sense are refused in a sentence", async () => {
  for (
    const [option, text] of [
      ["--geometry", "9,2"],
      ["--geometry", "9,2,1"],
      ["--geometry", "9.5,1,4"],
      ["--rate", "0"],
      ["--interval", "soon"],
    ] as const
  ) {
    await assert.rejects(evaluation.run(["--data", ".", option, text]), { message: /Cannot use/ });
  }
  await assert.rejects(evaluation.run(["--rate", "1"]), { message: /--data DIR/ });
});
