/** Machines, bearings and readings in files: CSV or NDJSON, plain or gzipped CSV, in one folder. */
import { createReadStream } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import type { Json } from "../../events/vocabulary.ts";
import { UserError } from "../command.ts";
import { delimiterOf, parseLine, parsePiece, readPieces } from "./csv.ts";
import { rowOf, WrongRowError } from "./machine_rows.ts";

export type MachineFileKind = "machines" | "bearings" | "readings";

export interface MachineFile {
  readonly path: string;
  readonly kind: MachineFileKind;
}

export interface FileRow {
  readonly line: number;
  readonly row: Json | WrongRowError;
}

const KINDS: readonly MachineFileKind[] = ["machines", "bearings", "readings"];
const NAMES = /^(machines|bearings|readings)[^/]*\.(?:csv|csv\.gz|ndjson|jsonl)$/i;

/** The files of a folder in the order in which they are to be told; or the one file itself. */
export async function machineFiles(path: string): Promise<MachineFile[]> {
  let isFolder: boolean;
  try {
    isFolder = (await Deno.stat(path)).isDirectory;
  } catch (error) {
    throw new UserError(`Cannot read ${path}: there is no such folder or file`, { cause: error });
  }
  const names = isFolder
    ? (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort()
    : [basename(path)];
  const folder = isFolder ? path : join(path, "..");
  const files = names.flatMap((name) => {
    const kind = NAMES.exec(name)?.[1]?.toLowerCase() as MachineFileKind | undefined;
    return kind === undefined ? [] : [{ path: join(folder, name), kind }];
  });
  if (files.length === 0) {
    throw new UserError(
      `Cannot import ${path}: expected files called machines, bearings or readings (.csv, .csv.gz, .ndjson)`,
    );
  }
  return files.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
}

export async function* readMachineFile({ path }: MachineFile): AsyncGenerator<FileRow> {
  if (/\.(?:ndjson|jsonl)$/i.test(path)) return yield* readLines(path);
  let names: string[] | undefined;
  let delimiter = ",";
  for await (const piece of readPieces(path)) {
    if (names === undefined) {
      const [header = ""] = piece.text.split(/\r?\n/, 1);
      delimiter = delimiterOf(header);
      names = parseLine(header.replace(/^\ufeff/, ""), delimiter).map((name) => name.trim());
    }
    const rows = parsePiece(piece, delimiter);
    for (const [i, cells] of rows.entries()) {
      const line = piece.firstLine + i;
      const isBlank = cells.length === 1 && cells[0]?.trim() === "";
      if (line > 1 && !isBlank) yield { line, row: rowOf(names, cells) };
    }
  }
}

async function* readLines(path: string): AsyncGenerator<FileRow> {
  let line = 0;
  for await (
    const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })
  ) {
    line++;
    if (text.trim() === "") continue;
    yield { line, row: parseRow(text) };
  }
}

function parseRow(text: string): Json | WrongRowError {
  try {
    const row = JSON.parse(text);
    if (typeof row === "object" && row !== null && !Array.isArray(row)) return row;
    return new WrongRowError("it is no JSON object");
  } catch (error) {
    return new WrongRowError(`it is not JSON: ${(error as Error).message}`);
  }
}
