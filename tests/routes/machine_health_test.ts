import assert from "node:assert/strict";
import type { BearingAssessed } from "../../events/machine.ts";
import type { Fact } from "../projections/log.ts";
import { NOW, type Stage, withStage } from "./stage.ts";

const HOUR = 3_600_000;

const WORN: BearingAssessed = {
  part: "DE",
  toLearn: 0,
  index: 0.62,
  growth: 3.1,
  alarm: true,
  worseSince: new Date(NOW - 40 * HOUR).toISOString(),
  zone: "Alert",
  fault: { name: "outer", confidence: 0.8 },
  ageHours: 4_000,
  remaining: { expectedHours: 140, earliestHours: 8, latestHours: 2_400 },
  atThisPace: null,
  probability: 0.55,
  horizonHours: 168,
  model: "bearing-wear-1",
};

function assessed(hoursAgo: number, data: Partial<BearingAssessed>): Fact {
  const occurredAt = NOW - hoursAgo * HOUR;
  return {
    stream: "machine-M1",
    type: "BearingAssessed",
    data: { ...WORN, ...data },
    occurredAt,
  };
}

async function get(stage: Stage, path: string) {
  const response = await stage.app.request(`/api/v1${path}`);
  return { status: response.status, body: await response.json() };
}

const REGISTERED: Fact = {
  stream: "machine-M1",
  type: "DeviceRegistered",
  data: { kind: "machine", id: "M1" },
  occurredAt: NOW - 100 * HOUR,
};

Deno.test("a machine's health is that of its bearings, as it was said last", () =>
  withStage(async (stage) => {
    const quiet = { growth: 1, index: 0.05, alarm: false, worseSince: null, remaining: null };
    await stage.record([
      REGISTERED,
      assessed(30, { ...quiet, part: "NDE", probability: 0.01 }),
      assessed(20, quiet),
      assessed(2, {}),
      assessed(1, { part: "X|Y, %_'", toLearn: 40, probability: null, index: 0 }),
    ]);
    const { status, body } = await get(stage, "/machines/M1/health");
    assert.equal(status, 200);
    assert.equal(body.index, 0.62);
    const shown = body.bearings.map((one: Record<string, unknown>) => [one.bearing, one.state]);
    assert.deepEqual(shown, [["DE", "alarm"], ["NDE", "normal"], ["X|Y, %_'", "learning"]]);
    const [worn] = body.bearings;
    assert.equal(worn.risk_level, "medium");
    assert.equal(worn.worse_since, WORN.worseSince);
    assert.deepEqual(worn.fault, WORN.fault);
    assert.deepEqual(worn.remaining, {
      expected_hours: 140,
      earliest_hours: 8,
      latest_hours: 2_400,
    });
  }));

Deno.test("a bearing that was described and not yet heard is there, and nothing is said of it", () =>
  withStage(async (stage) => {
    await stage.record([
      REGISTERED,
      assessed(1, {}),
      { ...REGISTERED, type: "BearingDescribed", data: { _id: "NDE", position: "left" } },
    ]);
    const { body } = await get(stage, "/machines/M1/health");
    assert.deepEqual(
      body.bearings.map(({ bearing, index }: Record<string, unknown>) => [bearing, index]),
      [["DE", 0.62], ["NDE", null]],
    );
    const one = await get(stage, "/machines/M1/bearings/NDE/health");
    assert.deepEqual([one.status, one.body.state, one.body.points], [200, null, []]);
  }));

Deno.test("one bearing comes with its points over time, the newest where there are more", () =>
  withStage(async (stage) => {
    const points = Array.from(
      { length: 30 },
      (_, i) => assessed(60 - 2 * i, { growth: 1 + i / 10, index: i / 50 }),
    );
    await stage.record([REGISTERED, ...points, assessed(3, { part: "NDE", growth: 9 })]);
    const { body } = await get(stage, "/machines/M1/bearings/DE/health?limit=10");
    const growths = body.points.map(({ growth }: { growth: number }) => growth);
    assert.deepEqual(growths, points.slice(-10).map(({ data }) => data.growth));
    assert.equal(body.points.at(-1).at, new Date(NOW - 2 * HOUR).toISOString());
    assert.equal(body.growth, growths.at(-1));
    const from = new Date(NOW - 12 * HOUR).toISOString();
    const later = await get(stage, `/machines/M1/bearings/DE/health?from=${from}`);
    assert.equal(later.body.points.length, 6);
  }));

