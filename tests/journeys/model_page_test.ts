/** A model's card in a real browser, before a real Telltale: the list, the card, wide and narrow. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { startBrowser } from "../support/browser.ts";
import { startTelltale } from "../support/telltale.ts";

Deno.test("whoever asks what foretells failures finds its card, and what it was judged by", async () => {
  const browser = await startBrowser();
  if (!browser) return;
  const telltale = await startTelltale();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(`${telltale.url}/#/models`);
    const view = page.locator("#models-view");
    const row = view.locator("tbody tr").first();
    await row.getByText("in force").waitFor();
    await row.getByRole("link").click();
    await view.getByRole("heading", { name: /^Failure model [0-9a-f]{8}$/ }).waitFor();
    await view.getByText("trained on simulated ATMs").waitFor();
    await view.getByText("ATMs it has never seen").waitFor();
    const precision = view.locator("canvas[aria-label*='recall 5']");
    await precision.waitFor();
    const told = await view.locator("canvas[aria-label^='said']").getAttribute("aria-label");
    assert.match(told ?? "", /said \d+ %, failed \d+ %;/);
    assert.equal(await view.locator(".importances li").count(), 15);
    await view.getByText(/^[0-9a-f]{64}$/).waitFor();
    const wide = Deno.env.get("TELLTALE_SCREENSHOTS");
    if (wide) await page.screenshot({ path: `${wide}/model.png`, fullPage: true });

    page.once("dialog", (dialog) => dialog.accept());
    await view.getByRole("button", { name: "Roll back to the one before" }).click();
    await view.getByText("No other model was in force before").waitFor();
    assert.deepEqual(complaints.splice(0).filter((text) => !/409/.test(text)), []);

    await page.setViewportSize({ width: 390, height: 800 });
    await page.waitForTimeout(300);
    assert.equal(await wider(page), 0);
    if (wide) await page.screenshot({ path: `${wide}/model-narrow.png`, fullPage: true });
    await page.evaluate("location.hash = '#/models'");
    await row.waitFor();
    assert.equal(await wider(page), 0);
    if (wide) await page.screenshot({ path: `${wide}/models-narrow.png`, fullPage: true });

    await page.evaluate(`location.hash = "#/models/${"f".repeat(64)}"`);
    await page.locator("#problem", { hasText: "No model f" }).waitFor();
    assert.deepEqual(complaints.filter((text) => !/404/.test(text)), []);
  } finally {
    await telltale.stop();
    await browser.close();
  }
});

async function wider(page: Page): Promise<unknown> {
  return await page.evaluate("document.documentElement.scrollWidth - innerWidth");
}
