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

/** The parts it was made of. Throws CursorError unless there are as many as expected. */
export function decodeCursor(cursor: string, parts: number): string[] {
  try {
    const bytes = Uint8Array.fromBase64(cursor, { alphabet: "base64url" });
    const decoded: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const valid = Array.isArray(decoded) && decoded.length === parts &&
      decoded.every((part) => typeof part === "string" && !part.includes("\0"));
    if (valid) return decoded;
  } catch {
    // Not base64url, or not JSON: the same answer as for any other text.
  }
  throw new CursorError(
    `"${cursor}" is not a cursor of this list; use the "next" of a page as it is`,
  );
}
