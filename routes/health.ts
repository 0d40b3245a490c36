/** For whoever keeps Telltale running: does the process answer, and can it do its work? */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Deps } from "./deps.ts";
import { createRouter } from "./router.ts";
import { json } from "./schemas.ts";

const Readiness = z.object({
  ok: z.boolean(),
  version: z.string(),
  parts: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })),
});

const Health = Readiness.extend({ status: z.enum(["healthy", "unhealthy"]) });

const live = createRoute({
  method: "get",
  path: "/health/live",
  operationId: "getLiveness",
  summary: "The process answers",
  tags: ["System"],
  responses: { 200: json(z.object({ ok: z.literal(true), version: z.string() }), "It does") },
});

const health = createRoute({
  method: "get",
  path: "/health",
  operationId: "getHealth",
  summary: "Healthy, or which part is not: as programs written for other systems ask",
  tags: ["System"],
  responses: {
    200: json(Health, "Every part does its work"),
    503: json(Health, "Some part does not; `parts` says which"),
  },
});

const ready = createRoute({
  method: "get",
  path: "/health/ready",
  operationId: "getReadiness",
  summary: "Every part does its work; says which does not",
  tags: ["System"],
  responses: {
    200: json(Readiness, "Messages are taken, recorded and shown"),
    503: json(Readiness, "Some part is not; `parts` says which"),
  },
});

export function healthRoutes(
  { readiness, version }: Pick<Deps, "readiness" | "version">,
): OpenAPIHono {
  const app = createRouter();
  app.openapi(live, (c) => c.json({ ok: true as const, version }, 200));
  app.openapi(health, async (c) => {
    const { ok, parts } = await readiness();
    const status = ok ? "healthy" as const : "unhealthy" as const;
    return c.json({ status, ok, version, parts: { ...parts } }, ok ? 200 : 503);
  });
  app.openapi(ready, async (c) => {
    const { ok, parts } = await readiness();
    return c.json({ ok, version, parts: { ...parts } }, ok ? 200 : 503);
  });
  return app;
}
