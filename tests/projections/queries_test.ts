/** What the read models answer, asked of small histories told in full. */
import assert from "node:assert/strict";
import type { Sql } from "../../events/log/database.ts";
import { formatInstant } from "../../events/instant.ts";
import { activityStats } from "../../projections/activity.ts";
import { countOpenAlarms, listAlarms } from "../../projections/alarms.ts";
import { deviceAvailability, readObservations } from "../../projections/availability.ts";
import { CursorError } from "../../projections/cursor.ts";
import { countByKind, getDevice, listDevices, pageOfDevices } from "../../projections/devices.ts";
import { atmDashboard, fleetKpis } from "../../projections/fleet.ts";
import { projections } from "../../projections/mod.ts";
import { getQuarantined, listQuarantine, markResubmitted } from "../../projections/quarantine.ts";
import { rebuildAll } from "../../projections/rebuild.ts";
import { listMetrics, readTrend } from "../../projections/trends.ts";
import { freshDatabase } from "../support/servers.ts";
import { appendToLog, createRecorder, type Fact } from "./log.ts";

const START = Date.UTC(2026, 4, 1, 12);
const HOUR = 3_600_000;

async function given(facts: readonly Fact[], then: (sql: Sql) => Promise<void>): Promise<void> {
  const database = await freshDatabase();
  try {
    await appendToLog(database.sql, createRecorder()(0, facts));
    await rebuildAll(database.sql, projections);
    await then(database.sql);
  } finally {
    await database.close();
  }
}

function fact(stream: string, type: string, minutes: number, data: Fact["data"] = {}): Fact {
  return { stream, type, data, occurredAt: START + minutes * 60_000 };
}

function atm(id: string, minutes: number, status: string, cash: number): Fact {
  return fact(`atm-${id}`, "TelemetryReported", minutes, { status, cash_level_percent: cash });
}

Deno.test("a late report counts, but the newest one stays what the device shows", () =>
  given([
    fact("atm-A", "DeviceRegistered", 0),
    fact("atm-A", "StatusChanged", 10, { from: null, to: "online" }),
    atm("A", 10, "online", 80),
    atm("A", 5, "offline", 20),
  ], async (sql) => {
    const device = await getDevice(sql, "atm", "A");
    assert.equal(device?.reports, 2);
    assert.equal(device?.status, "online");
    assert.equal(device?.lastAt, START + 10 * 60_000);
    assert.deepEqual(device?.latest, { status: "online", cash_level_percent: 80 });
    assert.equal(await getDevice(sql, "atm", "B"), undefined);
  }));

Deno.test("descriptions merge, and a machine's bearings are listed with it", () =>
  given([
    fact("machine-m-1", "MachineDescribed", 0, { machineName: "Press", area: "north" }),
    fact("machine-m-1", "DeviceDescribed", 1, { region: "EU", location: "hall 4" }),
    fact("machine-m-1", "DeviceDescribed", 2, { location: null, area: "south" }),
    fact("machine-m-1", "BearingDescribed", 3, { _id: "b1", bearingType: "6205" }),
    fact("machine-m-1", "BearingDescribed", 4, { _id: "b2", bearingType: "6206" }),
  ], async (sql) => {
    const device = await getDevice(sql, "machine", "m-1");
    assert.equal(device?.name, "Press");
    assert.equal(device?.region, "EU");
    assert.equal(device?.location, null);
    assert.equal(device?.attributes.area, "south");
    assert.deepEqual(Object.keys(device?.attributes.bearings as object), ["b1", "b2"]);
  }));

Deno.test("devices are listed in pages by kind and id, and found by part of a name in any case", () => {
  const ids = ["A", "B_1", "Bx1", "C", "D"];
  const facts = ids.map((id, i) => atm(id, i, "online", 50));
  const named = fact("atm-C", "DeviceDescribed", 9, { name: "100% Cash\u0000", region: "MALL" });
  return given([...facts, named, fact("sensor-z", "DeviceRegistered", 9)], async (sql) => {
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listDevices(sql, { limit: 2, cursor });
      listed.push(...page.devices.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== undefined);
    assert.deepEqual(listed, [...ids, "z"]);

    const found = async (q: string) =>
      (await listDevices(sql, { q, limit: 9 })).devices.map(({ id }) => id);
    assert.deepEqual(await found("b_1"), ["B_1"]);
    assert.deepEqual(await found("100% cash"), ["C"]);
    assert.deepEqual(await found("\\"), []);
    const mall = await pageOfDevices(sql, { kind: "atm", region: "MALL", page: 0, limit: 10 });
    assert.deepEqual([mall.total, mall.devices[0]?.id], [1, "C"]);
    const second = await pageOfDevices(sql, { kind: "atm", page: 1, limit: 3 });
    assert.deepEqual([second.total, second.devices.length], [5, 2]);
    assert.deepEqual(await countByKind(sql), { atm: 5, machine: 0, store: 0, sensor: 1 });
    for (const bad of ["%", "e30", "bm90", ""]) {
      await assert.rejects(() => listDevices(sql, { limit: 1, cursor: bad }), CursorError);
    }
  });
});

