/** A router that answers a request of the wrong shape by naming every fault in it. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { type Fault, refusal } from "./problem.ts";

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
