/** How Telltale itself is doing: what it has, and what it has not caught up with. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Deps } from "./deps.ts";
import { createRouter } from "./router.ts";
import { json, problems } from "./schemas.ts";

const stats = createRoute({
  method: "get",
  path: "/stats",
  operationId: "getStats",
  summary: "Events, devices, partitions and projections, with their lag",
  tags: ["System"],
  responses: {
    200: json(
      z.object({
        events: z.int(),
        quarantined: z.int(),
        devices: z.record(z.string(), z.int()).openapi({ description: "Per kind." }),
        partitions: z.array(z.object({
          partition: z.int(),
          batch: z.int(),
          offset: z.int(),
          broker_sequence: z.int(),
          lag: z.int().nullable().openapi({
            description: "Messages JetStream has and the log has not; null while it is away.",
          }),
        })),
        projections: z.array(z.object({
          name: z.string(),
          lag: z.int().openapi({ description: "Events the log has and the read model has not." }),
        })),
      }),
      "0 lag everywhere means caught up",
    ),
    ...problems(503),
  },
});

export function statsRoutes(deps: Pick<Deps, "stats">): OpenAPIHono {
  const app = createRouter();
  app.openapi(stats, async (c) => {
    const { partitions, projections, ...counts } = await deps.stats();
    return c.json(
      { ...counts, partitions: [...partitions], projections: [...projections] },
      200,
    );
  });
  return app;
}
