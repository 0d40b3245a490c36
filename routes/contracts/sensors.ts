/** The sensor platform under its own paths: readings, alerts, monitoring. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import type { OwnWrites } from "../own_writes.ts";
import { createRouter } from "../router.ts";
import { sensorAlertRoutes } from "./sensor_alerts.ts";
import { sensorDataRoutes } from "./sensor_data.ts";
import { createSensorMetrics } from "./sensor_metrics.ts";
import { sensorMonitoringRoutes } from "./sensor_monitoring.ts";

export function sensorRoutes(deps: Deps, ownWrites: OwnWrites): OpenAPIHono {
  const { processing } = createSensorMetrics(deps);
  const app = createRouter();
  app.route("/", sensorDataRoutes({ ...deps, ownWrites, processing }));
  app.route("/", sensorAlertRoutes({ ...deps, ownWrites }));
  app.route("/", sensorMonitoringRoutes({ ...deps, ownWrites }));
  return app;
}
