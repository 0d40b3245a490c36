/** Store reports from outside: a browser, a power cut, and the command line, before a real Telltale. */
import assert from "node:assert/strict";
import { connectBus } from "../../events/bus/connection.ts";
import { createPublisher } from "../../events/bus/jetstream_publisher.ts";
import { telltale as run } from "../audit/run.ts";
import { startBrowser } from "../support/browser.ts";
import { freePort, temporaryFolder } from "../support/servers.ts";
import { discardDataFolder, type RunningTelltale, startTelltale } from "../support/telltale.ts";

const encoder = new TextEncoder();
const HOUR = 3_600_000;
/** An hour ago, to the second. */
const LAST = Math.floor(Date.now() / 1000) * 1000 - HOUR;

/** Resolves when they are acknowledged, by the log or only by the broker. */
async function publish(
  { natsUrl }: RunningTelltale,
  messages: readonly (readonly [id: string, message: string, body: unknown])[],
  waitForLog = true,
): Promise<void> {
  const connection = await connectBus(natsUrl, "test");
  try {
    const publisher = createPublisher(connection);
    await Promise.all(messages.map(([id, message, body]) =>
      publisher.publish(
        `devices.store.${id}.${message}`,
        encoder.encode(JSON.stringify(body)),
        { waitForLog },
      )
    ));
  } finally {
    await connection.close();
  }
}

function poll(id: string, hoursAgo: number, status: string): [string, string, unknown] {
  const timestamp = new Date(LAST - hoursAgo * HOUR).toISOString();
  return [id, "status", { timestamp, status }];
}

async function triggered({ url }: RunningTelltale): Promise<string> {
  const { report_id: id } = await (await fetch(`${url}/trigger_report`, { method: "POST" })).json();
  return id;
}

async function csvOf({ url }: RunningTelltale, id: string): Promise<string> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const response = await fetch(`${url}/get_report/${id}`);
    assert.equal(response.status, 200);
    if (response.headers.get("content-type")?.startsWith("text/csv")) return await response.text();
    const body = await response.json();
    assert.equal(body.status, "Running", body.reason);
    assert.ok(performance.now() < deadline, "the report is not made");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

Deno.test("a poll that was acknowledged is in the next report, every time", async () => {
  const telltale = await startTelltale();
  try {
    for (let i = 1; i <= 10; i++) {
      await publish(telltale, [poll(`S${i}`, 20 - i, "active")], i % 2 === 0);
      const csv = await csvOf(telltale, await triggered(telltale));
      assert.equal(csv.trimEnd().split("\n").length, i + 1, csv);
    }
  } finally {
    await telltale.stop();
  }
});

