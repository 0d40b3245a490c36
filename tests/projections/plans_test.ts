/** Queries stay quick as tables grow: on a hundred thousand rows they go by an index. */
import assert from "node:assert/strict";
import type { Sql } from "../../events/log/database.ts";
import { activityStats, countPerDay } from "../../projections/activity.ts";
import { listAlarms } from "../../projections/alarms.ts";
import { listAlerts } from "../../projections/alerts.ts";
import { countAtmAlerts, groupAtmAlerts, listAtmAlerts } from "../../projections/atm_alerts.ts";
import { readObservations } from "../../projections/availability.ts";
import { bearingAssessments, listHealthPoints } from "../../projections/bearing_assessments.ts";
import { getBearingHealth, listBearingHealth } from "../../projections/bearing_health.ts";
import { getDevice, listDevices } from "../../projections/devices.ts";
import { fleetKpis } from "../../projections/fleet.ts";
import { getMaintenance, listMaintenance } from "../../projections/maintenance.ts";
import { projections } from "../../projections/mod.ts";
import { getPrediction, listPredictions } from "../../projections/predictions.ts";
import {
  countAnomalies,
  listReadings,
  readings,
  readingsAfter,
} from "../../projections/readings.ts";
import { rebuildAll } from "../../projections/rebuild.ts";
import { listScores, riskScores } from "../../projections/risk_scores.ts";
import { currentRisks, highestRisks } from "../../projections/risks.ts";
import { readDayCounts } from "../../projections/scoreboard.ts";
import type { Projection } from "../../projections/projection.ts";
import { forgetOld, KEPT_BY_DEFAULT } from "../../projections/retention.ts";
import { readTrend, trends } from "../../projections/trends.ts";
import { findVibration, listVibration } from "../../projections/vibration.ts";
import { countStatuses } from "../../projections/vibration_counts.ts";
import { freshDatabase } from "../support/servers.ts";

const NOW = Date.UTC(2026, 4, 1);

async function fill(sql: Sql): Promise<void> {
  await sql`
    insert into trends select 'atm-' || device, 60, to_timestamp(minute * 60), '{"x":[1,1,1,1,1,1]}'
    from generate_series(1, 100) device, generate_series(1, 1000) minute`;
  await sql`
    insert into availability select 'atm-' || device, to_timestamp(chunk * 900), '{online}', '\\x00'
    from generate_series(1, 100) device, generate_series(1, 1000) chunk`;
  await sql`
    insert into alarms select 'atm-' || device, 'silent', to_timestamp(n * 60), 'low', '', null, null,
      case when n < 1000 then to_timestamp(n * 60 + 1) end
    from generate_series(1, 100) device, generate_series(1, 1000) n`;
  await sql`
    insert into activity select 'atm', 0, n::text, to_timestamp(n * 60), 1, now(), now()
    from generate_series(1, 100000) n`;
  await sql`
    insert into devices select 'atm', 'A-' || n, 'Cash ' || n, 'MALL', 'level ' || n, 'active', '{}',
      'online', now(), false, null, now(), now(), now(), 1, ${
    JSON.stringify({ note: "x".repeat(300) })
  },
      '{cash_level_percent,cpu_usage_percent,temperature_celsius}', '{1,2,3}', 0, false
    from generate_series(1, 10000) n`;
  // A hundred days of a thousand sensors, each row a reading: 1.2 kB of it is what 64 take.
  await sql`
    insert into readings select 'sensor-S' || sensor, day, day, 'type ' || sensor % 10, '',
      'place ' || sensor % 100, to_timestamp(day * 86400), to_timestamp(day * 86400 + sensor), 1, 0,
      decode(repeat('00', 19), 'hex')
    from generate_series(1, 1000) sensor, generate_series(20000, 20099) day`;
  await sql`
    insert into alerts select 'sensor-S' || sensor, n, 'low', to_timestamp(n * 60),
      to_timestamp(n * 60), null, 1, to_timestamp(n * 60), '{}', now(), 'x'
    from generate_series(1, 100) sensor, generate_series(1, 1000) n`;
  await sql`
    insert into vibration select 'machine-M' || machine, n, 'R' || machine || '-' || n, 'B' || n % 4,
      'H-Axis', to_timestamp(n * 60), 'Normal', null, 1, 2, 3, 4, 5, 6, 7, 8, 9
    from generate_series(1, 100) machine, generate_series(1, 1000) n`;
  await sql`
    insert into bearing_assessments select 'machine-M' || machine, n, 'B' || n % 4,
      to_timestamp(n * 60), 0, 1, false, null
    from generate_series(1, 100) machine, generate_series(1, 1000) n`;
  await sql`
    insert into bearing_health select 'machine-M' || n, 'DE', '{}', now(), null, null, null
    from generate_series(1, 10000) n`;
  await sql`
    insert into vibration_hours select 0, n, '{1,0,0,0,0}' from generate_series(1, 20000) n`;
  await sql`
    insert into atm_alerts select 'atm-' || device, 'low-cash', to_timestamp(n * 60), 'high', '',
      to_timestamp(n * 60), 1, null, null, case when n < 1000 then to_timestamp(n * 60 + 1) end, null
    from generate_series(1, 100) device, generate_series(1, 1000) n`;
  await sql`
    insert into predictions select 'atm-' || device || '.' || n, 'atm-' || device, '',
      to_timestamp(n * 86400), 'model', '{}', null, null,
      case when n < 1000 then to_timestamp(n * 86400 + 1) end, null,
      case when n < 999 then 'false-alarm' end, null, null, null
    from generate_series(1, 100) device, generate_series(1, 1000) n`;
  await sql`
    insert into risks select 'atm-A-' || n, '', now(), n / 10000.0, 4, 'model', null,
      to_timestamp(${NOW / 1000}) from generate_series(1, 10000) n`;
  await sql`
    insert into risk_scores select 'atm-' || device, '', day, '{model}', 1, '\\x000000000000000000'
    from generate_series(1, 100) device, generate_series(1, 1000) day`;
  await sql`
    insert into scoreboard (owner, part, model, day, watched)
    select 'atm-' || n, '', '', 0, '{}' from generate_series(1, 10000) n`;
  await sql`
    insert into maintenance select 'e-' || device || '-' || n, 'atm-' || device, '', 'recommended',
      '', null, null, null, null, null, null, to_timestamp(n * 60),
      case when n < 1000 then to_timestamp(n * 60 + 1) end, null
    from generate_series(1, 100) device, generate_series(1, 1000) n`;
  await sql`analyze`;
}

