/** The evidence says the same as the report, for every store; and what it said before. */
import assert from "node:assert/strict";
import { createRandom } from "../../simulator/random.ts";
import type { Fact } from "../projections/log.ts";
import { NOW } from "../routes/stage.ts";
import {
  ask,
  contractCsv,
  poll,
  type ReportStage,
  schedule,
  textOf,
  until,
  withReports,
} from "./stage.ts";

const HOUR = 3_600_000;
const SEED = Deno.env.get("TELLTALE_SEED") ?? "evidence";
const ZONES = [
  "America/Chicago",
  "Asia/Beirut",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  undefined,
] as const;
const TIMES = [
  "00:00",
  "00:10:00",
  "02:30",
  "09:00:00",
  "17:15",
  "22:00",
  "23:59:00",
  "23:59:59",
] as const;

/** Stores of every sort: split, overnight and overlapping hours; polls that are few, late, twice. */
function fleet(stores: number): Fact[] {
  const random = createRandom(SEED);
  const facts: Fact[] = [];
  for (let i = 0; i < stores; i++) {
    const id = `store:${i}`;
    const rows = Array.from(
      { length: random.integer(0, 12) },
      () => [random.integer(0, 6), random.pick(TIMES), random.pick(TIMES)] as const,
    );
    const zone = random.pick(ZONES);
    if (random.integer(0, 3) > 0) facts.push(schedule(id, rows, zone));
    for (let n = random.integer(1, 60); n > 0; n--) {
      const at = NOW - random.integer(0, 9 * 24 * 3_600) * 1000 - random.integer(0, 999_999) / 1000;
      facts.push(poll(id, at, random.pick(["active", "inactive"])));
    }
  }
  facts.push(poll("store:0", NOW, "active"));
  return facts;
}

interface Evidence {
  readonly [field: string]: unknown;
  readonly business_seconds: number;
  readonly uptime_seconds: number;
  readonly downtime_seconds: number;
  readonly unknown_seconds: number;
  readonly business: { from: string; to: string }[];
  readonly polls: { at: string; status: string }[];
  readonly intervals: { from: string; to: string; condition: string }[];
}

async function evidence({ app }: ReportStage, id: string, query: string): Promise<Evidence> {
  const response = await app.request(`/api/v1/stores/${encodeURIComponent(id)}/uptime?${query}`);
  assert.equal(response.status, 200, await response.clone().text());
  return await response.json();
}

function seconds(spans: readonly { from: string; to: string }[]): number {
  return spans.reduce((sum, { from, to }) => sum + (Date.parse(to) - Date.parse(from)) / 1000, 0);
}

Deno.test(`the evidence equals the cell, for every store and window of a fleet [${SEED}]`, () =>
  withReports(async (stage) => {
    const { app } = stage;
    await stage.record(fleet(150));
    await stage.startService();
    const csv = await contractCsv(app);
    const rich = await ask(app, { format: "json", staleness: "2h" });
    const { stores } = JSON.parse(await textOf(app, await until(app, rich.id, "finished")));
    const rows = csv.trimEnd().split("\n").slice(1);
    assert.equal(rows.length, 150);
    assert.equal(stores.length, 150);
    for (const [place, row] of rows.entries()) {
      const [id = "", ...cells] = row.split(",");
      for (const [i, window] of ["1h", "1d", "7d"].entries()) {
        const unit = i === 0 ? 60 : 3_600;
        const told = await evidence(stage, id, `window=${window}`);
        const { uptime_seconds: up, downtime_seconds: down, unknown_seconds: unknown } = told;
        assert.equal(unknown, 0);
        assert.ok(Math.abs(up / unit - Number(cells[i])) <= 0.005001, `${row} ${window}: ${up}`);
        assert.ok(Math.abs(down / unit - Number(cells[i + 3])) <= 0.005001, `${row}: ${down}`);
        // Down to the millisecond: what it says in intervals is what it says in sums.
        assert.ok(Math.abs(seconds(told.business) - told.business_seconds) < 0.05);
        const uptime = told.intervals.filter(({ condition }) => condition === "up");
        assert.ok(Math.abs(seconds(uptime) - up) < 0.2);
        assert.ok(Math.abs(up + down - told.business_seconds) < 1e-6);
        assert.ok(told.polls.length > 0);

        const stale = await evidence(stage, id, `window=${window}&staleness=2h`);
        const cell = stores[place].windows[i];
        assert.equal(stores[place].store_id, id);
        for (const name of ["business", "uptime", "downtime", "unknown"]) {
          assert.equal(stale[`${name}_seconds`], cell[`${name}_seconds`], `${id} ${name}`);
        }
      }
    }
    assert.ok(
      stores.some(({ windows }: { windows: Evidence[] }) =>
        windows.some((window) => window.unknown_seconds > 0)
      ),
    );
  }));