Deno.test("a bearing that has failed says since when, and a renewed one begins anew", () =>
  withStage(async (stage) => {
    const beganAt = new Date(NOW - HOUR).toISOString();
    const failed = { part: "DE", beganAt, code: "worn-out" };
    await stage.record([
      REGISTERED,
      assessed(3, {}),
      { stream: "machine-M1", type: "FailureObserved", data: failed, occurredAt: NOW - HOUR },
      // Others fail, too.
      {
        stream: "atm-A",
        type: "FailureObserved",
        data: { beganAt, code: "E005" },
        occurredAt: NOW,
      },
    ]);
    const before = await get(stage, "/machines/M1/bearings/DE/health");
    assert.equal(before.body.state, "failed");
    assert.deepEqual(before.body.failure, { began_at: beganAt, code: "worn-out" });
    const renewed = { part: "DE", by: "anna" };
    await stage.record([
      { stream: "machine-M1", type: "PartRenewed", data: renewed, occurredAt: NOW },
    ]);
    const after = await get(stage, "/machines/M1/bearings/DE/health");
    assert.deepEqual(
      [after.body.state, after.body.index, after.body.failure],
      [null, null, null],
    );
    assert.equal(after.body.renewed_at, new Date(NOW).toISOString());
    assert.equal(after.body.points.length, 1);
  }));

Deno.test("a machine that names no bearings is asked for as itself", () =>
  withStage(async (stage) => {
    const { part: _, ...whole } = WORN;
    await stage.record([
      REGISTERED,
      { stream: "machine-M1", type: "BearingAssessed", data: whole, occurredAt: NOW - HOUR },
    ]);
    const { status, body } = await get(stage, "/machines/M1/bearings/-/health");
    assert.deepEqual([status, body.bearing, body.points.length], [200, null, 1]);
  }));

Deno.test("what there is not is said in a sentence, and wrong questions are named", () =>
  withStage(async (stage) => {
    await stage.record([REGISTERED]);
    for (
      const [path, status, code] of [
        ["/machines/M2/health", 404, "device-unknown"],
        ["/machines/M2/bearings/DE/health", 404, "device-unknown"],
        ["/machines/M1/bearings/DE/health", 404, "bearing-unknown"],
        ["/machines/M1/bearings/DE/health?limit=0", 422, "invalid-request"],
        ["/machines/M1/bearings/DE/health?from=soon", 422, "invalid-request"],
        ["/machines/a%20b/health", 422, "invalid-request"],
      ] as const
    ) {
      const found = await get(stage, path);
      assert.deepEqual([found.status, found.body.code], [status, code], path);
    }
    const { body } = await get(stage, "/machines/M1/health");
    assert.deepEqual([body.index, body.bearings], [null, []]);
  }));

Deno.test("trend alarms of all parts are asked for together, page by page, whatever a part is called", () =>
  withStage(async (stage) => {
    const parts = ["DE", "X|Y\n2026", "100 %_'"];
    const raised = parts.map((part, i): Fact => ({
      stream: "machine-M1",
      type: "AlarmRaised",
      data: { reason: `trend:${part}`, severity: "high", message: "more" },
      occurredAt: NOW - i * HOUR,
    }));
    const other = { reason: "error", severity: "critical", message: "zone D" };
    const cleared = { reason: "trend:DE", raisedAt: new Date(NOW).toISOString() };
    await stage.record([
      REGISTERED,
      ...raised,
      { stream: "machine-M1", type: "AlarmRaised", data: other, occurredAt: NOW },
      { stream: "machine-M1", type: "AlarmCleared", data: cleared, occurredAt: NOW + 1 },
    ]);
    const reasons: string[] = [];
    let next = "";
    do {
      const page: string = next === "" ? "" : `&cursor=${next}`;
      const { body } = await get(stage, `/alarms?reason=trend&state=all&limit=1${page}`);
      reasons.push(...body.alarms.map(({ reason }: { reason: string }) => reason));
      next = body.next ?? "";
    } while (next !== "");
    assert.deepEqual(reasons, parts.map((part) => `trend:${part}`));
    const open = await get(stage, "/alarms?reason=trend");
    assert.equal(open.body.alarms.length, 2);
  }));
