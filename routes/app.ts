/** All of HTTP: who may ask, what can be asked, and how it says no. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { createAnalyst } from "../models/waveforms/analyst.ts";
import { alarmRoutes } from "./alarms.ts";
import { availabilityRoutes } from "./availability.ts";
import { atmRoutes } from "./contracts/atm.ts";
import { machineRoutes } from "./contracts/machines.ts";
import { storeReportRoutes } from "./contracts/stores.ts";
import { sensorRoutes } from "./contracts/sensors.ts";
import { seriesRoutes } from "./contracts/series/mod.ts";
import { dashboardRoutes } from "./dashboard/mod.ts";
import type { Deps } from "./deps.ts";
import { deviceStoryRoutes } from "./device_story.ts";
import { deviceRoutes } from "./devices.ts";
import { docsRoutes } from "./docs.ts";
import { eventRoutes } from "./events.ts";
import { fleetRoutes } from "./fleet.ts";
import { graphqlRoutes } from "./graphql/mod.ts";
import { healthRoutes } from "./health.ts";
import { guardHosts } from "./hosts.ts";
import { createHub } from "./live/hub.ts";
import { liveRoutes } from "./live/mod.ts";
import { maintenanceRoutes } from "./maintenance.ts";
import { machineHealthRoutes } from "./machine_health.ts";
import { countRequests, metricRoutes } from "./metrics.ts";
import { modelRoutes } from "./models.ts";
import { createNotFound } from "./not_found.ts";
import { readYourWrites } from "./offsets.ts";
import { orderRoutes } from "./orders.ts";
import { createOwnWrites } from "./own_writes.ts";
import { predictionRoutes } from "./predictions.ts";
import { problemOf } from "./problem.ts";
import { quarantineRoutes } from "./quarantine.ts";
import { readingAnalysisRoutes } from "./reading_analysis.ts";
import { reportRoutes } from "./reports.ts";
import { scoreboardRoutes } from "./scoreboard.ts";
import { statsRoutes } from "./stats.ts";
import { storeUptimeRoutes } from "./store_uptime.ts";
import { telemetryRoutes } from "./telemetry.ts";
import { trainingRoutes } from "./training/mod.ts";
import { trendRoutes } from "./trends.ts";
import { waveformRoutes } from "./waveforms.ts";

const API = "/api/v1";

/** The order in which a newcomer meets them on the page of the API. */
const TAGS = [
  "Devices",
  "Fleet",
  "Alarms",
  "Predictions",
  "Maintenance",
  "Reports",
  "Models",
  "Telemetry",
  "Events",
  "Quarantine",
  "System",
  "ATM monitoring",
  "3-sigma series",
  "Sensors",
  "Machines",
  "Store monitoring",
];

export function createApp(deps: Deps): OpenAPIHono {
  const app = new OpenAPIHono();
  app.onError((error, c) => problemOf(error, c, deps.report));
  app.notFound(createNotFound(app));

  app.use("*", countRequests(deps.register));
  app.use("*", guardHosts(deps.allowedHosts));
  app.use(`${API}/*`, readYourWrites(deps));

  const hub = createHub(deps.feed);
  deps.stopping.addEventListener("abort", () => hub.close());
  const ownWrites = createOwnWrites(deps);
  // Fixed paths before those with a parameter in the same place.
  app.route(API, atmRoutes({ ...deps, hub }));
  app.route(API, telemetryRoutes({ ...deps, ownWrites }));
  app.route(API, deviceRoutes(deps));
  app.route(API, deviceStoryRoutes(deps));
  app.route(API, availabilityRoutes(deps));
  app.route(API, trendRoutes(deps));
  app.route(API, trainingRoutes(deps));
  app.route(API, modelRoutes(deps));
  app.route(API, orderRoutes(deps));
  app.route(API, fleetRoutes(deps));
  app.route(API, alarmRoutes(deps));
  app.route(API, scoreboardRoutes(deps));
  app.route(API, predictionRoutes(deps));
  app.route(API, maintenanceRoutes(deps));
  app.route(API, reportRoutes(deps));
  app.route(API, storeUptimeRoutes(deps));
  app.route(API, quarantineRoutes(deps));
  app.route(API, eventRoutes(deps));
  app.route(API, liveRoutes({ ...deps, hub }));
  app.route(API, statsRoutes(deps));
  app.route("/", storeReportRoutes(deps));
  app.route(API, sensorRoutes(deps, ownWrites));
  const analyst = createAnalyst(1);
  deps.stopping.addEventListener("abort", () => analyst.stop());
  app.route("/", machineRoutes({ ...deps, ownWrites, analyst }));
  app.route(API, waveformRoutes({ ...deps, ownWrites, analyst }));
  app.route(API, machineHealthRoutes({ ...deps, ownWrites }));
  app.route(API, readingAnalysisRoutes({ ...deps, ownWrites, analyst }));
  app.route(API, graphqlRoutes(API, { ...deps, ownWrites }));
  app.route("/", seriesRoutes(deps));
  app.route("/", healthRoutes(deps));
  app.route("/", metricRoutes(deps.register));
  app.route("/", docsRoutes());
  app.route("/", dashboardRoutes());

  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: {
      title: "Telltale",
      version: deps.version,
      description: "Watches a fleet of ATMs, machines, stores and sensors.",
      license: { name: "MIT" },
    },
    servers: [{ url: "/" }],
    tags: TAGS.map((name) => ({ name })),
  });
  return app;
}
