import assert from "node:assert/strict";
import { projections } from "../../projections/mod.ts";
import {
  alertStatusOf,
  type AtmAlert,
  atmAlertId,
  countAtmAlerts,
  getAtmAlert,
  groupAtmAlerts,
  listAtmAlerts,
  parseAtmAlertId,
} from "../../projections/atm_alerts.ts";
import { rebuildAll } from "../../projections/rebuild.ts";
import type { Sql } from "../../events/log/database.ts";
import { freshDatabase } from "../support/servers.ts";
import { appendToLog, createRecorder, type Fact } from "./log.ts";

const NOON = Date.UTC(2026, 4, 1, 12);
const MINUTE = 60_000;
const iso = (minutes: number) => new Date(NOON + minutes * MINUTE).toISOString();

function fact(stream: string, type: string, minutes: number, data: Fact["data"]): Fact {
  return { stream, type, data, occurredAt: NOON + minutes * MINUTE };
}

function raised(minutes: number, severity: string, more: Fact["data"] = {}): Fact {
  const data = { reason: "high-cpu", severity, message: `at ${minutes}`, ...more };
  return fact("atm-A", "AlarmRaised", minutes, data);
}

function cleared(minutes: number, raisedAt: number, more: Fact["data"] = {}): Fact {
  return fact("atm-A", "AlarmCleared", minutes, {
    reason: "high-cpu",
    raisedAt: iso(raisedAt),
    ...more,
  });
}

async function folded(facts: readonly Fact[], test: (sql: Sql) => Promise<void>): Promise<void> {
  const database = await freshDatabase();
  try {
    await appendToLog(database.sql, createRecorder()(0, facts));
    await rebuildAll(database.sql, projections);
    await test(database.sql);
  } finally {
    await database.close();
  }
}

const listed = (sql: Sql) => listAtmAlerts(sql, { page: 0, limit: 10 });

function told({ times, severity, message, ...alert }: AtmAlert) {
  return [times, severity, message, alertStatusOf({ times, severity, message, ...alert })];
}

const acknowledged = fact("atm-A", "AlarmAcknowledged", 1, {
  reason: "high-cpu",
  raisedAt: iso(0),
  by: "anna",
});

Deno.test("alarms that go on with an alert are one row, which stays acknowledged", () =>
  folded([
    raised(0, "high"),
    acknowledged,
    cleared(2, 0),
    raised(3, "high", { alert: iso(0) }),
  ], async (sql) => {
    const [alert, ...others] = await listed(sql);
    assert.ok(alert !== undefined && others.length === 0);
    assert.deepEqual(told(alert), [2, "high", "at 3", "acknowledged"]);
    assert.deepEqual([alert.triggeredAt, alert.lastAt], [NOON, NOON + 3 * MINUTE]);
    assert.equal(alert.acknowledgedBy, "anna");
  }));

Deno.test("an alert that gets severer needs somebody again", () =>
  folded([
    raised(0, "high"),
    acknowledged,
    cleared(2, 0),
    raised(2, "critical", { alert: iso(0) }),
  ], async (sql) => {
    assert.deepEqual((await listed(sql)).map(told), [[2, "critical", "at 2", "active"]]);
  }));

Deno.test("an alert is resolved when its alarm is cleared, by whom if by somebody", () =>
  folded([
    raised(0, "high"),
    cleared(1, 0),
    raised(2, "high", { alert: iso(0) }),
    cleared(3, 2, { alert: iso(0), by: "anna" }),
  ], async (sql) => {
    const [alert] = await listed(sql);
    assert.deepEqual([alert?.resolvedAt, alert?.resolvedBy], [NOON + 3 * MINUTE, "anna"]);
  }));

Deno.test("alarms of other kinds of device are no alerts of ATMs", () =>
  folded([
    fact("store-1", "AlarmRaised", 0, { reason: "offline", severity: "high", message: "" }),
  ], async (sql) => assert.deepEqual(await listed(sql), [])));

Deno.test("alerts are found by what they are, newest first, and counted", () =>
  folded([
    raised(0, "high"),
    cleared(10, 0),
    raised(300, "critical"),
    fact("atm-B", "AlarmRaised", 301, { reason: "offline", severity: "high", message: "gone" }),
  ], async (sql) => {
    const ids = async (filter: Parameters<typeof countAtmAlerts>[1]) => {
      const found = await listAtmAlerts(sql, { ...filter, page: 0, limit: 10 });
      assert.equal(await countAtmAlerts(sql, filter), found.length);
      return found.map(({ atmId, triggeredAt }) => `${atmId} ${(triggeredAt - NOON) / MINUTE}`);
    };
    assert.deepEqual(await ids({}), ["B 301", "A 300", "A 0"]);
    assert.deepEqual(await ids({ status: "resolved" }), ["A 0"]);
    assert.deepEqual(await ids({ status: "active", severity: "critical" }), ["A 300"]);
    assert.deepEqual(await ids({ status: "acknowledged" }), []);
    assert.deepEqual(await ids({ atmId: "A", reason: "high-cpu" }), ["A 300", "A 0"]);
    assert.deepEqual(await ids({ from: NOON, to: NOON + 301 * MINUTE }), ["A 300", "A 0"]);
    const second = await listAtmAlerts(sql, { page: 1, limit: 1 });
    assert.deepEqual(second.map(({ atmId }) => atmId), ["A"]);

    const groups = await groupAtmAlerts(sql, { since: NOON + MINUTE, now: NOON + 302 * MINUTE });
    assert.deepEqual(
      groups.map(({ reason, status, count }) => [reason, status, count]).sort(),
      [["high-cpu", "active", 1], ["offline", "active", 1]],
    );
    const all = await groupAtmAlerts(sql, { since: NOON, now: NOON + 302 * MINUTE });
    assert.equal(all.find(({ status }) => status === "resolved")?.resolvedMinutes, 10);
  }));

Deno.test("an alert's id leads back to it, and other texts lead nowhere", () =>
  folded([{ ...raised(0, "high"), occurredAt: NOON + 0.123 }], async (sql) => {
    const [alert] = await listed(sql);
    assert.ok(alert);
    const id = atmAlertId(alert);
    assert.equal(id, `A.high-cpu.${NOON + 0.123}`);
    const name = parseAtmAlertId(id);
    assert.deepEqual(name && await getAtmAlert(sql, name), alert);
    for (const none of ["", "A", "A.high-cpu", "A.high-cpu.x", `A.b.c.${NOON}`, `é.b.${NOON}`]) {
      assert.equal(parseAtmAlertId(none), undefined, none);
    }
  }));
