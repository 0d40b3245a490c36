/** An ATM's trouble on its whole way: told over NATS or HTTP, decided, shown, dealt with. */
import assert from "node:assert/strict";
import { posted } from "../routes/stage.ts";
import { startTelltale } from "../support/telltale.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

Deno.test("an atm's alerts: triggered once, watched, acknowledged, resolved, and quiet for their cooldown", async (t) => {
  const telltale = await startTelltale();
  const api = `${telltale.url}/api/v1`;
  const begin = Date.now() - 12 * HOUR_MS;

  async function ask(path: string, init?: RequestInit) {
    const response = await fetch(`${api}${path}`, init);
    return { status: response.status, body: await response.json() };
  }

  /** Resolves when the read models have it. */
  async function tell(minutes: number, fields: object): Promise<void> {
    const timestamp = new Date(begin + minutes * MINUTE_MS).toISOString();
    const report = { atm_id: "ATM-1", timestamp, status: "online", ...fields };
    const { body } = await ask("/telemetry/atm/ATM-1/telemetry?wait=log", posted(report));
    assert.equal(body.outcome, "recorded");
    const { partition, offset } = body.events.at(-1);
    await ask(`/atms/ATM-1?after=${partition}:${offset}`);
  }

  async function alerts(query = "") {
    const { body } = await ask(`/alerts?${query}`);
    return body.alerts.map(
      ({ alert_type, severity, status, occurrences }: Record<string, unknown>) =>
        [alert_type, severity, status, occurrences].join(" "),
    );
  }

  try {
    await t.step("one trouble is one alert, worse and milder, gone and back", async () => {
      await tell(0, { cash_level_percent: 50 });
      assert.deepEqual(await alerts(), []);
      const socket = new WebSocket(`${api.replace("http", "ws")}/ws/alerts`);
      const told: string[] = [];
      const begun = new Promise<void>((resolve) => {
        socket.onmessage = ({ data }) => {
          const { type, data: { action } } = JSON.parse(data);
          if (type === "alerts_initial") resolve();
          if (type === "alert_update") told.push(action);
        };
      });
      await begun;
      await tell(1, { temperature_celsius: 39 });
      await tell(2, { temperature_celsius: 39 });
      assert.deepEqual(await alerts(), ["high-temperature high active 1"]);
      await tell(3, { temperature_celsius: 41 });
      assert.deepEqual(await alerts(), ["high-temperature critical active 2"]);
      await tell(4, { temperature_celsius: 30 });
      assert.deepEqual(await alerts(), ["high-temperature critical resolved 2"]);
      await tell(60, { temperature_celsius: 39 });
      assert.deepEqual(await alerts(), ["high-temperature critical active 3"]);
      await tell(61, { temperature_celsius: 30 });
      await tell(400, { temperature_celsius: 39 });
      assert.deepEqual(await alerts("status=active"), ["high-temperature high active 1"]);
      await tell(401, { temperature_celsius: 30 });
      const expected = [
        "triggered",
        "resolved",
        "raised_again",
        "resolved",
        "raised_again",
        "resolved",
        "triggered",
        "resolved",
      ];
      const patience = Date.now() + 5_000;
      while (told.length < expected.length && Date.now() < patience) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.deepEqual(told, expected);
      socket.close();
    });

    await t.step("people acknowledge it, end it, and are left in peace", async () => {
      await tell(410, { cpu_usage_percent: 90 });
      const { body: { alerts: [alert] } } = await ask("/alerts?status=active");
      const put = (body: object) =>
        ask(`/alerts/${alert.id}`, { ...posted({ ...body, by: "anna" }), method: "PUT" });
      assert.equal((await put({ status: "acknowledged" })).body.status, "acknowledged");
      assert.equal((await put({ status: "resolved" })).body.resolved_by, "anna");
      await tell(411, { cpu_usage_percent: 90 });
      assert.deepEqual(await alerts("alert_type=high-cpu"), ["high-cpu high resolved 1"]);
      await tell(412, { cpu_usage_percent: 96 });
      assert.deepEqual(await alerts("alert_type=high-cpu&status=active"), [
        "high-cpu critical active 1",
      ]);
    });

    await t.step("somebody reports what no report shows", async () => {
      const words = { atm_id: "atm-1", severity: "low", message: "Graffiti", by: "anna" };
      const made = await ask("/alerts", posted(words));
      assert.deepEqual([made.status, made.body.alert_type], [201, "reported"]);
      assert.deepEqual((await ask("/alerts", posted(words))).body.code, "alarm-open");
      const { body } = await ask("/alerts/stats");
      assert.deepEqual([body.active, body.open_by_severity.low], [2, 1]);
    });

    await t.step("metrics count what was triggered", async () => {
      const text = await (await fetch(`${telltale.url}/metrics`)).text();
      for (
        const line of [
          'alerts_triggered_total{severity="high",rule_type="high-temperature"} 2',
          'alerts_triggered_total{severity="critical",rule_type="high-cpu"} 1',
          'atm_status_count{status="online"} 1',
        ]
      ) assert.ok(text.includes(line), line);
    });
  } finally {
    await telltale.stop();
  }
});
