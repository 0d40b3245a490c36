/** Many messages in one body: each read on its own, so that a bad one harms no other. */
import type { IncomingMessage, Refused } from "./ingest.ts";
import { parseJson } from "./json_text.ts";
import { ProblemError } from "./problem.ts";

/** Lines of NDJSON, the empty ones left out. */
export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

/** What to call an item that brings no id of its own, when the batch has one. */
export function itemId(batchId: string | undefined, index: number): string | undefined {
  return batchId === undefined ? undefined : `${batchId}:${index}`;
}

/** A line, still to be read, as a message; or what is wrong with it. */
export function readLine(line: string, fallbackId: string | undefined): IncomingMessage | Refused {
  try {
    return readItem(parseJson(line), fallbackId);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { ok: false, code: error.code, reason: error.message };
  }
}

const encoder = new TextEncoder();

/** An item as a message; or what is wrong with it. */
export function readItem(item: unknown, fallbackId: string | undefined): IncomingMessage | Refused {
  if (typeof item !== "object" || item === null || Array.isArray(item)) {
    return refuse("not-an-object", `Expected {"kind", "id", "message", "data"}`);
  }
  const { kind, id, message, data, messageId = fallbackId } = item as Record<string, unknown>;
  if (data === undefined) return refuse("no-data", `"data" is missing: what the device says`);
  try {
    return { kind, id, message, payload: encoder.encode(JSON.stringify(data)), messageId };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refuse("too-deep", `"data" is nested too deeply`);
  }
}

function refuse(code: string, reason: string): Refused {
  return { ok: false, code, reason };
}
