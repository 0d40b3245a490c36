/** `./telltale evaluate` from outside, on small data of the test's own and, at hand, on real data. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom } from "../../simulator/random.ts";
import { dataFolder, skipped } from "../support/data.ts";
import { removeFolder, temporaryFolder } from "../support/servers.ts";

const LAUNCHER = fileURLToPath(new URL("../../telltale", import.meta.url));

async function evaluate(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(LAUNCHER, {
    args: ["evaluate", ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

async function withFolder(
  files: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await temporaryFolder();
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      await Deno.mkdir(dirname(path), { recursive: true });
      if (typeof content === "string") await Deno.writeTextFile(path, content);
      else await Deno.writeFile(path, content);
    }
    await test(folder);
  } finally {
    await removeFolder(folder);
  }
}

/** The cells of a table's row, by the row's first words. */
function rowOf(out: string, name: string): string[] {
  const line = out.split("\n").find((line) => line.startsWith(`${name}  `));
  assert.ok(line, `no row "${name}" in:\n${out}`);
  return line.trim().split(/ {2,}/).slice(1);
}

function moment(row: number): string {
  return new Date(Date.UTC(2026, 0, 1) + row * 300_000).toISOString().slice(0, 19)
    .replace("T", " ");
}

/** Noise with one burst, and one file without. */
function seriesCsv(seed: string, rows: number, burst: readonly [number, number]): string {
  const random = createRandom(seed);
  const lines = Array.from({ length: rows }, (_, row) => {
    const isBurst = row >= burst[0] && row < burst[1];
    return `${moment(row)},${random.normal(isBurst ? 60 : 20, 1).toFixed(3)}`;
  });
  return ["timestamp,value", ...lines, ""].join("\n");
}

async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const WINDOW = [`${moment(980)}.000000`, `${moment(1080)}.000000`];
const LABELS = JSON.stringify({ "a/burst.csv": [WINDOW], "b/calm.csv": [], "b/absent.csv": [] });

Deno.test("evaluate nab scores the ensemble and each detector beside chance, and writes the scores", async () => {
  const files = {
    "nab/data/a/burst.csv": seriesCsv("burst", 1500, [1000, 1040]),
    "nab/data/b/calm.csv.gz": await gzip(seriesCsv("calm", 500, [0, 0])),
    "nab/data/b/unlabelled.csv": seriesCsv("unlabelled", 300, [0, 0]),
    "nab/labels/combined_windows.json": LABELS,
  };
  await withFolder(files, async (folder) => {
    const scores = join(folder, "scores");
    const { code, out, err } = await evaluate(
      "nab",
      "--data",
      join(folder, "nab"),
      "--scores",
      scores,
    );
    assert.equal(code, 0, err);
    assert.match(out, /^2 series, 2,000 readings, 1 windows\./);
    // The burst begins 21 rows into a window of 101; nothing else is there to find.
    const [score = "", hit] = rowOf(out, "ensemble");
    assert.ok(Number(score) > 70, score);
    assert.equal(hit, "1 of 1");
    assert.equal(rowOf(out, "spike")[1], "1 of 1");
    assert.equal(rowOf(out, "flat-line")[0], "0.0");
    assert.deepEqual(rowOf(out, "always").slice(1, 2), ["1 of 1"]);
    assert.equal(rowOf(out, "b")[0], "-");

    const lines = (await Deno.readTextFile(join(scores, "a/burst.csv"))).trim().split("\n");
    assert.equal(lines.length, 1501);
    assert.equal(lines[0], "timestamp,value,score,is_anomaly");
    const detected = lines.flatMap((line, i) => line.endsWith(",1") ? [i - 1] : []);
    assert.ok(detected.includes(1000), `${detected}`);
    assert.match(lines[1001] ?? "", /^2026-01-04 11:20:00,[\d.]+,0\.9\d+,1$/);
    for (const [name, rows] of [["b/calm.csv", 500], ["b/unlabelled.csv", 300]] as const) {
      const written = await Deno.readTextFile(join(scores, name));
      assert.equal(written.split("\n").length, rows + 2);
    }
  });
});

