/** `./telltale evaluate nab`: the detectors on the Numenta Anomaly Benchmark, or data like it. */
import { join } from "node:path";
import { DETECTORS, ensemble } from "../../models/detectors/mod.ts";
import { detectionsOf, scoresOf } from "../../models/evaluation/judged.ts";
import {
  add,
  NOTHING,
  probationRows,
  scoreOf,
  type Tally,
  tallyOf,
} from "../../models/evaluation/nab.ts";
import { createRandom } from "../../simulator/random.ts";
import { count, progressText, startProgress } from "../progress.ts";
import { type LabelledFile, readNab, readNabSeries } from "./nab_data.ts";
import { readSeriesOptions } from "./options.ts";
import { writeScores } from "./series_files.ts";
import { table } from "./table.ts";

const RANDOM_ROUNDS = 20;

export const evaluation = {
  help:
    `Scores each detector alone, and the ensemble that is the default, by the standard profile of
the Numenta Anomaly Benchmark: one set of parameters for all files, each file from scratch, reading
by reading, so nothing is known of what comes after.

Reads DIR/data/<category>/<file>.csv (timestamp,value; plain or .gz) and
DIR/labels/combined_windows.json; files that are not named there are not counted.

Options
  --data DIR     where the data is
  --scores DIR   write there, for every file, timestamp,value,score,is_anomaly of the ensemble;
                 also for those that are not counted`,

  async run(args: readonly string[]): Promise<number> {
    const { data, scores } = readSeriesOptions(args);
    const { files, unlabelled } = await readNab(data);
    const readings = files.reduce((sum, { series }) => sum + series.values.length, 0);
    const windows = files.reduce((sum, { windows }) => sum + windows.length, 0);
    console.log(
      `${files.length} series, ${
        count(readings)
      } readings, ${windows} windows. Of each series the first 15 %, at most 750 readings, are not scored.\n`,
    );
    const tallies = await tallyAll(files, readings, scores);
    if (scores !== undefined) {
      for (const name of unlabelled) {
        const series = await readNabSeries(data, name);
        const ofSeries = scoresOf(ensemble, series);
        await writeScores(join(scores, name), series, ofSeries, detectionsOf(ofSeries));
      }
    }
    console.log(describe(files, tallies));
    return 0;
  },
};

/** Per detector, and for chance, a tally per file. */
type Tallies = ReadonlyMap<string, readonly Tally[]>;

async function tallyAll(
  files: readonly LabelledFile[],
  readings: number,
  folder: string | undefined,
): Promise<Tallies> {
  const tallies = new Map<string, Tally[]>();
  const progress = startProgress();
  const startedAt = performance.now();
  let done = 0;
  for (const [i, kind] of DETECTORS.entries()) {
    const ofDetector: Tally[] = [];
    for (const { name, series, windows } of files) {
      const scores = scoresOf(kind, series);
      const detections = detectionsOf(scores);
      ofDetector.push(tallyOf(detections, windows, scores.length));
      if (i === 0) {
        if (folder !== undefined) await writeScores(join(folder, name), series, scores, detections);
        addChance(tallies, detections.length, { name, rows: scores.length, windows });
      }
      done += scores.length;
      progress.show(() =>
        `${kind.name}: ${
          progressText(
            done,
            readings * DETECTORS.length,
            "readings",
            (performance.now() - startedAt) / 1000,
          )
        }`
      );
    }
    tallies.set(kind.name, ofDetector);
  }
  progress.end();
  return tallies;
}

/** What comes of detecting every row, and of as many detections as the ensemble's, at random. */
function addChance(
  tallies: Map<string, Tally[]>,
  detections: number,
  { name, rows, windows }: Pick<LabelledFile, "name" | "windows"> & { rows: number },
): void {
  const every = Array.from({ length: rows }, (_, row) => row);
  const random = createRandom(name);
  const first = probationRows(rows);
  let sum = NOTHING;
  for (let round = 0; round < RANDOM_ROUNDS; round++) {
    const drawn = Array.from({ length: detections }, () => random.integer(first, rows - 1));
    sum = add(sum, tallyOf([...new Set(drawn)].sort((a, b) => a - b), windows, rows));
  }
  const mean = (total: number) => total / RANDOM_ROUNDS;
  append(tallies, "random", {
    raw: mean(sum.raw),
    windows: windows.length,
    windowsHit: mean(sum.windowsHit),
    falseRows: mean(sum.falseRows),
    falseEpisodes: mean(sum.falseEpisodes),
  });
  append(tallies, "always", tallyOf(every, windows, rows));
}

function append(tallies: Map<string, Tally[]>, name: string, tally: Tally): void {
  tallies.set(name, [...tallies.get(name) ?? [], tally]);
}

const HEAD = ["score", "windows hit", "false-alarm episodes"];

function describe(files: readonly LabelledFile[], tallies: Tallies): string {
  const rows = [...DETECTORS.map(({ name }) => name), "random", "always"].map((name) =>
    rowOf(name, tallies.get(name) ?? [])
  );
  const ensemble = tallies.get("ensemble") ?? [];
  const partOf = (name: string, isPart: (file: LabelledFile, index: number) => boolean) =>
    rowOf(name, ensemble.filter((_, i) => isPart(files[i] as LabelledFile, i)));
  const categories = [...new Set(files.map(({ category }) => category))];
  const halves = halvesOf(files);
  return [
    table([["detector", ...HEAD], ...rows]),
    table([
      ["ensemble, by category", ...HEAD],
      ...categories.map((name) => partOf(name, ({ category }) => category === name)),
    ]),
    table([
      ["ensemble, by half of the files", ...HEAD],
      partOf("first, third … of each category", (file) => halves.has(file)),
      partOf("second, fourth … of each category", (file) => !halves.has(file)),
    ]),
    `A window counts the more the earlier it is hit; a miss costs as much as a hit earns, a false alarm
0.11. 0 is silence, 100 every window in its first row and nothing else. Detections no more than 12
rows apart are one episode. random: as many alarms as the ensemble gave in each file, anywhere (mean
of ${RANDOM_ROUNDS}); always: every row an alarm.`,
  ].join("\n\n");
}

function rowOf(name: string, tallies: readonly Tally[]): string[] {
  const total = tallies.reduce(add, NOTHING);
  const score = scoreOf(total);
  return [
    name,
    Number.isNaN(score) ? "-" : score.toFixed(1),
    `${Math.round(total.windowsHit)} of ${total.windows}`,
    count(Math.round(total.falseEpisodes)),
  ];
}

/** Every second file of each category. */
function halvesOf(files: readonly LabelledFile[]): ReadonlySet<LabelledFile> {
  const seen = new Map<string, number>();
  return new Set(files.filter(({ category }) => {
    const before = seen.get(category) ?? 0;
    seen.set(category, before + 1);
    return before % 2 === 0;
  }));
}
