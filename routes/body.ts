/** Bodies that came in: bounded, of the type they should be, and text that is text. */
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ProblemError } from "./problem.ts";

export const JSON_TYPES = ["application/json"];
export const NDJSON_TYPES = ["application/x-ndjson", "application/ndjson", "application/jsonl"];

/** The body's media type, which a client may leave out. Throws for one that is not in the list. */
export function mediaType(c: Context, accepted: readonly string[]): string | undefined {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type === undefined || type === "" || accepted.includes(type)) return type || undefined;
  throw new ProblemError(
    415,
    "unsupported-media-type",
    `Cannot read a body of type "${type}": expected ${accepted.join(" or ")}`,
    { headers: { accept: accepted.join(", ") } },
  );
}

/** The whole body, given up as soon as it is longer than `bytesMax`. */
export async function readBody(c: Context, bytesMax: number): Promise<Uint8Array> {
  if (Number(c.req.header("content-length") ?? 0) > bytesMax) throw tooLarge(bytesMax);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    length += chunk.length;
    if (length > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** The same bound for a body that the router parses. */
export function boundedBody(bytesMax: number): MiddlewareHandler {
  return bodyLimit({
    maxSize: bytesMax,
    onError: () => {
      throw tooLarge(bytesMax);
    },
  });
}

/** For what a person writes into a form: far more than that. */
export const boundedForm = boundedBody(64 * 1024);

function tooLarge(bytesMax: number): ProblemError {
  const limit = bytesMax < 2 ** 20 ? `${bytesMax / 2 ** 10} KiB` : `${bytesMax / 2 ** 20} MiB`;
  return new ProblemError(413, "too-large", `The body is larger than ${limit}`);
}

export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ProblemError(400, "not-utf8", "The body is not UTF-8");
  }
}
