/** The ATM contract's alerts, health and metrics over HTTP; the test plays the ATM's actor. */
import assert from "node:assert/strict";
import { parseAtmAlertId } from "../../projections/atm_alerts.ts";
import type { Fact } from "../projections/log.ts";
import { NOW, posted, type Stage, withStage } from "./stage.ts";

const MINUTE = 60_000;
const iso = (minutes: number) => new Date(NOW + minutes * MINUTE).toISOString();

function fact(id: string, type: string, minutes: number, data: Fact["data"]): Fact {
  return { stream: `atm-${id}`, type, data, occurredAt: NOW + minutes * MINUTE };
}

function raised(id: string, minutes: number, reason: string, severity: string): Fact {
  return fact(id, "AlarmRaised", minutes, { reason, severity, message: `${reason} there` });
}

function report(id: string, minutes: number, fields: Fact["data"] = {}): Fact {
  const data = { atm_id: id, timestamp: iso(minutes), status: "online", ...fields };
  return fact(id, "TelemetryReported", minutes, data);
}

function put(body: unknown): RequestInit {
  return { ...posted(body), method: "PUT" };
}

async function ask(stage: Stage, path: string, init: RequestInit = {}) {
  const response = await stage.app.request(`/api/v1${path}`, init);
  return { status: response.status, body: await response.json() };
}

/** As the actor would: each order leads to one event. */
function obey(stage: Stage, eventOf: (order: Record<string, string>) => Fact): void {
  stage.answer = async ({ payload }) => {
    const [event] = await stage.record([eventOf(JSON.parse(payload))]);
    assert.ok(event);
    const answer = { outcome: "recorded", events: [event] } as const;
    return { sequence: 1, duplicate: false, answer };
  };
}

Deno.test("alerts are listed newest first, by page and by what they are", () =>
  withStage(async (stage) => {
    await stage.record([
      raised("A", -90, "low-cash", "medium"),
      fact("A", "AlarmCleared", -80, { reason: "low-cash", raisedAt: iso(-90) }),
      raised("A", -60, "error", "critical"),
      raised("B", -30, "offline", "high"),
    ]);
    const { body } = await ask(stage, "/alerts?limit=2");
    assert.deepEqual([body.total, body.page, body.pages], [3, 0, 2]);
    assert.deepEqual(body.alerts[0], {
      id: `B.offline.${NOW - 30 * MINUTE}`,
      atm_id: "B",
      alert_type: "offline",
      severity: "high",
      message: "offline there",
      status: "active",
      timestamp: iso(-30),
      last_at: iso(-30),
      occurrences: 1,
      acknowledged_at: null,
      acknowledged_by: null,
      resolved_at: null,
      resolved_by: null,
    });
    const found = async (query: string) =>
      (await ask(stage, `/alerts?${query}`)).body.alerts.map(
        ({ alert_type }: { alert_type: string }) => alert_type,
      );
    assert.deepEqual(await found("limit=2&page=1"), ["low-cash"]);
    assert.deepEqual(await found("status=resolved"), ["low-cash"]);
    assert.deepEqual(await found("atm_id=a&status=active"), ["error"]);
    assert.deepEqual(await found("severity=high&alert_type=offline"), ["offline"]);
    assert.deepEqual(await found(`from=${iso(-60)}&to=${iso(-30)}`), ["error"]);
    const recent = await ask(stage, "/telemetry/alerts/recent?limit=1");
    assert.deepEqual(recent.body.alerts, [body.alerts[0]]);
  }));

Deno.test("alerts in numbers count the last days and whatever is open", () =>
  withStage(async (stage) => {
    await stage.record([
      raised("A", -60 * 24 * 40, "low-cash", "medium"),
      raised("A", -60 * 24 * 3, "error", "critical"),
      fact("A", "AlarmCleared", -60 * 24 * 3 + 30, {
        reason: "error",
        raisedAt: iso(-60 * 24 * 3),
      }),
      raised("B", -30, "offline", "high"),
      fact("B", "AlarmAcknowledged", -20, {
        reason: "offline",
        raisedAt: iso(-30),
        by: "anna",
      }),
    ]);
    const { body } = await ask(stage, "/alerts/stats?days=2");
    assert.deepEqual(body, {
      days: 2,
      total: 2,
      active: 1,
      acknowledged: 1,
      resolved: 0,
      last_24h: 1,
      by_severity: { low: 0, medium: 1, high: 1, critical: 0 },
      by_type: { "low-cash": 1, "offline": 1 },
      open_by_severity: { low: 0, medium: 1, high: 1, critical: 0 },
      avg_resolution_minutes: null,
      timestamp: iso(0),
    });
    assert.equal((await ask(stage, "/alerts/stats")).body.avg_resolution_minutes, 30);
  }));