Deno.test("the fleet is counted by kind, region and status, decommissioned devices apart", () =>
  given([
    atm("A", 0, "online", 80),
    fact("atm-A", "StatusChanged", 0, { from: null, to: "online" }),
    atm("B", 0, "error", 20),
    fact("atm-B", "StatusChanged", 0, { from: null, to: "error" }),
    fact("atm-B", "AlarmRaised", 0, { reason: "error", severity: "critical", message: "jam" }),
    fact("atm-B", "DeviceFellSilent", 1, { since: "", timeoutSeconds: 60 }),
    fact("atm-C", "DeviceDescribed", 2, { region: "MALL" }),
    atm("D", 0, "online", 1),
    fact("atm-D", "DeviceDecommissioned", 2, { by: "me" }),
    fact("sensor-s", "ReadingReported", 0, { value: 4 }),
    fact("sensor-t", "ReadingReported", 0, { value: 5 }),
  ], async (sql) => {
    const kpis = await fleetKpis(sql);
    assert.deepEqual({ ...kpis, averages: { ...kpis.averages } }, {
      devices: 5,
      silent: 1,
      withOpenAlarms: 1,
      decommissioned: 1,
      byKind: { atm: 3, sensor: 2 },
      byRegion: { MALL: 1 },
      byStatus: { atm: { error: 1, online: 1, unknown: 1 }, sensor: { unknown: 2 } },
      averages: { atm: { cash_level_percent: 50 }, sensor: { value: 4.5 } },
    });
    assert.deepEqual(await atmDashboard(sql, START + HOUR), {
      total: 3,
      online: 1,
      offline: 0,
      error: 1,
      averageCashLevel: 50,
      reportsToday: 3,
      criticalAlarms: 1,
    });
  }));

Deno.test("a trend gives count, mean, min, max and last of each bucket, wherever late reports fall", () =>
  given([
    atm("A", 0, "online", 10),
    atm("A", 0.5, "online", 30),
    atm("A", 61, "online", 50),
    atm("A", 0.25, "online", 50),
  ], async (sql) => {
    const query = { kind: "atm", id: "A", metric: "cash_level_percent", limit: 10 } as const;
    const range = { from: START, to: START + 24 * HOUR, minutesDays: 1 };
    assert.deepEqual(await readTrend(sql, { ...query, ...range, resolution: 3_600 }), [
      { at: START, count: 3, mean: 30, min: 10, max: 50, last: 30 },
      { at: START + HOUR, count: 1, mean: 50, min: 50, max: 50, last: 50 },
    ]);
    assert.equal((await readTrend(sql, { ...query, ...range, resolution: 60 })).length, 2);
    assert.deepEqual(await readTrend(sql, { ...query, ...range, resolution: 60, metric: "x" }), []);
    assert.deepEqual(await listMetrics(sql, "atm", "A"), ["cash_level_percent"]);
  }));

Deno.test("alarms are listed newest first, open ones by default, with what became of them", () => {
  const raised = (minutes: number, reason: string, severity: string) =>
    fact("atm-A-1", "AlarmRaised", minutes, { reason, severity, message: `${reason} now` });
  const raisedAt = formatInstant(START);
  return given([
    raised(0, "error", "high"),
    fact("atm-A-1", "AlarmAcknowledged", 1, { reason: "error", raisedAt, by: "Ann" }),
    fact("atm-A-1", "AlarmCleared", 2, { reason: "error", raisedAt }),
    raised(3, "error", "critical"),
    raised(3, "silent", "medium"),
  ], async (sql) => {
    const open = await listAlarms(sql, { limit: 10 });
    assert.deepEqual(open.alarms.map(({ reason }) => reason), ["silent", "error"]);
    const first = await listAlarms(sql, { state: "all", limit: 2 });
    const rest = await listAlarms(sql, { state: "all", limit: 2, cursor: first.next });
    assert.equal(rest.next, undefined);
    assert.deepEqual(rest.alarms, [{
      kind: "atm",
      id: "A-1",
      reason: "error",
      raisedAt: START,
      severity: "high",
      message: "error now",
      acknowledgedAt: START + 60_000,
      acknowledgedBy: "Ann",
      clearedAt: START + 120_000,
    }]);
    const of = async (kind: string, id?: string) =>
      (await listAlarms(sql, { kind, id, limit: 10 })).alarms.length;
    assert.deepEqual([await of("atm", "A-1"), await of("atm"), await of("store")], [2, 2, 0]);
    assert.deepEqual(await countOpenAlarms(sql), { low: 0, medium: 1, high: 0, critical: 1 });
  });
});

Deno.test("activity counts reports by their own time, to the minute", () =>
  given([
    atm("A", -2 * 24 * 60, "online", 1),
    atm("A", -90, "online", 1),
    atm("B", -30, "online", 1),
    atm("B", 0, "online", 1),
    fact("store-1", "PollReported", 0, { status: "active" }),
  ], async (sql) => {
    assert.deepEqual(await activityStats(sql, "atm", START), {
      reports: 4,
      oldest: START - 48 * HOUR,
      newest: START,
      lastHour: 2,
      last24Hours: 3,
      today: 3,
      averagePerHour: 4 / 48,
    });
    assert.equal((await activityStats(sql, "sensor", START)).oldest, null);
  }));

