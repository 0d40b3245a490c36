/** The fleet in numbers. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { fleetKpis } from "../projections/fleet.ts";
import { Counts } from "./counts.ts";
import type { Deps } from "./deps.ts";
import { createRouter } from "./router.ts";
import { json, problems } from "./schemas.ts";

const kpis = createRoute({
  method: "get",
  path: "/fleet/kpis",
  operationId: "getFleetKpis",
  summary: "How many devices there are, where, and how they are",
  tags: ["Fleet"],
  responses: {
    200: json(
      z.object({
        devices: z.int().openapi({ description: "Those not decommissioned." }),
        silent: z.int(),
        with_open_alarms: z.int(),
        decommissioned: z.int(),
        by_kind: Counts,
        by_region: Counts,
        by_status: z.record(z.string(), Counts).openapi({ description: "Per kind." }),
        averages: z.record(z.string(), z.record(z.string(), z.number()))
          .openapi({ description: "Per kind and metric, over each device's newest report." }),
      }),
      "The fleet now",
    ),
    ...problems(503),
  },
});

export function fleetRoutes({ sql }: Pick<Deps, "sql">): OpenAPIHono {
  const app = createRouter();

  app.openapi(kpis, async (c) => {
    const fleet = await fleetKpis(sql);
    return c.json({
      devices: fleet.devices,
      silent: fleet.silent,
      with_open_alarms: fleet.withOpenAlarms,
      decommissioned: fleet.decommissioned,
      by_kind: fleet.byKind,
      by_region: fleet.byRegion,
      by_status: fleet.byStatus,
      averages: fleet.averages,
    }, 200);
  });

  return app;
}
