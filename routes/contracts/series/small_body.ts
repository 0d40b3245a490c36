/** A body that is read at once, because its length is told and is not much. */
import type { Context } from "hono";

/** Undefined where it is long, or nobody knows how long. */
export async function readSmallBody(c: Context, bytesMax: number): Promise<string | undefined> {
  const length = Number(c.req.header("content-length") ?? NaN);
  return length <= bytesMax ? await c.req.text() : undefined;
}