/** Runs the question with sequential scans counted; PostgreSQL keeps the count per table. */
async function scansOf(sql: Sql, table: string, ask: () => Promise<unknown>): Promise<number> {
  const count = async () => {
    await sql`select pg_stat_force_next_flush()`;
    const [row] = await sql`select seq_scan as n from pg_stat_user_tables where relname = ${table}`;
    return Number(row?.n);
  };
  const before = await count();
  await ask();
  return await count() - before;
}

Deno.test("questions about one device or the newest alarms never read a table from end to end", async () => {
  const { close, connect } = await freshDatabase();
  // One connection, so that its statistics are those of the questions asked.
  const sql = connect("plans", 1);
  const maker = connect("maker");
  try {
    await rebuildAll(maker, projections);
    // What a connection has scanned is counted when it ends, at the latest: making an index counts.
    await maker.end();
    await fill(sql);
    const range = { from: 0, to: NOW };
    const device = { kind: "atm", id: "7" };
    const pastDay = { from: 20_010 * 86_400_000, to: 20_011 * 86_400_000 };
    const bearing = { machineId: "M7", part: "B1" };
    const questions: [string, () => Promise<unknown>][] = [
      ["bearing_health", () => listBearingHealth(sql, "M7")],
      ["bearing_health", () => getBearingHealth(sql, "M7", "DE")],
      ["bearing_assessments", () => listHealthPoints(sql, { ...bearing, ...range, limit: 10 })],
      [
        "bearing_assessments",
        () =>
          forgetOld(sql, bearingAssessments as Projection, "bearing_assessments", KEPT_BY_DEFAULT),
      ],
      [
        "trends",
        () =>
          readTrend(sql, {
            ...device,
            ...range,
            metric: "x",
            resolution: 60,
            limit: 500,
            minutesDays: 1,
          }),
      ],
      ["availability", () => readObservations(sql, "atm", "7", 900_000 * 500, 900_000 * 600)],
      ["availability", () => readObservations(sql, "atm", "none", 0, 900_000)],
      ["alarms", () => listAlarms(sql, { limit: 50 })],
      ["alarms", () => listAlarms(sql, { state: "all", limit: 50 })],
      ["alarms", () => listAlarms(sql, { ...device, state: "all", limit: 50 })],
      ["atm_alerts", () => listAtmAlerts(sql, { page: 0, limit: 50 })],
      ["atm_alerts", () => listAtmAlerts(sql, { status: "open", page: 0, limit: 50 })],
      ["atm_alerts", () => listAtmAlerts(sql, { severity: "low", page: 0, limit: 50 })],
      ["atm_alerts", () => listAtmAlerts(sql, { reason: "error", page: 0, limit: 50 })],
      ["atm_alerts", () => listAtmAlerts(sql, { atmId: "7", page: 0, limit: 50 })],
      ["atm_alerts", () => countAtmAlerts(sql, { status: "open" })],
      ["atm_alerts", () => countAtmAlerts(sql, { atmId: "7" })],
      ["atm_alerts", () => groupAtmAlerts(sql, { since: 990 * 60_000, now: 1000 * 60_000 })],
      ["activity", () => activityStats(sql, "atm", 100_000 * 60_000)],
      ["activity", () => countPerDay(sql, "atm", { from: 0, to: 7 * 86_400_000 })],
      ["devices", () => getDevice(sql, "atm", "A-77")],
      ["devices", () => listDevices(sql, { limit: 100 })],
      ["devices", () => listDevices(sql, { kind: "atm", limit: 100 })],
      ["readings", () => listReadings(sql, { limit: 100 })],
      ["readings", () => listReadings(sql, { sensorId: "S7", limit: 100 })],
      ["readings", () => listReadings(sql, { sensorType: "type 3", limit: 100 })],
      ["readings", () => listReadings(sql, { location: "place 77", limit: 100 })],
      ["readings", () => listReadings(sql, { ...pastDay, limit: 100 })],
      ["readings", () => listReadings(sql, { ...pastDay, sensorId: "S7", limit: 100 })],
      ["readings", () => readingsAfter(sql, "S7", pastDay.from, 50)],
      ["readings", () => countAnomalies(sql, pastDay.from)],
      ["alerts", () => listAlerts(sql, { limit: 100 })],
      ["alerts", () => listAlerts(sql, { resolved: false, limit: 100 })],
      ["alerts", () => listAlerts(sql, { severity: "high", limit: 100 })],
      ["alerts", () => listAlerts(sql, { sensorId: "S7", limit: 100 })],
      ["vibration", () => listVibration(sql, { limit: 100 })],
      ["vibration", () => listVibration(sql, { machineId: "M7", limit: 100 })],
      ["vibration", () => listVibration(sql, { machineId: "M7", bearing: "B3", limit: 100 })],
      ["vibration", () => listVibration(sql, { bearing: "B3", from: 0, to: 60_000, limit: 100 })],
      ["vibration", () => findVibration(sql, "R7-77")],
      ["vibration", () => findVibration(sql, "M7@77")],
      ["vibration", () => countStatuses(sql, { from: 90_000, to: 50 * 3_600_000 + 1 })],
      ["vibration_hours", () => countStatuses(sql, { from: 90_000, to: 50 * 3_600_000 })],
      ["predictions", () => listPredictions(sql, { limit: 50 })],
      ["predictions", () => listPredictions(sql, { state: "open", limit: 50 })],
      ["predictions", () => listPredictions(sql, { ...device, limit: 50 })],
      ["predictions", () => listPredictions(sql, { kind: "atm", limit: 50 })],
      ["predictions", () => listPredictions(sql, { outcome: "miss", limit: 50 })],
      ["predictions", () => getPrediction(sql, "atm-7.7")],
      ["risks", () => highestRisks(sql, { kind: "atm", threshold: 0.7, limit: 20, now: 0 })],
      ["risks", () => currentRisks(sql, "atm", "A-7", 0)],
      ["risk_scores", () => listScores(sql, { ...device, from: 0, to: NOW, limit: 500 })],
      ["scoreboard", () => readDayCounts(sql, ["atm", "machine"], { from: 0, to: 99_999 })],
      ["maintenance", () => listMaintenance(sql, { limit: 50 })],
      ["maintenance", () => listMaintenance(sql, { state: "open", limit: 50 })],
      ["maintenance", () => listMaintenance(sql, { ...device, limit: 50 })],
      ["maintenance", () => getMaintenance(sql, "e-7-7")],
      [
        "risk_scores",
        () => forgetOld(sql, riskScores as Projection, "risk_scores", KEPT_BY_DEFAULT),
      ],
      ["trends", () => forgetOld(sql, trends as Projection, "trends", KEPT_BY_DEFAULT)],
      ["readings", () => forgetOld(sql, readings as Projection, "readings", KEPT_BY_DEFAULT)],
    ];
    // A search by part of a name has to look at every device: so the count does count.
    assert.equal(await scansOf(sql, "devices", () => listDevices(sql, { q: "x", limit: 9 })), 1);
    for (const [table, ask] of questions) {
      assert.equal(await scansOf(sql, table, ask), 0, `${ask} scanned ${table}`);
    }
  } finally {
    await maker.end();
    await sql.end();
    await close();
  }
});

Deno.test("lists and KPIs of ten thousand devices take well under a tenth of a second", async () => {
  const { sql, close } = await freshDatabase();
  try {
    await rebuildAll(sql, projections);
    await fill(sql);
    const times: Record<string, number[]> = { list: [], search: [], kpis: [] };
    for (let i = 0; i < 21; i++) {
      for (
        const [name, ask] of [
          ["list", () => listDevices(sql, { limit: 100, region: "MALL" })],
          ["search", () => listDevices(sql, { limit: 100, q: "level 9999" })],
          ["kpis", () => fleetKpis(sql)],
        ] as const
      ) {
        const began = performance.now();
        await ask();
        times[name]?.push(performance.now() - began);
      }
    }
    for (const [name, list] of Object.entries(times)) {
      const median = list.sort((a, b) => a - b)[10] ?? Infinity;
      assert.ok(median < 100, `${name} took ${median} ms`);
    }
  } finally {
    await close();
  }
});
