/** `./telltale evaluate skab`: the detectors on machines with several channels and labelled rows. */
import { join } from "node:path";
import { type DetectorKind, DETECTORS } from "../../models/detectors/mod.ts";
import { scoresOf } from "../../models/evaluation/judged.ts";
import {
  addCounts,
  type Counts,
  countsOf,
  NO_ROWS,
  ratesOf,
} from "../../models/evaluation/outliers.ts";
import { UserError } from "../command.ts";
import { progressText, startProgress } from "../progress.ts";
import { readSeriesOptions } from "./options.ts";
import { csvFilesBelow, momentOf, numberOf, readLines, writeScores } from "./series_files.ts";
import { table } from "./table.ts";

/** By the benchmark's own convention the first rows of a file are ordinary, and not counted. */
const ORDINARY_ROWS = 400;
/** Of these the detectors need so many themselves. */
const LEARNING_ROWS = 150;
/** A row is called anomalous where it scores higher than this share of the ordinary ones. */
const QUANTILE = 0.99;

interface Machine {
  readonly name: string;
  readonly timestamps: readonly string[];
  readonly times: Float64Array;
  readonly channels: readonly Float64Array[];
  readonly labels: readonly boolean[];
}

export const evaluation = {
  help: `Scores each detector alone, and the ensemble that is the default, by the rows it calls
anomalous: F1, false alarm rate, missed alarm rate, over all files together. Every channel has a
detector of its own; a row's score is the mean of its channels', and it is called anomalous where
that is above ${QUANTILE} of the scores of the file's first ${ORDINARY_ROWS} rows, which are not counted.

Reads every CSV file below DIR (plain or .gz) with a header and columns separated by ";":
datetime, any number of channels, anomaly, changepoint. Files without the column anomaly are left out.

Options
  --data DIR     where the data is
  --scores DIR   write there, for every file, timestamp,value,score,is_anomaly of the ensemble;
                 value is the first channel's`,

  async run(args: readonly string[]): Promise<number> {
    const { data, scores: folder } = readSeriesOptions(args);
    const machines: Machine[] = [];
    for (const name of await csvFilesBelow(data)) {
      const machine = await readMachine(data, name);
      if (machine) machines.push(machine);
    }
    if (machines.length === 0) {
      throw new UserError(
        `Cannot evaluate ${data}: no CSV file has the columns datetime;…;anomaly`,
      );
    }
    const rows = machines.reduce((sum, { labels }) => sum + labels.length, 0);
    const progress = startProgress();
    const startedAt = performance.now();
    let done = 0;
    const lines: string[][] = [];
    for (const kind of DETECTORS) {
      let counts = NO_ROWS;
      for (const machine of machines) {
        const scores = pooledScores(kind, machine);
        const called = calledRows(scores);
        counts = addCounts(counts, countsOf(called, machine.labels, ORDINARY_ROWS));
        if (kind === DETECTORS[0] && folder !== undefined) {
          const { name, timestamps, times, channels: [values = new Float64Array(0)] } = machine;
          const detected = called.flatMap((isCalled, row) => isCalled ? [row] : []);
          await writeScores(join(folder, name), { timestamps, times, values }, scores, detected);
        }
        done += scores.length;
        const seconds = (performance.now() - startedAt) / 1000;
        progress.show(() =>
          `${kind.name}: ${progressText(done, rows * DETECTORS.length, "rows", seconds)}`
        );
      }
      lines.push(rowOf(kind.name, counts));
    }
    progress.end();
    const always = machines
      .map(({ labels }) => countsOf(labels.map(() => true), labels, ORDINARY_ROWS))
      .reduce(addCounts, NO_ROWS);
    console.log(
      `${machines.length} files, ${rows} rows\n\n${
        table([
          ["detector", "F1", "false alarm rate", "missed alarm rate"],
          ...lines,
          rowOf("always", always),
        ])
      }`,
    );
    return 0;
  },
};

/** Undefined for a file that is not labelled. */
async function readMachine(folder: string, name: string): Promise<Machine | undefined> {
  const path = join(folder, name);
  const [header = "", ...lines] = await readLines(path);
  const columns = header.split(";").map((column) => column.trim());
  const anomaly = columns.indexOf("anomaly");
  if (anomaly < 2 || columns[0] !== "datetime") return undefined;
  const channels = columns.slice(1, anomaly).map(() => new Float64Array(lines.length));
  const times = new Float64Array(lines.length);
  const timestamps: string[] = [];
  const labels: boolean[] = [];
  for (const [row, line] of lines.entries()) {
    const cells = line.split(";");
    const where = { path, line: row + 2 };
    timestamps.push(cells[0] ?? "");
    times[row] = momentOf(cells[0] ?? "", where);
    for (const [i, channel] of channels.entries()) {
      channel[row] = numberOf(cells[i + 1] ?? "", where);
    }
    labels.push(numberOf(cells[anomaly] ?? "", where) === 1);
  }
  return { name, timestamps, times, channels, labels };
}

function pooledScores(kind: DetectorKind, { channels, times }: Machine): Float64Array {
  const perChannel = channels.map((values) => scoresOf(kind, { values, times }));
  return times.map((_, row) =>
    perChannel.reduce((sum, scores) => sum + (scores[row] as number), 0) / channels.length
  );
}

function calledRows(scores: Float64Array): boolean[] {
  const ordinary = scores.slice(LEARNING_ROWS, ORDINARY_ROWS).sort();
  const limit = ordinary[Math.floor(QUANTILE * (ordinary.length - 1))] ?? Infinity;
  return Array.from(scores, (score) => score > limit);
}

function rowOf(name: string, counts: Counts): string[] {
  const { f1, falseAlarmRate, missedAlarmRate } = ratesOf(counts);
  return [name, ...[f1, falseAlarmRate, missedAlarmRate].map((rate) => rate.toFixed(3))];
}
