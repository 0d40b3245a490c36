/** Rows sent to PostgreSQL as COPY text: the cheapest way in, where there is nothing to replace. */
import type { TransactionSql } from "./database.ts";

/** `lines` as `rows.ts` writes them, each with its end. */
export async function copyIn(
  tx: TransactionSql,
  table: string,
  columns: string,
  lines: string | Uint8Array,
): Promise<void> {
  const writable = await tx`copy ${tx.unsafe(table)} (${tx.unsafe(columns)}) from stdin`.writable();
  await new Promise<void>((resolve, reject) => {
    writable.on("error", reject);
    writable.on("finish", resolve);
    writable.end(lines);
  });
}

const NULL = "\\N";
const SPECIAL = /[\\\n\r\t\b\f\v]/;
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\f": "\\f",
  "\v": "\\v",
};

/** A value as COPY text writes it. */
export function copyText(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replace(/[\\\n\r\t\b\f\v]/g, (character) => ESCAPES[character] ?? character);
}

/** The same where there may be none. */
export function copyTextOrNull(text: string | null): string {
  return text === null ? NULL : copyText(text);
}

export function copyNumberOrNull(value: number | null): string {
  return value === null ? NULL : String(value);
}
