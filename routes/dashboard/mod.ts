/** The page at `/`: plain files and a charting library, all served from here. */
import { Hono } from "hono";

/** What a browser may do on this page: nothing that did not come from this server. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join("; ");

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

const FILES = [
  "alarms.js",
  "anomalies.js",
  "api.js",
  "bearings.js",
  "device.js",
  "device_risk.js",
  "elements.js",
  "factors.js",
  "fleet.js",
  "foretold.js",
  "format.js",
  "happening.js",
  "health.css",
  "icon.svg",
  "line_chart.js",
  "live.js",
  "machines.js",
  "main.js",
  "maintenance.js",
  "model_charts.js",
  "models.css",
  "models.js",
  "predictions.js",
  "readings.js",
  "report_forms.js",
  "reports.css",
  "reports.js",
  "risk.js",
  "scoreboard.js",
  "scoreboard_charts.js",
  "spectrum.js",
  "spectrum_chart.js",
  "style.css",
  "trend.js",
  "wear.js",
] as const;

export function dashboardRoutes(): Hono {
  const app = new Hono();
  app.get("/", () => serve("index.html", () => readPage("index.html")));
  for (const file of FILES) app.get(`/dashboard/${file}`, () => serve(file, () => readPage(file)));
  app.get("/dashboard/chart.js", () => serve("chart.js", readChart));
  return app;
}

const served = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

async function serve(
  name: string,
  read: () => Promise<Uint8Array<ArrayBuffer>>,
): Promise<Response> {
  const reading = served.get(name) ?? read();
  served.set(name, reading);
  // A file that could not be read now may be readable next time.
  reading.catch(() => served.delete(name));
  return new Response(await reading, {
    headers: {
      "content-type": TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream",
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      // A newer Telltale on the same port brings a newer page.
      "cache-control": "no-cache",
    },
  });
}

function readPage(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(new URL(`page/${name}`, import.meta.url));
}

async function readChart(): Promise<Uint8Array<ArrayBuffer>> {
  // The import puts the package where it can be read; its export is for bundlers, and the browser
  // gets the one-file build that lies beside it.
  await import("chart.js");
  return await Deno.readFile(new URL("chart.umd.min.js", import.meta.resolve("chart.js")));
}
