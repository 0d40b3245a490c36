/** Read your own writes: every answer says what it is true for, and can be asked to wait for more. */
import type { MiddlewareHandler } from "hono";
import type { Deps, Offsets } from "./deps.ts";
import { invalid, ProblemError } from "./problem.ts";

export const OFFSET_HEADER = "Telltale-Offset";

const WAIT_MS = 5_000;
const FORM = /^\d{1,6}:\d{1,15}(?:,\d{1,6}:\d{1,15})*$/;

/** `0:123,1:55` as offsets per partition; undefined where the text is something else. */
export function parseOffsets(text: string): Offsets | undefined {
  if (!FORM.test(text)) return undefined;
  const offsets = text.split(",").map((part) => part.split(":").map(Number));
  return new Map(offsets.map(([partition = 0, offset = 0]) => [partition, offset]));
}

export function formatOffsets(offsets: Offsets): string {
  return [...offsets].sort(([a], [b]) => a - b).map((pair) => pair.join(":")).join(",");
}

export function readYourWrites(deps: Pick<Deps, "cursor" | "waitFor">): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.method !== "GET" && c.req.method !== "HEAD") return await next();
    const after = c.req.query("after");
    // A device's events also take a plain version here, and look after it themselves.
    if (after !== undefined && !(/^\d+$/.test(after) && c.req.path.endsWith("/events"))) {
      await reach(deps, after);
    }
    const truth = deps.cursor();
    await next();
    if (c.res.status !== 101) c.res.headers.set(OFFSET_HEADER, truth);
  };
}

async function reach(
  { cursor, waitFor }: Pick<Deps, "cursor" | "waitFor">,
  after: string,
): Promise<void> {
  const offsets = parseOffsets(after);
  if (offsets === undefined) {
    throw invalid(
      "query",
      "after",
      `expected <partition>:<offset>[,…] as in the ${OFFSET_HEADER} header, got "${after}"`,
    );
  }
  const known = parseOffsets(cursor());
  const unknown = [...offsets.keys()].find((partition) => known?.has(partition) === false);
  if (unknown !== undefined) {
    throw invalid("query", "after", `there is no partition ${unknown}`);
  }
  if (await waitFor(offsets, WAIT_MS)) return;
  throw new ProblemError(
    503,
    "not-caught-up",
    `The read models have not reached ${after} within ${WAIT_MS / 1000} s; they are at ${cursor()}`,
    { headers: { "retry-after": "1", [OFFSET_HEADER]: cursor() } },
  );
}
