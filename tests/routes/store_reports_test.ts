/** The stores' contract, line by line. */
import assert from "node:assert/strict";
import {
  ask,
  contractCsv,
  poll,
  type ReportStage,
  schedule,
  until,
  withReports,
} from "../reports/stage.ts";

const HEAD = "store_id,uptime_last_hour,uptime_last_day,uptime_last_week," +
  "downtime_last_hour,downtime_last_day,downtime_last_week";

/** A Wednesday, noon in Chicago; the latest poll of all. */
const NOW = Date.parse("2023-01-25T18:00:00Z");
const HOUR = 3_600_000;

async function trigger({ app }: ReportStage, query = ""): Promise<string> {
  const response = await app.request(`/trigger_report${query}`, { method: "POST" });
  assert.equal(response.status, 200, await response.clone().text());
  assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
  const body = await response.json();
  assert.deepEqual(Object.keys(body), ["report_id"]);
  return body.report_id;
}

function linesOf(csv: string): Record<string, string> {
  const [head, ...lines] = csv.trimEnd().split("\n");
  assert.equal(head, HEAD);
  return Object.fromEntries(lines.map((line) => {
    const comma = line.indexOf(",");
    return [line.slice(0, comma), line.slice(comma + 1)];
  }));
}

Deno.test("a report is Running with its moment until somebody has made it, then the CSV", () =>
  withReports(async (stage) => {
    const { app } = stage;
    await stage.record([poll("8419537941919820732", NOW, "active")]);
    const id = await trigger(stage);
    for (const url of [`/get_report/${id}`, `/get_report?report_id=${id}`]) {
      const response = await app.request(url);
      assert.equal(response.status, 200);
      const body = await response.json();
      assert.deepEqual(Object.keys(body), ["status", "created_at"]);
      assert.equal(body.status, "Running");
      assert.ok(Math.abs(Date.parse(body.created_at) - Date.now()) < 60_000);
    }
    await stage.startService();
    await until(app, id, "finished");
    const answers = [];
    for (const url of [`/get_report/${id}`, `/get_report?report_id=${id}`]) {
      const response = await app.request(url);
      assert.equal(response.status, 200);
      assert.match(response.headers.get("content-type") ?? "", /^text\/csv/);
      assert.equal(
        response.headers.get("content-disposition"),
        `attachment; filename="store_report_${id}.csv"`,
      );
      answers.push(await response.text());
    }
    assert.equal(answers[0], answers[1]);
    // Not a digit of the id is lost.
    assert.equal(answers[0], `${HEAD}\n8419537941919820732,60.00,24.00,168.00,0.00,0.00,0.00\n`);
    // Another report of the same data is the same, to the byte.
    assert.equal(await contractCsv(app), answers[0]);
  }));

Deno.test("the numbers follow the rules: hours, zones, polls before, after and between", () =>
  withReports(async (stage) => {
    const daily = [0, 1, 2, 3, 4, 5, 6];
    await stage.record([
      // Nothing known but polls: around the clock. Down for the last half hour and 20 minutes before.
      poll("always", NOW - 200 * HOUR, "active"),
      poll("always", NOW - 2 * HOUR, "inactive"),
      poll("always", NOW - 2 * HOUR + 20 * 60_000, "active"),
      poll("always", NOW - 30 * 60_000, "inactive"),
      poll("always", NOW, "inactive"),
      // 9 to 11 in Chicago is 15 to 17 UTC: closed in the last hour. No poll in the window at all.
      schedule("before", daily.map((day) => [day, "09:00:00", "11:00:00"]), "America/Chicago"),
      poll("before", NOW - 900 * HOUR, "inactive"),
      // Polled for the first time ten minutes ago: that holds backwards.
      schedule("new", daily.map((day) => [day, "09:00:00", "17:00:00"]), "America/New_York"),
      poll("new", NOW - 600_000, "active"),
      // Only Mondays: the rest of the week is closed. A night in two rows has no hole.
      schedule("monday", [[0, "22:00", "23:59:59"], [1, "00:00", "02:00"]], undefined),
      poll("monday", NOW - 300_000, "active"),
      // Two polls at one instant: inactive wins, whichever came first.
      poll("twins-1", NOW - 1_800_000, "active"),
      poll("twins-1", NOW - 1_800_000, "inactive"),
      poll("twins-2", NOW - 1_800_000, "inactive"),
      poll("twins-2", NOW - 1_800_000, "active"),
      // A schedule alone is no store of the report.
      schedule("never-polled", undefined, "America/Denver"),
    ]);
    await stage.startService();
    const rows = linesOf(await contractCsv(stage.app));
    assert.deepEqual(rows, {
      "always": "30.00,23.17,167.17,30.00,0.83,0.83",
      "before": "0.00,0.00,0.00,0.00,2.00,14.00",
      "monday": "0.00,0.00,4.00,0.00,0.00,0.00",
      "new": "60.00,8.00,56.00,0.00,0.00,0.00",
      "twins-1": "0.00,0.00,0.00,60.00,24.00,168.00",
      "twins-2": "0.00,0.00,0.00,60.00,24.00,168.00",
    });
    // Noon of 1970 lies before every poll, 2099 after: the first and the last of each hold.
    const early = linesOf(await contractCsv(stage.app, "1970-01-01T12:00:00Z"));
    assert.equal(early["always"], "60.00,24.00,168.00,0.00,0.00,0.00");
    assert.equal(early["before"], "0.00,0.00,0.00,0.00,2.00,14.00");
    const late = linesOf(await contractCsv(stage.app, "2099-12-31T23:59:59.999999Z"));
    assert.equal(late["always"], "0.00,0.00,0.00,60.00,24.00,168.00");
    assert.equal(Object.keys(late).length, 6);
    // A poll that was later than `now` is not known then.
    const before = linesOf(await contractCsv(stage.app, NOW - HOUR));
    assert.equal(before["always"], "40.00,23.67,167.67,20.00,0.33,0.33");
  }));

