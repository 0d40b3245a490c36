/**
 * The three files a chain of stores is described by, and a first look at each: nothing is sent
 * before all of them have the columns they need and ids that are still ids.
 */
import { basename } from "node:path";
import { UserError } from "../command.ts";
import { delimiterOf, parseLine, parsePiece, type Piece, readPieces } from "./csv.ts";

export type FileKind = "status" | "hours" | "timezones";

/** The columns of each, by the names they go by. */
const COLUMNS = {
  status: { id: ["store_id"], status: ["status"], at: ["timestamp_utc", "timestamp"] },
  hours: {
    id: ["store_id"],
    day: ["day", "dayofweek", "day_of_week"],
    start: ["start_time_local"],
    end: ["end_time_local"],
  },
  timezones: { id: ["store_id"], zone: ["timezone_str", "timezone"] },
} as const satisfies Record<FileKind, Record<string, readonly string[]>>;

/** What each is, as a sentence about it says. */
const EXPECTED: Readonly<Record<FileKind, string>> = {
  status: "store_id, status and timestamp_utc",
  hours: "store_id, day (or dayOfWeek, 0 = Monday), start_time_local and end_time_local",
  timezones: "store_id and timezone_str",
};

export interface SurveyedFile<Kind extends FileKind = FileKind> {
  readonly path: string;
  /** Without its folder, as it is named where a line could not be read. */
  readonly name: string;
  readonly delimiter: string;
  /** Place of each column. */
  readonly columns: Readonly<Record<keyof (typeof COLUMNS)[Kind], number>>;
  readonly columnCount: number;
  /** The header included. */
  readonly lines: number;
}

/** Reads the file once. Throws UserError where it is not what it should be. */
export async function surveyFile<Kind extends FileKind>(
  kind: Kind,
  path: string,
): Promise<SurveyedFile<Kind>> {
  let file: Omit<SurveyedFile<Kind>, "lines"> | undefined;
  let lines = 0;
  for await (const piece of readPieces(path)) {
    if (file === undefined) {
      file = readHeader(kind, path, piece);
      refuseCutIds(path, piece, file);
    }
    refuseRoundedIds(path, piece);
    lines += piece.lines;
  }
  if (file !== undefined) return { ...file, lines };
  throw new UserError(
    `Cannot import ${path}: it is empty; expected a line that names the columns ${EXPECTED[kind]}`,
  );
}

function readHeader<Kind extends FileKind>(
  kind: Kind,
  path: string,
  { text }: Piece,
): Omit<SurveyedFile<Kind>, "lines"> {
  const [header = ""] = text.split(/\r?\n/, 1);
  const delimiter = delimiterOf(header);
  const names = parseLine(header, delimiter).map((name) => name.trim());
  const columns: Record<string, number> = {};
  for (
    const [column, known] of Object.entries(COLUMNS[kind] as Record<string, readonly string[]>)
  ) {
    const place = names.findIndex((name) => known.includes(name.toLowerCase()));
    if (place < 0) {
      throw new UserError(
        `Cannot import ${path}: it has no column "${known[0]}". A --${kind} file has the columns ${
          EXPECTED[kind]
        }, in any order; this one has ${names.map((name) => `"${shorten(name)}"`).join(", ")}`,
      );
    }
    columns[column] = place;
  }
  return {
    path,
    name: basename(path),
    delimiter,
    columns: columns as SurveyedFile<Kind>["columns"],
    columnCount: names.length,
  };
}

/** `8.1E+018`: what a spreadsheet makes of an id of nineteen digits. */
const ROUNDED = /(?:^|[,;\t"])\d(?:[.,]\d+[eE]\+?|[eE]\+)\d+(?=[,;\t"\r]|$)/m;

function refuseRoundedIds(path: string, { text, firstLine }: Piece): void {
  const found = ROUNDED.exec(text);
  if (found === null) return;
  const before = text.slice(0, found.index + 1);
  const line = firstLine + before.split("\n").length - 1;
  throw rounded(path, `line ${line} says ${found[0].replace(/^[,;\t"\n]/, "")}`);
}

const LONG_ID = /^\d{17,}$/;
/** A double keeps about fifteen digits; spreadsheets write zeros for the others. */
const DIGITS_KEPT = 15;
/** Fewer say nothing: an id may end in zeros. */
const LONG_IDS_NEEDED = 20;

/** The same accident, written out in full: `8139926242460190000`. */
function refuseCutIds(
  path: string,
  piece: Piece,
  { delimiter, columns }: Omit<SurveyedFile, "lines">,
): void {
  const ids = new Set(
    parsePiece(piece, delimiter).map((cells) => cells[columns.id]?.trim() ?? "")
      .filter((id) => LONG_ID.test(id)),
  );
  if (ids.size < LONG_IDS_NEEDED) return;
  for (const id of ids) if (!/^0+$/.test(id.slice(DIGITS_KEPT))) return;
  throw rounded(path, `all its long ids end in zeros, such as ${[...ids][0]}`);
}

function rounded(path: string, evidence: string): UserError {
  return new UserError(
    `Cannot import ${path}: a spreadsheet has rounded its ids (${evidence}). Which stores they were cannot be told any more; export the file again with store_id as text. Nothing was sent`,
  );
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
