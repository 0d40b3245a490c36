/** What is not there: the path, or only this method of it. */
import type { Context } from "hono";
import { ProblemError, problemOf } from "./problem.ts";

interface Routed {
  readonly routes: readonly { readonly path: string; readonly method: string }[];
}

export function createNotFound(app: Routed): (c: Context) => Response {
  /** The patterns of all routes with the methods each answers, made at the first miss. */
  let patterns: { matches: RegExp; methods: Set<string> }[] | undefined;

  return (c) => {
    patterns ??= patternsOf(app);
    const methods = new Set(
      patterns.filter(({ matches }) => matches.test(c.req.path))
        .flatMap(({ methods }) => [...methods]),
    );
    return problemOf(methods.size === 0 ? unknownPath(c) : wrongMethod(c, methods), c, () => {});
  };
}

function patternsOf(app: Routed): { matches: RegExp; methods: Set<string> }[] {
  const byPath = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    if (method === "ALL") continue; // Middleware.
    const methods = byPath.get(path) ?? new Set();
    byPath.set(path, methods.add(method));
    if (method === "GET") methods.add("HEAD");
  }
  return [...byPath].map(([path, methods]) => ({ matches: toRegExp(path), methods }));
}

/** `/devices/:kind/:id` as an expression. */
function toRegExp(path: string): RegExp {
  const parts = path.split("/").map((part) =>
    part.startsWith(":") ? "[^/]+" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
  );
  return new RegExp(`^${parts.join("/")}$`);
}

function unknownPath(c: Context): ProblemError {
  return new ProblemError(
    404,
    "path-unknown",
    `There is nothing at ${c.req.path}; see /docs for what there is`,
  );
}

function wrongMethod(c: Context, methods: ReadonlySet<string>): ProblemError {
  const allow = [...methods].sort().join(", ");
  return new ProblemError(
    405,
    "method-not-allowed",
    `${c.req.path} does not answer ${c.req.method}; it answers ${allow}`,
    { headers: { allow } },
  );
}
