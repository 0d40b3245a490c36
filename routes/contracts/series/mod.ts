/** The 3-sigma service under its own paths: fit, predict, see. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Deps } from "../../deps.ts";
import { seriesDashboardRoutes } from "./dashboard.ts";
import { fitRoutes } from "./fit.ts";
import { seriesHealthRoutes } from "./health.ts";
import { createHeavyWork } from "./heavy_work.ts";
import { plotRoutes } from "./plot.ts";
import { predictRoutes } from "./predict.ts";

export type SeriesDeps = Pick<Deps, "series" | "sql" | "publisher" | "now" | "stopping">;

export function seriesRoutes(deps: SeriesDeps): OpenAPIHono {
  const app = new OpenAPIHono();
  const work = createHeavyWork(deps.stopping);
  app.route("/", predictRoutes(deps));
  app.route("/", fitRoutes(deps, work));
  app.route("/", plotRoutes(deps, work));
  app.route("/", seriesHealthRoutes(deps));
  app.route("/", seriesDashboardRoutes(deps));
  return app;
}
