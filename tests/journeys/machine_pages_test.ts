/** What a vibration engineer sees: a real browser before a real Telltale that was sent a waveform. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { startBrowser } from "../support/browser.ts";
import { GEOMETRY, OUTER_HZ, RATE_HZ, RPM, struckBearing } from "../support/struck_bearing.ts";
import { type RunningTelltale, startTelltale } from "../support/telltale.ts";

async function post(telltale: RunningTelltale, path: string, body: unknown): Promise<void> {
  const response = await fetch(`${telltale.url}/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.ok(response.ok, `${path}: ${response.status} ${await response.text()}`);
}

/** Two machines: one with a damaged race, quiet still, and one that shakes. */
async function tell(telltale: RunningTelltale): Promise<void> {
  const say = (id: string, message: string, data: unknown) =>
    post(telltale, `/telemetry/machine/${id}/${message}?wait=log`, data);
  const bearing = (_id: string, bearingLocation: string) => ({
    _id,
    bearingLocation,
    bearingType: "6205",
    geometry: GEOMETRY,
  });
  await say("PUMP-7", "registered", { machineName: "Feed pump 7", machineClass: "II" });
  await say("PUMP-7", "bearing", bearing("DE", "Drive end"));
  await say("PUMP-7", "bearing", bearing("NDE", "Non-drive end"));
  await post(telltale, "/machines/PUMP-7/bearings/DE/waveforms", {
    SR: RATE_HZ,
    rpm: RPM,
    rawData: struckBearing(),
  });
  await say("FAN-2", "registered", { machineName: "Fan 2", machineClass: "II" });
  await say("FAN-2", "reading", { bearingId: "A", status: "Unacceptable", velocity: { rms: 9.4 } });
}

async function wider(page: Page): Promise<unknown> {
  return await page.evaluate("document.documentElement.scrollWidth - innerWidth");
}

Deno.test("an engineer sees which machine shakes, which part of a bearing is damaged, and at what frequency", async () => {
  const browser = await startBrowser();
  if (!browser) return;
  const telltale = await startTelltale();
  try {
    await tell(telltale);
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(`${telltale.url}/#/machines`);
    const first = page.locator("#machines-view tbody").first();
    await first.getByText("D · Unacceptable").waitFor();
    await first.getByRole("link", { name: "FAN-2" }).waitFor();
    const bearing = page.locator("#machines-view").getByRole("link", { name: "Drive end" }).first();
    await page.getByLabel("Search by name, id, customer or area").fill("feed pump");
    await first.getByText("FAN-2").waitFor({ state: "detached" });
    await bearing.click();

    await page.getByRole("heading", { name: "PUMP-7" }).waitFor();
    const chosen = page.locator(".bearing[aria-pressed=true]");
    await chosen.getByText("Outer race damaged").waitFor();
    const curve = page.locator("canvas[aria-label*='BPFO at 107.5 Hz']");
    await curve.waitFor();
    const [, highest] = /^Highest at ([\d.,]+) Hz/.exec(
      await curve.getAttribute("aria-label") ?? "",
    ) ?? [];
    const harmonic = Number(highest) / OUTER_HZ;
    assert.ok(Math.abs(harmonic - Math.round(harmonic)) < 0.02, `${highest} Hz`);
    await page.getByRole("row", { name: /Outer race \(BPFO\) – named 107\.5 Hz/ }).waitFor();

    // Another bearing by keyboard alone; the address says so, and leads back to it.
    const other = page.locator(".bearing", { hasText: "Non-drive end" });
    await other.focus();
    await page.keyboard.press("Enter");
    await page.locator(".bearing[aria-pressed=true]", { hasText: "Non-drive end" }).waitFor();
    assert.match(page.url(), /#\/machine\/PUMP-7\/NDE$/);
    await page.reload();
    await page.locator(".bearing[aria-pressed=true]", { hasText: "Non-drive end" }).waitFor();

    await page.setViewportSize({ width: 390, height: 800 });
    assert.equal(await wider(page), 0);
    await page.goto(`${telltale.url}/#/machines`);
    await page.locator("#machines-view tbody").first().waitFor();
    assert.equal(await wider(page), 0);
    assert.deepEqual(complaints, []);
  } finally {
    await telltale.stop();
    await browser.close();
  }
});
