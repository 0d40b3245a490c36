/** The ATM monitoring under its own paths. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import type { Hub } from "../live/hub.ts";
import { createRouter } from "../router.ts";
import { atmAlertRuleRoutes } from "./atm_alert_rules.ts";
import { atmAlertRoutes } from "./atm_alerts.ts";
import { atmDashboardRoutes } from "./atm_dashboard.ts";
import { atmHealthRoutes } from "./atm_health.ts";
import { atmLiveRoutes } from "./atm_live.ts";
import { registerAtmMetrics } from "./atm_metrics.ts";
import { atmPredictionRoutes } from "./atm_predictions.ts";
import { atmRegistryRoutes } from "./atm_registry.ts";
import { atmTelemetryRoutes } from "./atm_telemetry.ts";

export function atmRoutes(deps: Deps & { readonly hub: Hub }): OpenAPIHono {
  registerAtmMetrics(deps);
  const app = createRouter();
  app.route("/", atmTelemetryRoutes(deps));
  app.route("/", atmRegistryRoutes(deps));
  app.route("/", atmHealthRoutes(deps));
  app.route("/", atmDashboardRoutes(deps));
  app.route("/", atmPredictionRoutes(deps));
  // Fixed paths before those with a parameter in the same place.
  app.route("/", atmAlertRuleRoutes());
  app.route("/", atmAlertRoutes(deps));
  app.route("/", atmLiveRoutes(deps));
  return app;
}
