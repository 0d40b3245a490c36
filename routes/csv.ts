/** Lists as CSV (RFC 4180), page after page, so that none is ever whole in memory. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { csvField } from "./event_json.ts";
import { invalid } from "./problem.ts";
import { streamText } from "./streaming.ts";

const PAGE = 1_000;

/** How a list is described that comes in pages of JSON, or whole as CSV. */
export function pagesOrCsv<Schema extends z.ZodType>(page: Schema): PagesOrCsv<Schema> {
  return {
    description: "A page (JSON), or everything (CSV)",
    content: { "application/json": { schema: page }, "text/csv": { schema: z.string() } },
  };
}

interface PagesOrCsv<Schema extends z.ZodType> {
  readonly description: string;
  readonly content: {
    readonly "application/json": { readonly schema: Schema };
    readonly "text/csv": { readonly schema: z.ZodString };
  };
}

type Value = string | number | null;

export interface CsvList<Column extends string> {
  /** Of the file: `predictions` becomes `predictions.csv`. */
  readonly name: string;
  readonly columns: readonly Column[];
  /** The rows behind a cursor; from the first on where that is undefined. */
  page(limit: number, cursor: string | undefined): Promise<{
    readonly rows: readonly Readonly<Record<Column, Value>>[];
    readonly next?: string | undefined;
  }>;
  readonly stopping: AbortSignal;
}

/** Answers with the whole list. Throws ProblemError where a page of it is asked for. */
export async function answerCsv<Column extends string>(
  c: Context,
  list: CsvList<Column>,
): Promise<Response> {
  if (c.req.query("cursor") !== undefined) {
    throw invalid("query", "cursor", "expected none: a CSV is not paged");
  }
  return c.body(await streamText(linesOf(list), list.stopping), 200, {
    "content-type": "text/csv; charset=utf-8",
    "content-disposition": `attachment; filename="${list.name}.csv"`,
  });
}

async function* linesOf<Column extends string>(
  { columns, page }: CsvList<Column>,
): AsyncGenerator<string> {
  yield csvLine(columns);
  let cursor: string | undefined;
  do {
    const { rows, next } = await page(PAGE, cursor);
    yield rows.map((row) => csvLine(columns.map((column) => row[column]))).join("");
    cursor = next;
  } while (cursor !== undefined);
}

/** Numbers as they are, nothing where nothing is known. */
function csvLine(values: readonly Value[]): string {
  const fields = values.map((value) =>
    value === null ? "" : typeof value === "number" ? String(value) : csvField(value)
  );
  return `${fields.join(",")}\r\n`;
}
