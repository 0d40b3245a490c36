/**
 * Rows of a query as the exact bytes PostgreSQL writes for them (`copy … to stdout`).
 *
 * Lines are handled as they arrive, inside the driver's own callback: nothing waits for a promise
 * per row, nothing is buffered, and the socket is read no faster than lines are handled.
 */
import type { Readable } from "node:stream";
import type { Sql, TransactionSql } from "../database.ts";

const decoder = new TextDecoder();

/**
 * Calls `handle` with each line, its newline included. The bytes are only valid during the call.
 * COPY takes no parameters, so whatever is in the query must be our own.
 */
export async function copyLines(
  sql: Sql | TransactionSql,
  query: string,
  handle: (line: Uint8Array) => void,
): Promise<void> {
  const stream: Readable = await sql.unsafe(`copy (${query}) to stdout`).readable();
  await new Promise<void>((resolve, reject) => {
    let failure: { readonly error: unknown } | undefined;
    // The server promises one row per chunk. An error must not escape into the driver, which
    // would blame the connection: it waits until the rows behind it have passed.
    stream.on("data", (line: Uint8Array) => {
      if (failure) return;
      try {
        handle(line);
      } catch (error) {
        failure = { error };
      }
    });
    stream.on("error", reject);
    stream.on("end", () => failure ? reject(failure.error) : resolve());
  });
}

const UNESCAPED: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  v: "\v",
};

/** The value a column's bytes stand for: the inverse of `copyText` in `rows.ts`. */
export function copyValue(bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  if (!text.includes("\\")) return text;
  return text.replace(/\\(.)/gs, (_, character: string) => UNESCAPED[character] ?? character);
}
