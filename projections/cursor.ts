/** Where a page of a list ended, as one opaque word that a client hands back. */

/** Not a cursor this list gave out. */
export class CursorError extends Error {
  override readonly name = "CursorError";
}

export function encodeCursor(parts: readonly string[]): string {
  return new TextEncoder().encode(JSON.stringify(parts)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

/** The parts it was made of, each of the form expected. Throws CursorError. */
export function decodeCursor(cursor: string, forms: readonly RegExp[]): string[] {
  try {
    const bytes = Uint8Array.fromBase64(cursor, { alphabet: "base64url" });
    const parts: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (isOfForm(parts, forms)) return parts;
  } catch {
    // Not base64url, or not JSON: the same answer as for any other text.
  }
  throw new CursorError(
    `"${cursor}" is not a cursor of this list; use the "next" of a page as it is`,
  );
}

function isOfForm(parts: unknown, forms: readonly RegExp[]): parts is string[] {
  return Array.isArray(parts) && parts.length === forms.length &&
    parts.every((part, i) => typeof part === "string" && forms[i]?.test(part) === true);
}
