/** A sensor goes wrong before a real Telltale: found, told, shown, explained, resolved, remembered. */
import assert from "node:assert/strict";
import { createClient } from "graphql-ws";
import { randomFrom } from "../../bench/fleet.ts";
import { startBrowser } from "../support/browser.ts";
import { freePort, temporaryFolder } from "../support/servers.ts";
import { discardDataFolder, type RunningTelltale, startTelltale } from "../support/telltale.ts";

const MINUTE = 60_000;
const READINGS = 2_200;
const TROUBLE_FROM = 2_100;

interface Answered {
  readonly id: string;
  readonly timestamp: string;
  readonly is_anomaly: boolean;
  readonly anomaly_score: number;
}

/** A day and a half by the minute that ends in trouble just now. */
function story(until: number): object[] {
  const random = randomFrom(11);
  return Array.from({ length: READINGS }, (_, i) => {
    const usual = 21 + 2 * Math.sin(i / 60) + 0.3 * random();
    return {
      sensor_id: "HALL-7",
      sensor_type: "temperature",
      value: i >= TROUBLE_FROM ? usual + 15 : usual,
      unit: "°C",
      location: "Hall A",
      timestamp: new Date(until - (READINGS - i) * MINUTE).toISOString(),
    };
  });
}

async function post({ url }: RunningTelltale, path: string, body: object): Promise<Response> {
  return await fetch(`${url}/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function get({ url }: RunningTelltale, path: string) {
  const response = await fetch(`${url}/api/v1${path}`);
  assert.equal(response.status, 200, path);
  return await response.json();
}

Deno.test("an anomaly is found at once, told live, explained, resolved, and known after a restart", async () => {
  const dataDir = await temporaryFolder();
  const env = { PORT: String(freePort()), NATS_PORT: String(freePort()) };
  let telltale = await startTelltale({ dataDir, env });
  try {
    const readings = story(Date.now());
    const ws = `${telltale.url.replace("http", "ws")}/api/v1/graphql`;
    const client = createClient({ url: ws, retryAttempts: 0 });
    const query = "subscription { anomalyAlert { id severity } }";
    const told = client.iterate<{ anomalyAlert: { id: string } }>({ query });
    const first = told.next();
    await new Promise((resolve) => setTimeout(resolve, 300));

    const answered: Answered[] = await (await post(telltale, "/sensors/data", readings)).json();
    assert.equal(answered.length, READINGS);
    const late = answered.findIndex(({ is_anomaly }, i) => is_anomaly && i >= TROUBLE_FROM);
    assert.ok(late >= TROUBLE_FROM && late < TROUBLE_FROM + 10, `it was found at ${late}`);
    assert.match((await first).value?.data?.anomalyAlert.id ?? "", /^HALL-7\.\d+$/);
    await client.dispose();

    // What was answered is what can be read, reading by reading.
    const newest: Answered[] = await get(telltale, "/sensors/data?sensor_id=HALL-7&limit=10000");
    assert.deepEqual(newest.toReversed(), answered);

    const [alert] = await get(telltale, "/sensors/alerts?sensor_id=HALL-7&resolved=false");
    assert.equal(alert.timestamp, answered[late]?.timestamp);
    const { findings, readings: around } = await get(telltale, `/anomalies/${alert.id}`);
    assert.ok(findings[0].reason.length > 10 && findings[0].detectors.length > 0);
    assert.equal(around.before.length, 50);

    // Killed, with no time to save anything, it knows the same and goes on in the same place.
    const before = await get(telltale, "/devices/sensor/HALL-7/state");
    await telltale.kill9();
    telltale = await startTelltale({ dataDir, env });
    const after = await get(telltale, "/devices/sensor/HALL-7/state");
    assert.deepEqual(after.state.anomalies, before.state.anomalies);
    const resolved = await post(telltale, `/sensors/alerts/${alert.id}/resolve`, { by: "Ada" });
    assert.deepEqual([resolved.status, (await resolved.json()).resolved_by], [200, "Ada"]);
    const stats = await get(telltale, "/monitoring/stats");
    assert.equal(stats.total_data_points, READINGS);
    assert.ok(stats.platform_uptime_percent > 0 && stats.platform_uptime_percent <= 100);
    await explainInBrowser(telltale, alert.id);
  } finally {
    await telltale.stop();
    await discardDataFolder(dataDir);
  }
});

/** As a person looks at it, on a desk and on a phone. */
async function explainInBrowser({ url }: RunningTelltale, alertId: string): Promise<void> {
  const browser = await startBrowser();
  if (!browser) return;
  try {
    for (const width of [1280, 390]) {
      const page = await browser.newPage({ viewport: { width, height: 900 } });
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      await page.goto(`${url}/#/sensor/HALL-7`);
      await page.locator("canvas[aria-label*='marked as anomalies']").waitFor();
      await page.getByRole("button", { name: "Explain" }).first().click();
      await page.getByRole("heading", { name: `Anomaly ${alertId}` }).waitFor();
      await page.locator(".finding", { hasText: "was expected" }).first().waitFor();
      const wider = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      assert.equal(wider, 0, `it is ${wider} px wider than a screen of ${width}`);
      assert.deepEqual(complaints, []);
      await page.close();
    }
  } finally {
    await browser.close();
  }
}
