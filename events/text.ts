/** Text as PostgreSQL can hold it: no NUL, no half of a surrogate pair. */
export function storable(text: string): string {
  // Nearly every text is: two looks at it are cheaper than a copy.
  if (text.isWellFormed() && !text.includes("\0")) return text;
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}