Deno.test("a store's first poll holds backwards and its last one forward, inactive winning a tie", () =>
  given([
    fact("store-1", "PollReported", 60, { status: "inactive" }),
    fact("store-1", "PollReported", 60, { status: "active" }),
    fact("store-1", "PollReported", 30, { status: "active" }),
  ], async (sql) => {
    const window = { kind: "store", id: "1", from: START, to: START + 2 * HOUR } as const;
    const day = await deviceAvailability(sql, { ...window, now: START + 2 * HOUR });
    assert.deepEqual([day.uptimeMs, day.downtimeMs, day.unknownMs], [HOUR, HOUR, 0]);
    const early = { ...window, from: START - HOUR, to: START, now: START };
    assert.equal((await deviceAvailability(sql, early)).availability, 1);
    const stale = await deviceAvailability(sql, { ...early, stalenessMs: HOUR });
    assert.deepEqual([stale.uptimeMs, stale.unknownMs], [HOUR / 2, HOUR / 2]);
  }));

Deno.test("a store that said when it is open is up or down only then", () =>
  given([
    // Friday 2026-05-01, 12:00 UTC is 17:45 in Kathmandu.
    fact("store-1", "ScheduleSet", 0, {
      timezone_str: "Asia/Kathmandu",
      hours: [{ day: 4, start_time_local: "09:00:00", end_time_local: "19:00:00" }],
    }),
    fact("store-1", "PollReported", 30, { status: "inactive" }),
    fact("store-1", "PollReported", 60, { status: "active" }),
  ], async (sql) => {
    const window = { kind: "store", id: "1", from: START, to: START + 3 * HOUR } as const;
    const evening = await deviceAvailability(sql, { ...window, now: START + 2 * HOUR });
    assert.deepEqual(
      [evening.uptimeMs, evening.downtimeMs, evening.unknownMs, evening.closedMs].map((ms) =>
        ms / 60_000
      ),
      [15, 60, 0, 45],
    );
    assert.equal(evening.intervals.at(-1)?.condition, "closed");
  }));

Deno.test("other devices are unknown before their first report and three intervals after the last", () => {
  const reports = Array.from({ length: 61 }, (_, i) => atm("A", i, i < 30 ? "online" : "error", 1));
  return given(reports, async (sql) => {
    const window = { kind: "atm", id: "A", from: START - HOUR, to: START + 3 * HOUR } as const;
    const result = await deviceAvailability(sql, { ...window, now: START + 2 * HOUR });
    const minutes = (ms: number) => ms / 60_000;
    assert.deepEqual(
      [result.stalenessMs, result.uptimeMs, result.downtimeMs, result.unknownMs].map((ms) =>
        minutes(ms ?? NaN)
      ),
      [3, 30, 33, 117],
    );
    assert.equal(result.to, START + 2 * HOUR);

    // The last one before the window leads it, also from an earlier chunk.
    const from = START + 2 * HOUR;
    assert.deepEqual(await readObservations(sql, "atm", "A", from, from + HOUR), [
      { at: START + HOUR, status: "error" },
    ]);
    assert.deepEqual(await readObservations(sql, "atm", "A", START - HOUR, START), [
      { at: START, status: "online" },
    ]);
    assert.equal((await readObservations(sql, "atm", "A", START + 1, START + HOUR)).length, 60);
  });
});

Deno.test("quarantined messages are read as text or base64, and leave the list once sent again", () =>
  given([], async (sql) => {
    const add = (sequence: number, payload: Uint8Array) =>
      sql`
        insert into quarantine values (0, 1, 0, ${sequence}, 'devices.atm.A.telemetry', '{}',
          ${payload}, 'not-json', 'Cannot read it', now(), now())`;
    await add(7, new TextEncoder().encode("{oops"));
    await add(9, new Uint8Array([0xff, 0xfe]));
    const first = await listQuarantine(sql, { limit: 1 });
    assert.deepEqual(
      [first.messages[0]?.id, first.messages[0]?.payload, first.messages[0]?.encoding],
      ["0-0-9", "//4=", "base64"],
    );
    const second = await listQuarantine(sql, { limit: 1, cursor: first.next });
    assert.deepEqual([second.messages[0]?.payload, second.next], ["{oops", undefined]);
    await markResubmitted(sql, "0-0-7", 12);
    assert.equal((await listQuarantine(sql, { limit: 9, code: "not-json" })).messages.length, 1);
    assert.equal(
      (await listQuarantine(sql, { limit: 9, includeResubmitted: true })).messages.length,
      2,
    );
    assert.equal((await getQuarantined(sql, "0-0-7"))?.resubmittedAs, 12);
    assert.equal(await getQuarantined(sql, "0-0-8"), undefined);
    assert.equal(await getQuarantined(sql, "nonsense"), undefined);
  }));
