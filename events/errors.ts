/** Whatever was thrown, which may be anything. */

export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** What it says, for people. */
export function messageOf(thrown: unknown): string {
  return errorOf(thrown).message;
}