Deno.test("reports survive a power cut, and the command line says the same with and without a server", async () => {
  const dataDir = await temporaryFolder();
  const env = { PORT: String(freePort()), NATS_PORT: String(freePort()) };
  const out = `${dataDir}/report.csv`;
  try {
    const first = await startTelltale({ dataDir, env });
    await publish(first, [
      ["S1", "schedule", {
        timezone_str: "Asia/Kathmandu",
        hours: [0, 1, 2, 3, 4, 5, 6].map((day) => ({
          day,
          start_time_local: "09:00",
          end_time_local: "17:30",
        })),
      }],
      ...[50, 30, 10, 0].map((hours) => poll("S1", hours, hours === 30 ? "inactive" : "active")),
      ...[40, 1].map((hours) => poll("S2", hours, hours === 40 ? "active" : "inactive")),
    ]);
    const csv = await csvOf(first, await triggered(first));
    assert.match(csv, /^S1,/m);

    // Reports of ten years in twenty windows each, so that the cut falls into the middle of one.
    const long = { format: "xlsx", windows: Array(20).fill("3650d") };
    const asked: string[] = [];
    for (let i = 0; i < 15; i++) {
      const response = await fetch(`${first.url}/api/v1/reports`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(long),
      });
      asked.push((await response.json()).id);
    }
    const waiting = await triggered(first);
    await first.kill9();

    const second = await startTelltale({ dataDir, env });
    assert.equal(await csvOf(second, waiting), csv);
    for (const id of asked) {
      const report = await (await fetch(`${second.url}/api/v1/reports/${id}`)).json();
      assert.equal(report.state, "finished");
    }

    const beside = await run(["report", "--now", "max", "--out", out], { DATA_DIR: dataDir });
    assert.equal(beside.code, 0, beside.stderr);
    assert.equal(await Deno.readTextFile(out), csv);
    assert.match(beside.stderr, /2 stores as of .* in .*report\.csv/);
    await second.stop();

    const alone = await run(["report"], { DATA_DIR: dataDir });
    assert.equal(alone.code, 0, alone.stderr);
    assert.equal(alone.stdout, csv);
    const json = await run(
      ["report", "--format", "json", "--stores", "S2", "--windows", "2h", "--staleness", "30m"],
      { DATA_DIR: dataDir },
    );
    const { stores } = JSON.parse(json.stdout);
    assert.deepEqual(stores.map(({ store_id }: { store_id: string }) => store_id), ["S2"]);
    // Half an hour on both sides of the one poll in these two hours.
    assert.equal(stores[0].windows[0].unknown_seconds, 3_600);
    assert.equal(stores[0].windows[0].uptime_seconds, 1_800);
    assert.equal(stores[0].windows[0].downtime_seconds, 1_800);

    for (
      const [args, expected] of [
        [["--now", "tomorrow"], /--now: /],
        [["--format", "pdf"], /--format: /],
        [["--windows", "1h,soon"], /--windows: expected a number and s, m, h/],
        [["--staleness", "1h"], /--format: a summary has its own windows/],
        [["--stores", "a b"], /--stores: /],
        [["--what"], /--what/],
      ] as const
    ) {
      const { code, stderr } = await run(["report", ...args], { DATA_DIR: dataDir });
      assert.equal(code, 2, stderr);
      assert.match(stderr, expected);
    }
    const nowhere = await run(["report", "--out", `${dataDir}/no/such/folder`], {
      DATA_DIR: dataDir,
    });
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /Cannot write/);
  } finally {
    await discardDataFolder(dataDir);
  }
});

Deno.test("in a browser: a report is asked for, watched, fetched, removed; a recurring one is made", async () => {
  const browser = await startBrowser();
  if (!browser) return;
  const telltale = await startTelltale({ args: ["--demo"] });
  try {
    const complaints: string[] = [];
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(telltale.url);
    await page.getByRole("link", { name: "Reports" }).click();
    await page.getByText("No report yet.").waitFor();

    await page.getByRole("button", { name: "Make report" }).click();
    const summary = page.locator(".reports li", { hasText: "Summary" });
    await summary.getByText("finished").waitFor();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      summary.getByRole("link", { name: /Download/ }).click(),
    ]);
    assert.match(file.suggestedFilename(), /^store_report_[0-9a-f-]{36}\.csv$/);
    assert.match(await Deno.readTextFile(await file.path()), /^store_id,uptime_last_hour,/);

    const form = page.locator("form").filter({ hasText: "Make report" });
    await form.getByLabel("Format").selectOption("xlsx");
    await form.getByLabel("Period").selectOption("30d");
    await form.getByLabel(/^Time is unknown/).selectOption("3h");
    await form.getByRole("button").click();
    await page.locator(".reports li", { hasText: "Spreadsheet" }).getByText("finished").waitFor();
    await form.getByLabel("Stores").fill("<img src=x onerror=alert(1)>");
    await form.getByRole("button").click();
    await form.getByRole("alert").getByText("422").waitFor();
    await form.getByLabel("Stores").fill("STORE-0001");
    await form.getByRole("button").click();
    await page.locator(".reports li", { hasText: "1 store" }).getByText("finished").waitFor();
    await form.getByRole("alert").waitFor({ state: "hidden" });

    await page.getByText("Add one").click();
    await page.getByLabel("Name", { exact: true }).fill("<b>Mornings</b>");
    await page.getByLabel("Time zone").fill("America/Chicago");
    await page.getByRole("button", { name: "Make it again and again" }).click();
    const recurring = page.locator(".reports li", { hasText: "<b>Mornings</b>" });
    await recurring.getByText("0 6 * * * (America/Chicago)").waitFor();

    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForTimeout(300);
    const wider = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    assert.equal(wider, 0, `the view is ${wider} px wider than the screen`);

    await recurring.getByRole("button", { name: /Remove/ }).click();
    await recurring.waitFor({ state: "detached" });
    await summary.getByRole("button", { name: "Remove" }).click();
    await summary.waitFor({ state: "detached" });
    assert.deepEqual(complaints.filter((text) => !/422/.test(text)), []);
  } finally {
    await browser.close();
    await telltale.stop();
  }
});
