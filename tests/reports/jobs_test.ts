/** Reports as jobs: made once, by one process, again after a restart, and not when nobody wants them. */
import assert from "node:assert/strict";
import { caughtUp } from "../../reports/caught_up.ts";
import { claimReport, createReport, finishReport } from "../../reports/jobs.ts";
import { askForDue } from "../../reports/recurring.ts";
import { SUMMARY } from "../../reports/request.ts";
import { NOW, posted } from "../routes/stage.ts";
import { ask, poll, textOf, until, withReports } from "./stage.ts";

const never = (): Promise<boolean> =>
  new Promise((resolve) => setTimeout(() => resolve(false), 20));
const DAY = 86_400_000;

Deno.test("two processes make many reports, and none of them twice", () =>
  withReports(async (stage) => {
    const { app, deps } = stage;
    await stage.record([poll("1", NOW, "active")]);
    const asked = [];
    for (let i = 0; i < 12; i++) asked.push(await ask(app, { windows: [`${i + 1}h`] }));
    await stage.startService();
    await stage.startService();
    for (const { id } of asked) await until(app, id, "finished");
    const attempts = await deps.sql`select distinct attempt from reports`;
    assert.deepEqual(attempts.map(({ attempt }) => attempt), [1]);
    assert.deepEqual(stage.problems, []);
  }));

Deno.test("a report whose maker ended is made by the next, and the one that was overtaken stores nothing", () =>
  withReports(async (stage) => {
    const { app, deps, database } = stage;
    await stage.record([poll("1", NOW, "active")]);
    const { id } = await ask(app, {});
    const ended = database.connect("ended", 1);
    const session = await ended.reserve();
    const claim = await claimReport(session);
    assert.equal(claim?.report.id, id);
    // As long as it is being made nobody else takes it.
    const other = await deps.sql.reserve();
    assert.equal(await claimReport(other), undefined);
    other.release();
    assert.equal((await until(app, id, "running")).state, "running");
    session.release();
    await ended.end({ timeout: 0 });

    await stage.startService();
    await until(app, id, "finished");
    const late = { file: new Uint8Array([1]), fileBytes: 1, stores: 9 };
    assert.equal(await finishReport(deps.sql, { id, attempt: 1 }, late), false);
    assert.equal((await until(app, id, "finished")).progress.stores_done, 1);
  }));

Deno.test("a service that is stopped leaves its report to the next", () =>
  withReports(async (stage) => {
    await stage.record([poll("1", NOW, "active")]);
    const first = await stage.startService(never);
    const { id } = await ask(stage.app, {});
    await until(stage.app, id, "running");
    await first.stop();
    await stage.startService();
    await until(stage.app, id, "finished");
  }));

Deno.test("a report fails, with the reason, when what it reads has stopped", () =>
  withReports(async (stage) => {
    await stage.startService((offsets, timeoutMs) =>
      caughtUp(
        {
          waitFor: stage.deps.waitFor,
          errors: () => new Map([["devices", "broken"], ["schedules", "broken"]]),
        },
        offsets,
        timeoutMs,
      )
    );
    const { id } = await ask(stage.app, {});
    assert.match((await until(stage.app, id, "failed")).reason ?? "", /"schedules" has stopped/);
  }));

Deno.test("a report that five processes did not survive fails, and says so", () =>
  withReports(async (stage) => {
    const { id } = await ask(stage.app, {});
    await stage.deps.sql`update reports set attempt = 5, state = 'running'`;
    await stage.startService();
    const { reason } = await until(stage.app, id, "failed");
    assert.match(reason ?? "", /begun 5 times/);
  }));

