/** A folder shaped like the Numenta Anomaly Benchmark: `data/<category>/<file>.csv`, `labels/`. */
import { join } from "node:path";
import { z } from "zod";
import { messageOf } from "../../events/errors.ts";
import type { Window } from "../../models/evaluation/nab.ts";
import { UserError } from "../command.ts";
import { csvFilesBelow, momentOf, readSeriesFile, type SeriesFile } from "./series_files.ts";

export interface LabelledFile {
  /** `realKnownCause/nyc_taxi.csv`. */
  readonly name: string;
  readonly category: string;
  readonly series: SeriesFile;
  readonly windows: readonly Window[];
}

const LABELS = "labels/combined_windows.json";
const Labels = z.record(z.string(), z.array(z.tuple([z.string(), z.string()])));

export interface Nab {
  readonly files: readonly LabelledFile[];
  /** Names of the files that no label speaks of. */
  readonly unlabelled: readonly string[];
}

export async function readNab(folder: string): Promise<Nab> {
  const labels = await readLabels(folder);
  const names = await csvFilesBelow(join(folder, "data"));
  const files: LabelledFile[] = [];
  for (const name of names.filter((name) => labels[name])) {
    const series = await readNabSeries(folder, name);
    const windows = (labels[name] ?? []).map(([first, last]) =>
      windowOf(series.times, momentIn(first, folder), momentIn(last, folder), name)
    );
    files.push({ name, category: name.split("/")[0] ?? name, series, windows });
  }
  if (files.length === 0) {
    throw new UserError(`Cannot evaluate ${folder}: no file below data/ is named in ${LABELS}`);
  }
  return { files, unlabelled: names.filter((name) => !labels[name]) };
}

export function readNabSeries(folder: string, name: string): Promise<SeriesFile> {
  return readSeriesFile(join(folder, "data", name));
}

async function readLabels(folder: string): Promise<z.infer<typeof Labels>> {
  const path = join(folder, LABELS);
  let json: unknown;
  try {
    json = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    const message = messageOf(error);
    throw new UserError(`Cannot read ${path}: ${message}`, { cause: error });
  }
  const parsed = Labels.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new UserError(
    `Cannot read ${path}: expected, for each file, a list of windows [first moment, last moment]`,
    { cause: parsed.error },
  );
}

function momentIn(text: string, folder: string): number {
  return momentOf(text, { path: join(folder, LABELS), line: 1 });
}

/** The rows within two moments, both inclusive; some clocks go back, so rows are counted. */
function windowOf(times: Float64Array, from: number, to: number, name: string): Window {
  const first = times.findIndex((time) => time >= from);
  const last = times.findLastIndex((time) => time <= to);
  if (first >= 0 && last >= first) return { first, last };
  throw new UserError(`Cannot place a window of ${LABELS}: ${name} has no reading within it`);
}
