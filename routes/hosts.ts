/**
 * Keeps other people's web pages out of a server that is open to its own machine.
 *
 * A page elsewhere can make its own name point here (DNS rebinding) and read answers: the `Host`
 * header gives it away. It can also send requests it may not read the answers of: `Origin` does.
 */
import type { MiddlewareHandler } from "hono";
import { ProblemError } from "./problem.ts";

const HARMLESS = new Set(["GET", "HEAD", "OPTIONS"]);

export function guardHosts(allowedHosts: readonly string[] | undefined): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header("host") ?? new URL(c.req.url).host;
    const name = host.replace(/:\d+$/, "").toLowerCase();
    if (allowedHosts !== undefined && !allowedHosts.includes(name)) {
      throw new ProblemError(
        421,
        "host-not-allowed",
        `This server does not answer for "${name}"; it answers for ${allowedHosts.join(", ")}`,
      );
    }
    const origin = c.req.header("origin");
    const upgrades = c.req.header("upgrade") !== undefined;
    if (origin !== undefined && (upgrades || !HARMLESS.has(c.req.method)) && !isOf(origin, host)) {
      throw new ProblemError(
        403,
        "foreign-origin",
        `A page of "${origin}" may not send requests to "${host}"`,
      );
    }
    await next();
  };
}

function isOf(origin: string, host: string): boolean {
  try {
    return new URL(origin).host === new URL(`http://${host}`).host;
  } catch {
    return false; // "null", or no origin at all.
  }
}
