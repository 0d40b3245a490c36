/**
 * What is foretold, as people read it: a bearing wears out before a real Telltale, in a real
 * browser somebody sees that it will fail, plans for it, and later how right that was.
 */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { createRandom } from "../../simulator/random.ts";
import { startBrowser } from "../support/browser.ts";
import { type RunningTelltale, startTelltale } from "../support/telltale.ts";

const HOUR = 3_600_000;
/** Readings, one an hour: as long as it takes to learn what is normal, and longer. */
const QUIET = 150;
const WEARING = 40;
/** How much more it vibrates than normal when a failure is foretold, and long past being worn out. */
const FORETOLD = 3.5;
const WORN_OUT = 16;

/** Hour by hour up to the growth at `to`, from where the last ended. */
function growing(from: number, to: number, hours: number): number[] {
  return Array.from({ length: hours }, (_, i) => from * (to / from) ** ((i + 1) / hours));
}

async function say(telltale: RunningTelltale, growths: readonly number[], lastAt: number) {
  const random = createRandom(`wear ${growths.length}`);
  const items = growths.map((growth, i) => {
    const level = growth * random.normal(1, 0.02);
    return {
      kind: "machine",
      id: "PUMP-7",
      message: "reading",
      data: {
        bearingId: "DE",
        timestamp: new Date(lastAt - (growths.length - 1 - i) * HOUR).toISOString(),
        acceleration: { rms: 0.2 * level, peak: 0.8 * level },
        velocity: { rms: 0.4 * level },
      },
    };
  });
  const response = await fetch(`${telltale.url}/api/v1/telemetry?wait=log`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(items),
  });
  const { accepted, ...rest } = await response.json();
  assert.equal(accepted, items.length, JSON.stringify(rest).slice(0, 500));
}

/** A page that fails the test for whatever the browser complains about. */
async function openPage(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(url);
  return page;
}
const complaints: string[] = [];

async function isAsWideAsTheScreen(page: Page, url: string): Promise<void> {
  await page.setViewportSize({ width: 390, height: 800 });
  for (const view of ["machines", "machine/PUMP-7", "risk", "maintenance", "scoreboard"]) {
    await page.goto(`${url}/#/${view}`);
    await page.waitForTimeout(800);
    const wider = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    assert.equal(wider, 0, `${view} is ${wider} px wider than the screen`);
  }
}

Deno.test("a bearing's failure is foretold with its reason, planned for, and held against what came", async () => {
  const browser = await startBrowser();
  if (!browser) return;
  const telltale = await startTelltale();
  try {
    const page = await openPage(browser, `${telltale.url}/#/risk`);
    await page.getByText("No failure is foretold now.").waitFor();
    await page.goto(`${telltale.url}/#/scoreboard`);
    await page.getByText("No failure has been foretold in this time, and none has happened.")
      .waitFor();

    const now = Date.now();
    const quiet = Array.from({ length: QUIET }, () => 1);
    await say(telltale, [...quiet, ...growing(1, FORETOLD, WEARING)], now - 12 * HOUR);

    await page.goto(`${telltale.url}/#/risk`);
    const foretold = page.locator("#risk-view li", { hasText: "PUMP-7 · DE" });
    await foretold.getByText("Vibration beside what is normal for it:").waitFor();
    await foretold.getByText(/critical · (9\d|> 99) %/).waitFor();
    await foretold.getByText(/A failure is foretold to begin by .* left .* threshold 50 %/)
      .waitFor();
    await page.goto(`${telltale.url}/#/scoreboard`);
    await page.getByText(/No prediction has come due yet\. One is waiting; .* after /).waitFor();
    await page.goto(`${telltale.url}/#/machines`);
    await page.locator("#machines-view tr", { hasText: "PUMP-7" }).getByText(/in alarm since/)
      .waitFor();

    await plan(page, telltale.url);

    await page.goto(`${telltale.url}/#/machine/PUMP-7/DE`);
    const wear = page.locator("#device-view .panel", {
      has: page.getByRole("heading", { name: "Wear", exact: true }),
    });
    await wear.getByText(/It vibrates [23](\.\d+)? times as much as is normal for it/).waitFor();
    await wear.getByText(/worse since .* lasts another /).waitFor();
    await page.locator("canvas[aria-label*='scores of the last week']").waitFor();

    // It goes on as foretold, while somebody looks.
    await page.goto(`${telltale.url}/#/risk`);
    await foretold.first().waitFor();
    await say(telltale, growing(FORETOLD, WORN_OUT, 12), now);
    await page.locator("#risk-view li", { hasText: "it failed, as foretold" })
      .getByText(/failed .* \(worn-out\) · foretold .* before/).waitFor();
    await page.getByText("No failure is foretold now.").waitFor();
    await page.goto(`${telltale.url}/#/scoreboard`);
    const card = page.locator("#scoreboard-view .card", { hasText: "Precision" });
    await card.getByText("100 %").waitFor();
    await card.getByText("1 hits, 0 false alarms").waitFor();
    await page.getByRole("row", { name: /bearing-wear-1 1 0 0 100 % 100 %/ }).waitFor();

    await isAsWideAsTheScreen(page, telltale.url);
    assert.deepEqual(complaints, []);
  } finally {
    await telltale.stop();
    await browser.close();
  }
});

/** Schedules what was recommended, and something that nobody recommended; says that this is done. */
async function plan(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/#/maintenance`);
  const entry = page.locator("#maintenance-view li", { hasText: "PUMP-7 · DE" });
  await entry.getByText(/^recommended/).waitFor();
  await entry.getByText("Schedule", { exact: true }).first().click();
  await entry.getByLabel("Who").fill("Ana");
  await entry.getByLabel("Note").fill("take the puller");
  await entry.getByRole("button", { name: "Schedule" }).click();
  await entry.getByText(/planned for .* for Ana · “take the puller”/).waitFor();
  await entry.getByText(/^scheduled/).waitFor();

  await page.getByText("Plan something else").click();
  const form = page.locator("#maintenance-view form", { has: page.getByLabel("Device") });
  await form.getByLabel("Kind").selectOption("machine");
  await form.getByLabel("Device").fill("NOBODY");
  await form.getByLabel("What is to be done").fill("Grease it");
  await form.getByLabel("When (your time)").fill("2030-01-31T08:00");
  await form.getByRole("button", { name: "Schedule" }).click();
  await form.getByText(/404/).waitFor();
  complaints.splice(0).forEach((text) => assert.match(text, /404/));
  await form.getByLabel("Device").fill("PUMP-7");
  await form.getByRole("button", { name: "Schedule" }).click();
  const greasing = page.locator("#maintenance-view li", { hasText: "Grease it" });
  await greasing.getByText("scheduled", { exact: true }).waitFor();
  await greasing.getByRole("button", { name: "Done: PUMP-7" }).click();
  await greasing.getByText("done", { exact: true }).waitFor();
}
