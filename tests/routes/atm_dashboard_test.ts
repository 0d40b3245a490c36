/** The ATM contract's analytics: every number is computed of what was reported. */
import assert from "node:assert/strict";
import type { Fact } from "../projections/log.ts";
import { NOW, withStage } from "./stage.ts";

const DAY = 86_400_000;

function facts(id: string, region: string | null, cash: number | null, daysAgo: number[]): Fact[] {
  const stream = `atm-${id}`;
  const at = (days: number) => NOW - days * DAY;
  const first = at(Math.max(...daysAgo));
  return [
    { stream, type: "DeviceDescribed", data: { region }, occurredAt: first },
    ...daysAgo.map((days): Fact => ({
      stream,
      type: "TelemetryReported",
      data: {
        atm_id: id,
        status: "online",
        ...(cash === null ? {} : { cash_level_percent: cash }),
      },
      occurredAt: at(days),
    })),
    { stream, type: "StatusChanged", data: { from: null, to: "online" }, occurredAt: first },
  ];
}

Deno.test("analytics count atms by level, status and region, and reports by day", () =>
  withStage(async ({ app, record }) => {
    await record([
      ...facts("A", "MALL", 19.99, [0, 1, 1]),
      ...facts("B", "MALL", 20, [0]),
      ...facts("C", "AIRPORT", 79.5, [6, 7]),
      ...facts("D", null, 80, [6]),
      ...facts("E", null, null, [2]),
      ...facts("F", "MALL", 5, [3]),
      {
        stream: "atm-F",
        type: "DeviceDecommissioned",
        data: { by: "anna" },
        occurredAt: NOW - DAY,
      },
    ]);
    const body = await (await app.request("/api/v1/analytics/data")).json();
    assert.deepEqual(body.overview, {
      total_atms: 5,
      online_atms: 5,
      avg_cash_level: 49.87,
      critical_alerts: 0,
    });
    assert.deepEqual(body.cash_levels, [
      { range: "<20", count: 1 },
      { range: "20-50", count: 1 },
      { range: "50-80", count: 1 },
      { range: ">=80", count: 1 },
    ]);
    assert.deepEqual(body.status_data, { online: 5 });
    assert.deepEqual(body.region_data, { AIRPORT: 1, MALL: 2, unknown: 2 });
    assert.deepEqual(
      body.weekly_trends.map(({ date, reports }: { date: string; reports: number }) => [
        date.slice(5),
        reports,
      ]),
      [
        ["06-09", 2],
        ["06-10", 0],
        ["06-11", 0],
        ["06-12", 1],
        ["06-13", 1],
        ["06-14", 2],
        ["06-15", 2],
      ],
    );
  }));
