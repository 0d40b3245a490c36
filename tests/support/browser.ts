/** A real browser, for tests that look at the page as a person does. */
import { type Browser, chromium } from "playwright-core";

const PLACES = [
  Deno.env.get("TELLTALE_CHROMIUM"),
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Undefined where there is none; the test is then skipped, and says so. */
export async function startBrowser(): Promise<Browser | undefined> {
  const executablePath = PLACES.find((path) => path !== undefined && exists(path));
  if (executablePath === undefined) {
    Deno.stdout.writeSync(
      new TextEncoder().encode("skipped: no Chromium found (set TELLTALE_CHROMIUM)\n"),
    );
    return undefined;
  }
  return await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"],
  });
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
