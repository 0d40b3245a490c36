/** Reads and writes the CSV files of labelled series, plain or gzipped. */
import { dirname, join } from "node:path";
import { messageOf } from "../../events/errors.ts";
import { parseInstant } from "../../events/instant.ts";
import type { Series } from "../../models/evaluation/judged.ts";
import { UserError } from "../command.ts";

/** One row per reading, in the order of the file. */
export interface SeriesFile extends Series {
  /** As they were written. */
  readonly timestamps: readonly string[];
}

/** Relative paths of all CSV files below a folder, sorted, without a `.gz` at the end. */
export async function csvFilesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  async function walk(below: string): Promise<void> {
    for await (const { name, isDirectory } of Deno.readDir(join(folder, below))) {
      const path = below === "" ? name : `${below}/${name}`;
      if (isDirectory) await walk(path);
      else if (/\.csv(\.gz)?$/.test(name)) found.push(path.replace(/\.gz$/, ""));
    }
  }
  try {
    await walk("");
  } catch (error) {
    throw new UserError(`Cannot read folder "${folder}": ${messageOf(error)}`, { cause: error });
  }
  return [...new Set(found)].sort();
}

export async function readLines(path: string): Promise<string[]> {
  let file: Deno.FsFile;
  let bytes: ReadableStream<Uint8Array>;
  try {
    file = await Deno.open(path);
    bytes = file.readable;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw cannotRead(path, error);
    try {
      file = await Deno.open(`${path}.gz`);
    } catch {
      throw cannotRead(path, error);
    }
    bytes = file.readable.pipeThrough(new DecompressionStream("gzip"));
  }
  try {
    return (await new Response(bytes).text()).trim().split(/\r?\n/);
  } catch (error) {
    throw cannotRead(path, error);
  }
}

/** A file of `timestamp,value` with a header. */
export async function readSeriesFile(path: string): Promise<SeriesFile> {
  const [, ...lines] = await readLines(path);
  const timestamps: string[] = [];
  const times = new Float64Array(lines.length);
  const values = new Float64Array(lines.length);
  for (const [i, line] of lines.entries()) {
    const [timestamp = "", value = ""] = line.split(",");
    const where = { path, line: i + 2 };
    timestamps.push(timestamp);
    times[i] = momentOf(timestamp, where);
    values[i] = numberOf(value, where);
  }
  return { timestamps, times, values };
}

export interface Place {
  readonly path: string;
  /** From 1. */
  readonly line: number;
}

export function momentOf(text: string, { path, line }: Place): number {
  const moment = parseInstant(text.trim());
  if (moment !== undefined) return moment;
  throw new UserError(`Cannot read ${path}, line ${line}: expected a moment, found "${text}"`);
}

export function numberOf(text: string, { path, line }: Place): number {
  const number = text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(number)) return number;
  throw new UserError(`Cannot read ${path}, line ${line}: expected a number, found "${text}"`);
}

export async function writeScores(
  path: string,
  { timestamps, values }: SeriesFile,
  scores: Float64Array,
  detections: readonly number[],
): Promise<void> {
  const detected = new Set(detections);
  const rows = timestamps.map((timestamp, row) =>
    `${timestamp},${values[row]},${(scores[row] as number).toFixed(6)},${detected.has(row) ? 1 : 0}`
  );
  await writeText(path, ["timestamp,value,score,is_anomaly", ...rows, ""].join("\n"));
}

/** Folders that are missing on the way are made. */
export async function writeText(path: string, text: string): Promise<void> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, text);
  } catch (error) {
    throw new UserError(`Cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function cannotRead(path: string, error: unknown): UserError {
  return new UserError(`Cannot read ${path}: ${messageOf(error)}`, { cause: error });
}