Deno.test("every cell has at most two decimals and no minus, rows are by code point", () =>
  withReports(async (stage) => {
    const ids = ["10", "9", "a", "B", "_", "Z:1", "1", "-1", "a-b", "123456789012345678901"];
    await stage.record(ids.flatMap((id, i) => [
      poll(id, NOW - 1_234_567.891 - i * 7_777_777, "inactive"),
      poll(id, NOW - 1_111.111 * (i + 1), "active"),
    ]));
    await stage.startService();
    const csv = await contractCsv(stage.app);
    assert.deepEqual(Object.keys(linesOf(csv)).length, ids.length);
    const [, ...lines] = csv.trimEnd().split("\n");
    assert.deepEqual(lines.map((line) => line.split(",")[0]), ids.toSorted());
    for (const line of lines) {
      const [, ...cells] = line.split(",");
      assert.equal(cells.length, 6);
      for (const cell of cells) assert.match(cell, /^\d+\.\d\d$/);
      const [h1, d1, w1, h2, d2, w2] = cells.map(Number) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      for (const [sum, whole] of [[h1 + h2, 60], [d1 + d2, 24], [w1 + w2, 168]] as const) {
        assert.ok(Math.abs(sum - whole) < 0.011, line);
      }
    }
  }));

Deno.test("an empty database makes a report of the header alone, with or without a moment", () =>
  withReports(async (stage) => {
    await stage.startService();
    assert.equal(await contractCsv(stage.app), `${HEAD}\n`);
    assert.equal(await contractCsv(stage.app, NOW), `${HEAD}\n`);
  }));

Deno.test("a report includes what was in the log when it was asked for, however far behind the read models are", () =>
  withReports(async (stage) => {
    let release = () => {};
    const held = new Promise<void>((resolve) => release = resolve);
    let waitedFor = 0;
    await stage.startService(async (offsets, timeoutMs) => {
      waitedFor = offsets.get(0) ?? 0;
      await held;
      return await stage.deps.waitFor(offsets, timeoutMs);
    });
    await stage.record([poll("1", NOW, "active"), poll("2", NOW, "active")]);
    const id = await trigger(stage);
    await until(stage.app, id, "running");
    await stage.record([poll("3", NOW, "active")]);
    release();
    await until(stage.app, id, "finished");
    assert.equal(waitedFor, 2);
    const rows = linesOf(await (await stage.app.request(`/get_report/${id}`)).text());
    assert.ok("1" in rows && "2" in rows);
  }));

Deno.test("what is no report is 404, what is no moment is 422, and nothing of ours shows", () =>
  withReports(async ({ app, reported }) => {
    const hostile = [
      "00000000-0000-4000-8000-000000000000",
      "x",
      "<script>alert(1)</script>",
      "'; drop table reports; --",
      "1 or 1=1",
      "%00",
    ];
    for (const id of hostile) {
      for (
        const url of [
          `/get_report/${encodeURIComponent(id)}`,
          `/get_report?report_id=${encodeURIComponent(id)}`,
          `/api/v1/reports/${encodeURIComponent(id)}`,
          `/api/v1/reports/${encodeURIComponent(id)}/file`,
        ]
      ) {
        const response = await app.request(url);
        assert.equal(response.status, 404, url);
        assert.equal(response.headers.get("content-type"), "application/problem+json");
        assert.equal((await response.json()).code, "report-unknown");
      }
    }
    assert.equal((await app.request("/get_report")).status, 422);
    for (const now of ["yesterday", "2023-13-01", "", "NaN", "0000-01-01", "9999-01-01"]) {
      const response = await app.request(`/trigger_report?now=${now}`, { method: "POST" });
      assert.equal(response.status, 422, now);
    }
    assert.deepEqual(reported, []);
  }));

Deno.test("a report that failed says why, and one that is no summary has other paths", () =>
  withReports(async (stage) => {
    const { app, deps } = stage;
    const id = await trigger(stage);
    await deps.sql`update reports set state = 'failed', reason = 'Too large' where id = ${id}`;
    const failed = await (await app.request(`/get_report/${id}`)).json();
    assert.equal(failed.status, "Failed");
    assert.equal(failed.reason, "Too large");
    const other = await ask(app, { format: "json" });
    assert.equal((await app.request(`/get_report/${other.id}`)).status, 404);
  }));

Deno.test("GET /health answers", () =>
  withReports(async ({ app }) => {
    const response = await app.request("/health");
    assert.equal(response.status, 200);
    assert.equal((await response.json()).status, "healthy");
  }));
