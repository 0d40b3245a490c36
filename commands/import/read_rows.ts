/** The rows of a surveyed file, one by one, and what becomes of those that say nothing. */
import { parsePiece, readPieces } from "./csv.ts";
import type { SurveyedFile } from "./files.ts";
import { Unreadable } from "./rows.ts";
import type { Unreadables } from "./unreadable.ts";

/** Calls back with the cells of every row, trimmed; sets aside those it calls unreadable. */
export async function readRows(
  file: SurveyedFile,
  unreadables: Unreadables,
  take: (cells: readonly string[]) => Unreadable | undefined,
  afterPiece: () => Promise<void> | void,
): Promise<void> {
  for await (const piece of readPieces(file.path)) {
    let line = piece.firstLine - 1;
    for (const raw of parsePiece(piece, file.delimiter)) {
      line++;
      if (line === 1 || (raw.length === 1 && raw[0]?.trim() === "")) continue;
      for (let i = 0; i < raw.length; i++) raw[i] = raw[i]?.trim() ?? "";
      const outcome = raw.length === file.columnCount ? take(raw) : new Unreadable(
        `it has ${raw.length} column${
          raw.length === 1 ? "" : "s"
        }, the first line has ${file.columnCount}`,
      );
      if (outcome === undefined) continue;
      const { reason } = outcome;
      await unreadables.setAside({
        file: file.name,
        line,
        cells: raw,
        id: raw[file.columns.id],
        reason,
      });
    }
    await afterPiece();
  }
}
