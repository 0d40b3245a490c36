/** Our own signals, for Prometheus. No label is unbounded: a route is its pattern, never its path. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { Counter, Histogram, type Registry } from "prom-client";
import { createRouter } from "./router.ts";

export function countRequests(register: Registry): MiddlewareHandler {
  const registers = [register];
  const requests = new Counter({
    name: "http_requests_total",
    help: "Requests answered",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const durations = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time until the head of an answer",
    labelNames: ["method", "route"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    const method = METHODS.has(c.req.method) ? c.req.method : "other";
    const route = matchedRoutes(c).findLast(({ path }) => !path.endsWith("*"))?.path ?? "none";
    requests.inc({ method, route, status: c.res.status });
    durations.observe({ method, route }, (performance.now() - startedAt) / 1000);
  };
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

const metrics = createRoute({
  method: "get",
  path: "/metrics",
  operationId: "getMetrics",
  summary: "Metrics in the text format of Prometheus",
  tags: ["System"],
  responses: { 200: { description: "Metrics", content: { "text/plain": { schema: z.string() } } } },
});

export function metricRoutes(register: Registry): OpenAPIHono {
  const app = createRouter();
  app.openapi(
    metrics,
    async (c) => c.text(await register.metrics(), 200, { "content-type": register.contentType }),
  );
  return app;
}