Deno.test("as of an earlier moment the evidence is what the log had then", () =>
  withReports(async (stage) => {
    const at = (hours: number): number => NOW + hours * HOUR;
    const recordedAt = (fact: Fact, hours: number): Fact => ({ ...fact, recordedAt: at(hours) });
    await stage.record([
      recordedAt(poll("A", at(-10), "active"), -10),
      recordedAt(poll("B", at(-6), "active"), -6),
      recordedAt(schedule("A", [[0, "00:00", "12:00"]], "Asia/Kathmandu"), -4),
      // Arrives two hours late.
      recordedAt(poll("A", at(-5), "inactive"), -3),
      recordedAt(
        {
          stream: "store-B",
          type: "PollsReported",
          data: { polls: [[new Date(at(-2)).toISOString(), "active"]] },
          occurredAt: at(-2),
        },
        -1,
      ),
    ]);
    const iso = (hours: number): string => new Date(at(hours)).toISOString();

    const first = await evidence(stage, "A", `window=6h&asOf=${iso(-5)}`);
    assert.equal(first.now, iso(-6));
    assert.equal(first.hours, null);
    assert.deepEqual(first.polls, [{ at: iso(-10), status: "active" }]);
    assert.equal(first.uptime_seconds, 6 * 3_600);

    const second = await evidence(stage, "A", `window=6h&asOf=${iso(-3.5)}`);
    assert.equal(second.timezone, "Asia/Kathmandu");
    assert.deepEqual(second.polls, first.polls);

    const third = await evidence(stage, "A", `window=6h&asOf=${iso(-2.5)}`);
    assert.equal(third.now, iso(-5));
    assert.equal(third.polls.length, 2);

    const last = await evidence(stage, "A", `window=6h&asOf=${iso(0)}`);
    assert.equal(last.now, iso(-2));
    // As of now the log and the read model say the same.
    const live = await evidence(stage, "A", "window=6h");
    assert.deepEqual({ ...last, as_of: null }, live);

    const early = await stage.app.request(`/api/v1/stores/A/uptime?asOf=${iso(-11)}`);
    assert.equal(early.status, 404);
    assert.match((await early.json()).detail, /had not been by/);
  }));

Deno.test("a store that was never polled is 404, a question that contradicts itself 422", () =>
  withReports(async (stage) => {
    await stage.record([poll("A", NOW, "active"), schedule("B", undefined, "Asia/Beirut")]);
    for (const id of ["B", "nobody"]) {
      const response = await stage.app.request(`/api/v1/stores/${id}/uptime`);
      assert.equal(response.status, 404, id);
      assert.equal((await response.json()).code, "store-never-polled");
    }
    for (
      const query of [
        "window=soon",
        "window=1h&from=2026-01-01",
        "to=2026-01-01",
        "from=2026-01-02&to=2026-01-01",
        "now=never",
        "asOf=x",
        "staleness=0h",
      ]
    ) {
      const response = await stage.app.request(`/api/v1/stores/A/uptime?${query}`);
      assert.equal(response.status, 422, query);
    }
    assert.equal((await stage.app.request("/api/v1/stores/%3Cb%3E/uptime")).status, 422);
    assert.deepEqual(stage.reported, []);
  }));

Deno.test("a window far from all polls, or between them, is answered by the nearest before, else after", () =>
  withReports(async (stage) => {
    // Chunks of polls are a week long: these lie in the first, the third and the ninth.
    const week = 7 * 24 * HOUR;
    await stage.record([
      poll("A", NOW - 8 * week, "inactive"),
      poll("A", NOW - 6 * week, "active"),
      poll("A", NOW, "inactive"),
    ]);
    const between = await evidence(
      stage,
      "A",
      `window=1h&now=${new Date(NOW - week).toISOString()}`,
    );
    assert.equal(between.uptime_seconds, 3_600);
    assert.equal(between.polls.length, 1);
    const before = await evidence(
      stage,
      "A",
      `window=1h&now=${new Date(NOW - 9 * week).toISOString()}`,
    );
    assert.equal(before.downtime_seconds, 3_600);
    const after = await evidence(stage, "A", "window=1h&now=2090-01-01");
    assert.equal(after.downtime_seconds, 3_600);
    const period = `from=${new Date(NOW - 7 * week).toISOString()}&to=${
      new Date(NOW - 5 * week).toISOString()
    }`;
    const across = await evidence(stage, "A", period);
    assert.equal(across.downtime_seconds, week / 1000);
    assert.equal(across.uptime_seconds, week / 1000);
    // What is said later than the window is believed back as far as the staleness reaches.
    const stale = await evidence(
      stage,
      "A",
      `from=${new Date(NOW - 3 * HOUR).toISOString()}&to=${
        new Date(NOW - HOUR).toISOString()
      }&staleness=90m`,
    );
    assert.equal(stale.unknown_seconds, 5_400);
    assert.equal(stale.uptime_seconds, 1_800);
  }));