Deno.test("a cancelled report stops, whether it waits or is being made, and the next one is made", () =>
  withReports(async (stage) => {
    const { app } = stage;
    await stage.record([poll("1", NOW, "active")]);
    let hold = true;
    await stage.startService((offsets, timeoutMs) =>
      hold ? never() : stage.deps.waitFor(offsets, timeoutMs)
    );
    const running = await ask(app, {});
    const waiting = await ask(app, {});
    const removed = await ask(app, {});
    const last = await ask(app, {});
    await until(app, running.id, "running");
    for (const { id } of [waiting, running]) {
      const response = await app.request(`/api/v1/reports/${id}/cancel`, { method: "POST" });
      assert.equal(response.status, 200);
      assert.equal((await response.json()).state, "cancelled");
    }
    assert.equal(
      (await app.request(`/api/v1/reports/${removed.id}`, { method: "DELETE" })).status,
      204,
    );
    hold = false;
    await until(app, last.id, "finished");
    assert.equal((await until(app, running.id, "cancelled")).file, null);
    assert.equal((await app.request(`/api/v1/reports/${removed.id}`)).status, 404);
    const again = await app.request(`/api/v1/reports/${last.id}/cancel`, { method: "POST" });
    assert.equal(again.status, 409);
    const early = await app.request(`/api/v1/reports/${waiting.id}/file`);
    assert.equal(early.status, 409);
    assert.deepEqual(stage.problems, []);
  }));

Deno.test("cancelling breaks off the arithmetic itself", () =>
  withReports(async (stage) => {
    const { app } = stage;
    // Ten years of business hours in twenty windows: seconds of work.
    const stores = Array.from({ length: 1_500 }, (_, i) => `S${i}`);
    await stage.record(stores.flatMap((id) => [
      {
        stream: `store-${id}`,
        type: "ScheduleSet",
        data: {
          hours: [0, 1, 2, 3, 4, 5, 6].map((day) => ({
            day,
            start_time_local: "09:00",
            end_time_local: "17:00",
          })),
        },
        occurredAt: NOW - DAY,
      },
      poll(id, NOW, "active"),
    ]));
    await stage.startService();
    const long = await ask(app, { windows: Array(20).fill("3650d") });
    await until(app, long.id, "running");
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal((await until(app, long.id, "running")).state, "running");
    const began = performance.now();
    await app.request(`/api/v1/reports/${long.id}/cancel`, { method: "POST" });
    const next = await ask(app, { windows: ["1h"], stores: ["S7"] });
    const finished = await until(app, next.id, "finished");
    assert.ok(performance.now() - began < 5_000);
    assert.equal((await textOf(app, finished)).trim().split("\n").length, 2);
    // Nothing of the thread that was ended is left in the database.
    for (;;) {
      const left = await stage.deps.sql`
        select from pg_stat_activity where application_name = 'telltale report'
          and datname = current_database() and state <> 'idle'`;
      if (left.length === 0) break;
      assert.ok(performance.now() - began < 10_000, "a transaction is left open");
    }
  }));

