/**
 * Rows of a CSV file, a piece at a time: plain or gzipped, however its columns are ordered, with
 * or without byte order mark, quotes and carriage returns.
 *
 * A line is a row in these files. So a quote that nobody closes spoils its own line only, and every
 * row has a line number to be found by.
 */
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
// @ts-types="@types/papaparse"
import Papa from "papaparse";
import { UserError } from "../command.ts";

/** Large enough that the parser is busy parsing, small enough to be let go soon. */
const PIECE_CHARACTERS = 512 * 1024;
/** No line of these files is nearly as long: a file with such a line is something else. */
const LINE_CHARACTERS_MAX = 64 * 1024;

/** Whole lines of a file. */
export interface Piece {
  /** Ends with a line feed, unless it is the file's last. */
  readonly text: string;
  /** Number of its first line, from 1. */
  readonly firstLine: number;
  readonly lines: number;
}

/** Throws UserError where the file cannot be read, or is no text of lines. */
export async function* readPieces(path: string): AsyncGenerator<Piece> {
  const decoder = new TextDecoder();
  let firstLine = 1;
  let rest = "";
  const cut = (text: string): Piece => {
    const lines = countLines(text);
    const piece = { text, firstLine, lines };
    firstLine += lines;
    return piece;
  };
  for await (const bytes of bytesOf(path)) {
    rest += decoder.decode(bytes, { stream: true });
    if (rest.length < PIECE_CHARACTERS) continue;
    const end = rest.lastIndexOf("\n") + 1;
    if (rest.length - end > LINE_CHARACTERS_MAX) {
      throw new UserError(
        `Cannot read ${path}: line ${
          firstLine + countLines(rest.slice(0, end))
        } is longer than ${LINE_CHARACTERS_MAX} characters; expected a CSV file, plain or gzipped`,
      );
    }
    yield cut(rest.slice(0, end));
    rest = rest.slice(end);
  }
  rest += decoder.decode();
  if (rest !== "") yield cut(rest);
}

/** By its first two bytes, not by its name: whether it has to be unpacked. */
async function isGzip(path: string): Promise<boolean> {
  using file = await Deno.open(path);
  const head = new Uint8Array(2);
  await file.read(head);
  return head[0] === 0x1f && head[1] === 0x8b;
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  let file: Readable | undefined;
  try {
    const packed = await isGzip(path);
    file = createReadStream(path, { highWaterMark: 256 * 1024 });
    yield* packed ? unpacked(file) : file;
  } catch (error) {
    if (error instanceof UserError) throw error;
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : error instanceof Error
      ? error.message
      : error;
    throw new UserError(`Cannot read ${path}: ${why}`, { cause: error });
  } finally {
    file?.destroy();
  }
}

function unpacked(file: Readable): Readable {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  file.on("error", (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return text.endsWith("\n") || text === "" ? lines : lines + 1;
}

/** Cells of each line, in order; a line with nothing in it has one empty cell. */
export function parsePiece({ text, lines }: Piece, delimiter: string): readonly string[][] {
  const plain = text.includes("\r") ? text.replaceAll("\r\n", "\n") : text;
  const whole = plain.endsWith("\n") ? plain.slice(0, -1) : plain;
  const { data } = Papa.parse<string[]>(whole, { delimiter, newline: "\n" });
  if (data.length === lines) return data;
  // Somewhere a quote was opened and not closed: line by line it swallows nothing but its own.
  return whole.split("\n").map((line) => parseLine(line, delimiter));
}

/** One line; without a delimiter the most likely one is found out. */
export function parseLine(line: string, delimiter = ""): string[] {
  return Papa.parse<string[]>(line, { delimiter, newline: "\n" }).data[0] ?? [""];
}

export function delimiterOf(header: string): string {
  const { meta, errors } = Papa.parse(header, { newline: "\n" });
  return errors.some(({ code }) => code === "UndetectableDelimiter") ? "," : meta.delimiter;
}