Deno.test("an alert is acknowledged and resolved by orders to its atm", () =>
  withStage(async (stage) => {
    await stage.record([raised("A", -60, "error", "critical")]);
    const path = `/alerts/A.error.${NOW - 60 * MINUTE}`;
    assert.equal((await ask(stage, path)).body.status, "active");

    const types = { AcknowledgeAlarm: "AlarmAcknowledged", ResolveAlarm: "AlarmCleared" };
    obey(stage, ({ command, reason, by }) => {
      const type = types[command as keyof typeof types];
      return fact("A", type, -1, { reason, raisedAt: iso(-60), by });
    });
    const seen = await ask(stage, path, put({ status: "acknowledged", by: "anna" }));
    assert.deepEqual([seen.status, seen.body.status, seen.body.acknowledged_by], [
      200,
      "acknowledged",
      "anna",
    ]);
    const done = await ask(stage, path, put({ status: "resolved" }));
    assert.deepEqual([done.body.status, done.body.resolved_by], ["resolved", "operator"]);
    const orders = stage.sent.map(({ payload }) => JSON.parse(payload).command);
    assert.deepEqual(orders, ["AcknowledgeAlarm", "ResolveAlarm"]);

    assert.equal((await ask(stage, path, put({ status: "resolved" }))).status, 200);
    assert.equal((await ask(stage, path, put({ status: "acknowledged" }))).status, 409);
    assert.equal(stage.sent.length, 2, "what is resolved needs no order");
  }));

Deno.test("what the actor refuses is said in its words", () =>
  withStage(async (stage) => {
    await stage.record([raised("A", -60, "silent", "medium")]);
    stage.answer = () =>
      Promise.resolve({
        sequence: 1,
        duplicate: false,
        answer: { outcome: "rejected", code: "not-resolvable", reason: "Silence", events: [] },
      });
    const path = `/alerts/A.silent.${NOW - 60 * MINUTE}`;
    const { status, body } = await ask(stage, path, put({ status: "resolved" }));
    assert.deepEqual([status, body.code, body.detail], [409, "not-resolvable", "Silence"]);
  }));

Deno.test("somebody may report trouble at an atm there is", () =>
  withStage(async (stage) => {
    const words = { atm_id: "a", severity: "high", message: "The screen is broken" };
    assert.equal((await ask(stage, "/alerts", posted(words))).status, 404);
    await stage.record([report("A", -10)]);
    obey(stage, ({ severity, message, by }) =>
      fact("A", "AlarmRaised", -1, { reason: "reported", severity, message, by }));
    const { status, body } = await ask(stage, "/alerts", posted(words));
    assert.equal(status, 201);
    assert.deepEqual([body.alert_type, body.severity, body.message], [
      "reported",
      "high",
      "The screen is broken",
    ]);
    assert.ok(parseAtmAlertId(body.id));
  }));

Deno.test("nonsense about alerts is refused, and says why", () =>
  withStage(async (stage) => {
    const cases: [string, RequestInit, number, RegExp][] = [
      ["/alerts?status=open", {}, 422, /status/],
      ["/alerts?page=-1", {}, 422, /page/],
      ["/alerts?from=2026-02-02&to=2026-02-01", {}, 422, /before/],
      ["/alerts/stats?days=0", {}, 422, /days/],
      ["/alerts/nothing", {}, 404, /no alert .*nothing/],
      [`/alerts/A.error.${NOW}`, {}, 404, /no alert/],
      [`/alerts/A.error.${NOW}`, put({ status: "active" }), 422, /status/],
      ["/alerts", posted({ atm_id: "A", severity: "bad", message: "x" }), 422, /severity/],
      ["/alerts", posted("{"), 400, /JSON/],
      ["/alerts/rules/test", posted({ telemetry: { cash_level_percent: 101 } }), 422, /cash/],
      ["/alerts/rules/test", posted({}), 422, /telemetry/],
      ["/atms/NOBODY/health", {}, 404, /NOBODY/],
      ["/atms/A/health?hours=169", {}, 422, /hours/],
    ];
    for (const [path, init, expected, says] of cases) {
      const { status, body } = await ask(stage, path, init);
      assert.equal(status, expected, path);
      assert.match(JSON.stringify(body), says, path);
    }
    assert.deepEqual(stage.reported, []);
  }));

