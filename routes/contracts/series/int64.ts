/** Whole numbers of 64 bits, as JSON brings them: Unix time does not end in 2038, nor at 2^53. */

const DIGITS = /^-?\d{1,19}$/;

/** Of a number, of its digits as text, or of a raw number (`events/json.ts`); else undefined. */
export function toInt64(value: unknown): bigint | undefined {
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  const text = digitsOf(value);
  if (text === undefined || !DIGITS.test(text)) return undefined;
  const whole = BigInt(text);
  return BigInt.asIntN(64, whole) === whole ? whole : undefined;
}

function digitsOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  // A number is one that is written as it was sent; its text is more exact than itself.
  if (typeof value === "number") return String(value);
  const raw = (value as { rawJSON?: unknown } | null | undefined)?.rawJSON;
  return typeof raw === "string" ? raw : undefined;
}
