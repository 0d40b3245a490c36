/** The page in a real browser, before a real Telltale. */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { connectBus } from "../../events/bus/connection.ts";
import { createPublisher } from "../../events/bus/jetstream_publisher.ts";
import { startBrowser } from "../support/browser.ts";
import { freePort, temporaryFolder } from "../support/servers.ts";
import { discardDataFolder, type RunningTelltale, startTelltale } from "../support/telltale.ts";

/** What somebody might call an ATM. The browser would set `broken` if it took it for markup. */
const HOSTILE = `<img src=x onerror="window.broken=1"><script>window.broken=1</script>`;

const encoder = new TextEncoder();

async function say(url: string, subject: string, body: unknown): Promise<void> {
  const connection = await connectBus(url, "test");
  try {
    const payload = encoder.encode(JSON.stringify(body));
    await createPublisher(connection).publish(subject, payload, { waitForLog: true });
  } finally {
    await connection.close();
  }
}

function telemetry(natsUrl: string, status: string, message?: string): Promise<void> {
  return say(natsUrl, "devices.atm.ATM-X.telemetry", {
    atm_id: "ATM-X",
    timestamp: new Date().toISOString(),
    status,
    cash_level_percent: 61.5,
    error_message: message,
  });
}

/** A page that fails the test for whatever the browser complains about. */
async function openPage(browser: Browser, url: string, width: number): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // A server that was stopped on purpose is no complaint.
    if (message.type() === "error" && !/ERR_CONNECTION|ERR_INCOMPLETE|503/.test(message.text())) {
      complaints.push(`${message.text()} ${message.location().url}`);
    }
  });
  await page.goto(url);
  return page;
}
const complaints: string[] = [];

async function withPage(
  test: (page: Page, telltale: RunningTelltale, browser: Browser) => Promise<void>,
  options: Parameters<typeof startTelltale>[0] = {},
): Promise<void> {
  const browser = await startBrowser();
  if (!browser) return;
  try {
    const telltale = await startTelltale(options);
    try {
      complaints.length = 0;
      await test(await openPage(browser, telltale.url, 1280), telltale, browser);
      assert.deepEqual(complaints, []);
    } finally {
      await telltale.stop();
    }
  } finally {
    await browser.close();
  }
}

Deno.test("the demo fills the page by itself, wide and narrow", () =>
  withPage(async (page, telltale, browser) => {
    await page.getByText("Live", { exact: true }).waitFor();
    for (const kind of ["ATMs", "Machines", "Stores", "Sensors"]) {
      const card = page.locator(".card", { hasText: kind });
      await card.locator(".total", { hasNotText: /^0$/ }).waitFor();
    }
    await page.locator("#devices tr").nth(20).waitFor();
    await page.getByPlaceholder("Search id").fill("machine-0003");
    await page.locator("#devices tr").nth(1).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "MACHINE-0003" }).first().click();
    await page.getByRole("heading", { name: "MACHINE-0003" }).waitFor();
    // An hour of history, told at the start: half of it is enough to be sure.
    await page.getByRole("img", { name: /: ([3-9]\d|\d{3}) points/ }).waitFor({ timeout: 90_000 });
    await page.locator(".timeline span").first().waitFor();
    await page.locator("#device-view .list li").nth(5).waitFor();

    const narrow = await openPage(browser, telltale.url, 380);
    await narrow.locator("#devices tr").first().waitFor();
    for (const hash of ["#/", "#/atm/ATM-0001", "#/machine/MACHINE-0001"]) {
      await narrow.evaluate(`location.hash = "${hash}"`);
      await narrow.waitForTimeout(1000);
      const wider = await narrow.evaluate("document.documentElement.scrollWidth - innerWidth");
      assert.equal(wider, 0, `${hash} is ${wider} px wider than the screen`);
    }
  }, { args: ["--demo"] }));

Deno.test("an alarm comes and goes while one looks, and hostile text stays text", () =>
  withPage(async (page, { natsUrl }) => {
    await page.getByText("No device has spoken yet").waitFor();
    await telemetry(natsUrl, "online");
    await say(natsUrl, "devices.atm.ATM-X.command", { command: "DescribeDevice", name: HOSTILE });
    await page.locator("#devices", { hasText: HOSTILE }).waitFor();

    await telemetry(natsUrl, "offline", HOSTILE);
    await page.locator("#alarms", { hasText: "ATM-X" }).waitFor({ timeout: 3000 });
    await page.locator("#happening", { hasText: "online → offline" }).waitFor();
    await page.getByRole("button", { name: "Acknowledge offline of ATM-X" }).click();
    await page.locator("#alarms", { hasText: "seen by operator" }).waitFor();
    await page.locator("#alarms").getByRole("link", { name: "ATM-X" }).click();
    await page.locator("#device-view .panel", { hasText: "Alarms" }).getByText("seen by operator")
      .waitFor();
    await page.locator("#device-view", { hasText: HOSTILE }).waitFor();

    await page.getByRole("link", { name: "← Fleet" }).click();
    await telemetry(natsUrl, "online");
    await page.locator("#alarms", { hasText: "cleared" }).waitFor({ timeout: 3000 });
    assert.equal(await page.evaluate("window.broken"), undefined);
  }));

Deno.test("a machine that is looked at before its first reading shows what it tells from then on", () =>
  withPage(async (page, { url, natsUrl }) => {
    await say(natsUrl, "devices.machine.M1.registered", { _id: "M1", machineName: "Pump" });
    await page.locator("#devices", { hasText: "M1" }).waitFor();
    await page.goto(`${url}/#/machine/M1`);
    await page.getByText("This device reports no numbers.").waitFor();
    await say(natsUrl, "devices.machine.M1.reading", {
      bearingId: "DE",
      timestamp: new Date().toISOString(),
      velocity: { rms: 1.2, peak: 2.4 },
    });
    await page.getByRole("img", { name: /: 1 point/ }).waitFor();
    await page.getByText("This device reports no numbers.").waitFor({ state: "hidden" });
  }));

Deno.test("the page says when the server is gone, and goes on when it is back", async () => {
  const dataDir = await temporaryFolder();
  const env = { PORT: String(freePort()), NATS_PORT: String(freePort()) };
  try {
    await withPage(async (page, telltale) => {
      await page.getByText("Live", { exact: true }).waitFor();
      await telltale.stop();
      await page.getByText("Reconnecting", { exact: true }).waitFor();
      const again = await startTelltale({ dataDir, env });
      try {
        await page.getByText("Live", { exact: true }).waitFor({ timeout: 15_000 });
        await telemetry(again.natsUrl, "online");
        await page.locator("#devices", { hasText: "ATM-X" }).waitFor();
        await page.locator("#problem").waitFor({ state: "hidden" });
      } finally {
        await again.stop();
      }
    }, { dataDir, env });
  } finally {
    await discardDataFolder(dataDir);
  }
});