Deno.test("evaluate skab reads machines of several channels, and counts rows", async () => {
  const random = createRandom("skab");
  const rows = Array.from({ length: 1000 }, (_, row) => {
    const isFault = row >= 700 && row < 800;
    const channels = Array.from({ length: 8 }, () => random.normal(isFault ? 30 : 10, 1));
    return [moment(row), ...channels.map((value) => value.toFixed(3)), isFault ? 1 : 0, 0].join(
      ";",
    );
  });
  const header = `datetime;${"ABCDEFGH".split("").join(";")};anomaly;changepoint`;
  const files = {
    "valve1/0.csv": [header, ...rows, ""].join("\n"),
    "anomaly-free/anomaly-free.csv": "datetime;A\n2026-01-01 00:00:00;1\n",
  };
  await withFolder(files, async (folder) => {
    const { code, out, err } = await evaluate("skab", "--data", folder);
    assert.equal(code, 0, err);
    assert.match(out, /^1 files, 1000 rows/);
    assert.deepEqual(rowOf(out, "always"), ["0.286", "1.000", "0.000"]); // 2 · 100 / (200 + 500).
    const [f1 = "", falseAlarms = ""] = rowOf(out, "three-sigma");
    assert.ok(Number(f1) > 0.9 && Number(falseAlarms) < 0.05, out);
    assert.ok(Number(rowOf(out, "ensemble")[0]) > 0.3, out);
  });
});

Deno.test("evaluate says in one line what is wrong with the data, and where", async () => {
  const files = {
    "no-labels/data/a/b.csv": "timestamp,value\n",
    "bad-json/labels/combined_windows.json": "[",
    "bad-shape/labels/combined_windows.json": '{"a/b.csv": [["2026-01-01"]]}',
    "none-named/labels/combined_windows.json": "{}",
    "none-named/data/a/b.csv": "timestamp,value\n",
    "bad-value/labels/combined_windows.json": '{"a/b.csv": []}',
    "bad-value/data/a/b.csv": "timestamp,value\n2026-01-01 00:00:00,1\n2026-01-01 00:05:00,NaN\n",
    "bad-moment/labels/combined_windows.json": '{"a/b.csv": []}',
    "bad-moment/data/a/b.csv": "timestamp,value\nyesterday,1\n",
    "bad-window/labels/combined_windows.json": JSON.stringify({ "a/b.csv": [WINDOW] }),
    "bad-window/data/a/b.csv": "timestamp,value\n2026-01-01 00:00:00,1\n",
  };
  await withFolder(files, async (folder) => {
    for (
      const [data, expected] of [
        ["absent", /Cannot read .*combined_windows\.json/],
        ["no-labels", /Cannot read .*combined_windows\.json/],
        ["bad-json", /Cannot read .*combined_windows\.json/],
        ["bad-shape", /expected, for each file, a list of windows/],
        ["none-named", /no file below data\/ is named in/],
        ["bad-value", /b\.csv, line 3: expected a number, found "NaN"/],
        ["bad-moment", /b\.csv, line 2: expected a moment, found "yesterday"/],
        ["bad-window", /Cannot place a window of .*: a\/b\.csv has no reading within it/],
      ] as const
    ) {
      const { code, out, err } = await evaluate("nab", "--data", join(folder, data));
      assert.deepEqual({ code, out }, { code: 1, out: "" });
      assert.match(err, expected);
      assert.equal(err.trim().split("\n").length, 1, err);
    }
    const { code, err } = await evaluate("skab", "--data", folder);
    assert.equal(code, 1);
    assert.match(err, /no CSV file has the columns datetime;…;anomaly/);
  });
});

Deno.test("evaluate answers wrong usage with what is right", async () => {
  for (
    const [args, expected] of [
      [[], /Say what to evaluate: one of nab, skab/],
      [["moon"], /Cannot evaluate "moon": expected one of nab, skab/],
      [["nab", "--scores", "x"], /Say where the data is: --data DIR/],
      [["nab", "--what"], /what/],
    ] as const
  ) {
    const { code, err } = await evaluate(...args);
    assert.equal(code, 2);
    assert.match(err, expected);
  }
});

Deno.test("the ensemble scores at least 72 on the 35 open files of NAB, with at most 90 false-alarm episodes", async () => {
  const folder = await dataFolder("series/nab");
  if (folder === undefined) return skipped("series/nab");
  const { code, out } = await evaluate("nab", "--data", folder);
  assert.equal(code, 0);
  const [score, , episodes] = rowOf(out, "ensemble");
  assert.ok(Number(score) >= 72, out);
  assert.ok(Number(episodes) <= 90, out);
  for (const name of ["random", "always"]) assert.ok(Number(rowOf(out, name)[0]) < 20, out);
});
