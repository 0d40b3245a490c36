/** A router that answers a request of the wrong shape by naming every fault in it. */
import { OpenAPIHono, type z } from "@hono/zod-openapi";
import { type Fault, ProblemError } from "./problem.ts";

const PLACES: Readonly<Record<string, Fault["in"]>> = {
  param: "path",
  query: "query",
  header: "header",
};

export function createRouter(): OpenAPIHono {
  return new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw refusal(PLACES[result.target] ?? "body", result.error);
    },
  });
}

/** What zod found wrong, as an answer. */
export function refusal(place: Fault["in"], error: z.ZodError): ProblemError {
  const errors = error.issues.map((issue) => ({
    in: place,
    name: issue.path.join("."),
    detail: issue.message,
  }));
  const detail = errors.map(({ name, detail }) => `${place} "${name}": ${detail}`).join("; ");
  return new ProblemError(422, "invalid-request", detail, { errors });
}