Deno.test("the rules can be read, and tried on a report without recording anything", () =>
  withStage(async (stage) => {
    const { body } = await ask(stage, "/alerts/rules");
    assert.equal(body.total, 12);
    assert.deepEqual(body.rules[0], {
      alert_type: "offline",
      condition: "status offline, or network_status disconnected: high",
      needs: ["status", "network_status"],
      cooldown_minutes: 240,
    });
    const cooldowns = body.rules.map(
      ({ cooldown_minutes }: { cooldown_minutes: number }) => cooldown_minutes,
    );
    assert.deepEqual(cooldowns, [240, 720, 480, 720, 360, 360, 240, 240, 480, 180, 10_080, 360]);

    const telemetry = {
      status: "error",
      error_code: "E007",
      cash_level_percent: 4,
      transaction_count: 50,
      failed_transaction_count: 6,
    };
    const tried = await ask(stage, "/alerts/rules/test", posted({ telemetry }));
    assert.deepEqual(
      tried.body.alerts.map(({ alert_type, severity }: Record<string, string>) => [
        alert_type,
        severity,
      ]),
      [["error", "critical"], ["critical-cash", "critical"], ["transaction-failures", "medium"]],
    );
    assert.ok(tried.body.not_judged.includes("high-cpu"));
    assert.equal(stage.sent.length, 0);
  }));

Deno.test("an atm's health is a number made of its last day, and of nothing else", () =>
  withStage(async (stage) => {
    await stage.record([
      report("A", -60 * 25, { status: "offline" }),
      report("A", -30, { cpu_usage_percent: 80, memory_usage_percent: 100 }),
      report("A", -20, { status: "error", cpu_usage_percent: 100 }),
      report("A", -10, { status: "offline" }),
      report("A", -5, {}),
      report("B", -60 * 30, {}),
    ]);
    const { body } = await ask(stage, "/atms/a/health");
    // 40 · 2/4 + 30 · 3/4 + (15 − 15 · 10/20) + (15 − 15).
    assert.equal(body.health_score, 20 + 22.5 + 7.5);
    assert.deepEqual([body.data_points, body.online_ratio, body.error_ratio], [4, 0.5, 0.25]);
    const quiet = await ask(stage, "/atms/B/health");
    assert.deepEqual([quiet.body.health_score, quiet.body.data_points], [50, 0]);
  }));

Deno.test("metrics tell of reports, statuses and alerts, and never name an atm", () =>
  withStage(async (stage) => {
    await stage.record([
      report("ATM-0815", -30),
      fact("ATM-0815", "StatusChanged", -30, { from: null, to: "online" }),
      report("ATM-0815", -20, { status: "offline" }),
      fact("ATM-0815", "StatusChanged", -20, { from: "online", to: "offline" }),
      raised("ATM-0815", -20, "offline", "high"),
      fact("ATM-0815", "AlarmCleared", -15, { reason: "offline", raisedAt: iso(-20) }),
      fact("ATM-0815", "AlarmRaised", -10, {
        reason: "offline",
        severity: "high",
        message: "",
        alert: iso(-20),
      }),
      { ...raised("1", -5, "offline", "high"), stream: "store-1" },
    ]);
    const text = await (await stage.app.request("/metrics")).text();
    for (
      const line of [
        'telemetry_messages_total{status="online"} 1',
        'telemetry_messages_total{status="offline"} 1',
        'atm_status_count{status="offline"} 1',
        'alerts_triggered_total{severity="high",rule_type="offline"} 1',
        'websocket_connections_active{connection_type="dashboard"} 0',
      ]
    ) assert.ok(text.split("\n").includes(line), line);
    assert.match(text, /http_requests_total|http_request_duration_seconds/);
    assert.doesNotMatch(text, /ATM-0815/);
  }));