Deno.test("reports outlive the loss of every connection they have", () =>
  withReports(async (stage) => {
    const { app, deps } = stage;
    await stage.record([poll("1", NOW, "active")]);
    let hold = true;
    await stage.startService((offsets, timeoutMs) =>
      hold ? never() : stage.deps.waitFor(offsets, timeoutMs)
    );
    const asked = [await ask(app, {}), await ask(app, { format: "json" })];
    await until(app, asked[0]?.id ?? "", "running");
    for (let i = 0; i < 2; i++) {
      await deps.sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name in ('telltale reports', 'telltale report')
          and datname = current_database()`;
      hold = false;
      for (const { id } of asked) await until(app, id, "finished");
      asked.push(await ask(app, {}));
    }
    for (const { id } of asked) await until(app, id, "finished");
  }));

Deno.test("a thousand reports may wait, and whoever asks for one more is told to come back", () =>
  withReports(async ({ app, deps }) => {
    await deps.sql`
      insert into reports (request, after)
      select ${JSON.stringify(SUMMARY)}::text::json, '[]' from generate_series(1, 1000)`;
    for (const path of ["/trigger_report", "/api/v1/reports"]) {
      const response = await app.request(path, posted({}));
      assert.equal(response.status, 503);
      assert.ok(response.headers.has("retry-after"));
      assert.equal((await response.json()).code, "too-many-reports");
    }
  }));

Deno.test("old reports are removed, recent ones and those that wait are kept", () =>
  withReports(async (stage) => {
    const { deps } = stage;
    const create = () => createReport(deps.sql, { request: SUMMARY, after: new Map() });
    const [old, recent, waiting] = [await create(), await create(), await create()];
    async function end(id: string, daysAgo: number): Promise<void> {
      await deps.sql`
        update reports set state = 'finished', created_at = '2020-01-01',
          ended_at = to_timestamp(${(NOW - daysAgo * DAY) / 1000}) where id = ${id}`;
    }
    await end(old.id, 31);
    await end(recent.id, 29);
    await deps.sql`update reports set created_at = '2020-01-01' where id = ${waiting.id}`;
    await stage.startService(never);
    await until(stage.app, waiting.id, "running");
    const left = await deps.sql`select id from reports order by number`;
    assert.deepEqual(left.map(({ id }) => id), [recent.id, waiting.id]);
  }));

Deno.test("a recurring report is made when its moment comes, and once for all that were missed", () =>
  withReports(async (stage) => {
    const { app, deps } = stage;
    await stage.record([poll("1", NOW, "active")]);
    const response = await app.request(
      "/api/v1/reports/recurring",
      posted({
        name: "Monday mornings",
        cron: "0 6 * * 1",
        zone: "America/Chicago",
        report: { format: "json", windows: ["7d"] },
      }),
    );
    assert.equal(response.status, 201);
    const recurring = await response.json();
    // 2026-06-15 is a Monday; at noon UTC it is 07:00 in Chicago.
    assert.equal(recurring.next_run_at, "2026-06-22T11:00:00.000Z");

    // Two processes that look at once, three weeks late.
    const late = NOW + 22 * DAY;
    const made = await Promise.all([askForDue(deps.sql, late), askForDue(deps.sql, late)]);
    assert.equal(made.reduce((a, b) => a + b, 0), 1);
    const { reports } = await (await app.request(`/api/v1/reports?recurring=${recurring.id}`))
      .json();
    assert.equal(reports.length, 1);
    assert.equal(reports[0].request.format, "json");
    const listed = await (await app.request("/api/v1/reports/recurring")).json();
    assert.equal(listed.recurring[0].next_run_at, "2026-07-13T11:00:00.000Z");

    // The service does it by itself.
    stage.clock = NOW + 29 * DAY;
    await stage.startService();
    const deadline = performance.now() + 10_000;
    for (;;) {
      const rows = await deps.sql`select state from reports where recurring = ${recurring.id}`;
      if (rows.length === 2 && rows.every(({ state }) => state === "finished")) break;
      assert.ok(performance.now() < deadline, JSON.stringify(rows));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }

    const gone = await app.request(`/api/v1/reports/recurring/${recurring.id}`, {
      method: "DELETE",
    });
    assert.equal(gone.status, 204);
    assert.equal((await app.request(`/api/v1/reports/${reports[0].id}`)).status, 200);
  }));

Deno.test("a cron expression or zone that is none is refused, by its name", () =>
  withReports(async ({ app, reported }) => {
    for (
      const [body, field] of [
        [{ cron: "never" }, "cron"],
        [{ cron: "* * * * * *" }, "cron"],
        [{ cron: "61 * * * *" }, "cron"],
        [{ cron: "0 0 30 2 *" }, "cron"],
        [{ cron: "" }, "cron"],
        [{}, "cron"],
        [{ cron: "0 6 * * *", zone: "Mars/Olympus" }, "zone"],
        [{ cron: "0 6 * * *", zone: "+02:00" }, "zone"],
        [{ cron: "0 6 * * *", name: "" }, "name"],
        [{ cron: "0 6 * * *", report: { windows: ["soon"] } }, "report.windows.0"],
        [{ cron: "0 6 * * *", report: { from: "2026-01-01" } }, "report"],
      ] as const
    ) {
      const response = await app.request("/api/v1/reports/recurring", posted(body));
      assert.equal(response.status, 422, JSON.stringify(body));
      const { errors } = await response.json();
      assert.ok(
        errors.some(({ name }: { name: string }) => name === field),
        JSON.stringify(errors),
      );
    }
    for (const id of ["x", "00000000-0000-4000-8000-000000000000"]) {
      const response = await app.request(`/api/v1/reports/recurring/${id}`, { method: "DELETE" });
      assert.equal(response.status, 404);
    }
    assert.deepEqual(reported, []);
  }));

Deno.test("requests that contradict themselves are refused, every fault by its name", () =>
  withReports(async ({ app }) => {
    for (
      const [body, field] of [
        [{ format: "pdf" }, "format"],
        [{ windows: [] }, "windows"],
        [{ windows: ["0h"] }, "windows.0"],
        [{ windows: ["9999999w"] }, "windows.0"],
        [{ windows: ["1h"], from: "2026-01-01" }, "windows"],
        [{ to: "2026-01-01" }, "from"],
        [{ from: "2026-01-02", to: "2026-01-01" }, "to"],
        [{ from: "1990-01-02", to: "2026-01-01" }, "to"],
        [{ stores: [] }, "stores"],
        [{ stores: ["<b>"] }, "stores.0"],
        [{ stores: ["' or 1=1 --"] }, "stores.0"],
        [{ staleness: "-1h" }, "staleness"],
        [{ now: "tomorrow" }, "now"],
        [{ format: "summary", staleness: "1h" }, "format"],
        [{ what: 1 }, ""],
      ] as const
    ) {
      const response = await app.request("/api/v1/reports", posted(body));
      assert.equal(response.status, 422, JSON.stringify(body));
      const { errors } = await response.json();
      assert.ok(
        errors.some(({ name }: { name: string }) => name === field),
        JSON.stringify(errors),
      );
    }
    assert.equal((await app.request("/api/v1/reports", posted("{"))).status, 400);
    assert.equal((await app.request("/api/v1/reports?cursor=x")).status, 422);
  }));

Deno.test("the list is paged, the newest first, and narrowed by state", () =>
  withReports(async ({ app }) => {
    const asked = [];
    for (let i = 0; i < 5; i++) asked.push((await ask(app, {})).id);
    await app.request(`/api/v1/reports/${asked[1]}/cancel`, { method: "POST" });
    const seen: string[] = [];
    for (let next: string | null = ""; next !== null;) {
      const page: { reports: { id: string }[]; next: string | null } = await (await app.request(
        `/api/v1/reports?limit=2${next && `&cursor=${next}`}`,
      )).json();
      seen.push(...page.reports.map(({ id }) => id));
      next = page.next;
    }
    assert.deepEqual(seen, asked.toReversed());
    const { reports } = await (await app.request("/api/v1/reports?state=cancelled")).json();
    assert.deepEqual(reports.map(({ id }: { id: string }) => id), [asked[1]]);
  }));

Deno.test("a report that has ended is told to those who watch, by SSE without an id", () =>
  withReports(async (stage) => {
    await stage.record([poll("1", NOW, "active")]);
    await stage.startService();
    const feed = await stage.app.request("/api/v1/live?topics=reports");
    const reader = feed.body?.pipeThrough(new TextDecoderStream()).getReader();
    assert.ok(reader);
    const { id } = await ask(stage.app, { format: "json" });
    let text = "";
    while (!/event: report\ndata: .*\n\n/.test(text)) {
      const read: ReadableStreamReadResult<string> = await reader.read();
      assert.equal(read.done, false);
      text += read.value;
    }
    const told = /event: report\ndata: (.*)\n\n/.exec(text)?.[1] ?? "";
    assert.equal(JSON.parse(told).id, id);
    assert.equal(JSON.parse(told).state, "finished");
    assert.equal(text.match(/event: report/g)?.length, 1);
    await reader.cancel();
  }));
