import assert from "node:assert/strict";
import { connect } from "@nats-io/transport-node";
import { jetstream } from "@nats-io/jetstream";
import { startTelltale } from "../support/telltale.ts";
import { posted } from "./stage.ts";

interface Answered {
  readonly status: number;
  // deno-lint-ignore no-explicit-any -- as many shapes as there are answers.
  readonly body: any;
}

Deno.test("what comes in over HTTP or NATS is recorded, answered and shown by a real Telltale", async (t) => {
  const telltale = await startTelltale();
  const api = `${telltale.url}/api/v1`;

  async function ask(path: string, init?: RequestInit): Promise<Answered> {
    const response = await fetch(`${api}${path}`, init);
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }

  try {
    await t.step(
      "the register of ATMs: made, read, changed, listed, taken out of service",
      async () => {
        const atm = { atm_id: "atm-9", name: "Main hall", region: "AIRPORT", location: "Gate 4" };
        const made = await ask("/atms", posted(atm));
        assert.equal(made.status, 201, JSON.stringify(made.body));
        assert.deepEqual(
          [made.body.atm_id, made.body.name, made.body.region, made.body.status],
          ["ATM-9", "Main hall", "AIRPORT", "active"],
        );
        const again = await ask("/atms", posted(atm));
        assert.deepEqual([again.status, again.body.code], [409, "already-registered"]);

        const put = { ...posted({ status: "maintenance" }), method: "PUT" };
        const changed = await ask("/atms/atm-9", put);
        assert.deepEqual(
          [changed.status, changed.body.status, changed.body.name],
          [200, "maintenance", "Main hall"],
        );
        assert.equal(
          (await ask("/atms?status=maintenance&search=hall&region=AIRPORT")).body.total,
          1,
        );
        assert.equal((await ask("/atms?status=active")).body.total, 0);

        assert.equal((await ask("/atms/atm-9", { method: "DELETE" })).status, 204);
        assert.equal((await ask("/atms/ATM-9")).body.status, "decommissioned");
        assert.equal((await ask("/atms/atm-9", { method: "DELETE" })).status, 409);
        assert.equal((await ask("/atms/NOBODY", put)).status, 404);
      },
    );

    await t.step("a report becomes an event, a state, a trend, an alarm and a row", async () => {
      const timestamp = new Date().toISOString();
      const report = { atm_id: "ATM-1", timestamp, status: "offline", cash_level_percent: 12 };
      const taken = await ask("/telemetry/atm/ATM-1/telemetry?wait=log", posted(report));
      assert.equal(taken.body.outcome, "recorded");
      const types = taken.body.events.map(({ type }: { type: string }) => type);
      assert.deepEqual(types, [
        "DeviceRegistered",
        "TelemetryReported",
        "StatusChanged",
        "AlarmRaised",
        "AlarmRaised",
      ]);
      const { partition, offset } = taken.body.events.at(-1);
      const after = `after=${partition}:${offset}`;
      assert.equal((await ask(`/devices/atm/atm-1?${after}`)).body.status, "offline");
      assert.equal((await ask("/devices/atm/atm-1/state")).body.state.status, "offline");
      const trend = await ask("/devices/atm/ATM-1/trends?metric=cash_level_percent&resolution=1m");
      assert.equal(trend.body.points[0].last, 12);
      const { alarms } = (await ask("/alarms?kind=atm&id=atm-1")).body;
      const reasons = alarms.map(({ reason }: { reason: string }) => reason);
      assert.deepEqual(reasons, ["offline", "low-cash"]);
      assert.equal((await ask("/telemetry/ATM-1/history")).body.data_points, 1);
      assert.equal((await ask("/telemetry/alerts/recent")).body.alerts[0].atm_id, "ATM-1");
      assert.equal((await ask("/telemetry/stats")).body.total_records, 1);
      assert.equal((await ask("/dashboard/stats")).body.offline_atms, 1);
      assert.deepEqual((await ask("/analytics/data")).body.cash_levels[0], {
        range: "<20",
        count: 1,
      });

      const repeat = await ask("/telemetry", posted(report));
      assert.equal(repeat.status, 200);
      assert.equal(
        (await ask("/telemetry/atm/ATM-1/telemetry?wait=log", posted(report))).body.outcome,
        "repeat",
      );
      const before = await ask(`/devices/atm/ATM-1/state?at=${timestamp.slice(0, 4)}-01-01`);
      assert.equal(before.status, 404, "it was not known then");
    });

    await t.step("an order is obeyed or refused by the actor", async () => {
      const path = "/devices/atm/ATM-1/commands";
      const order = { command: "AcknowledgeAlarm", reason: "offline", by: "night shift" };
      const obeyed = await ask(path, posted(order));
      assert.equal(obeyed.body.events[0].type, "AlarmAcknowledged");
      const refused = await ask(path, posted({ ...order, reason: "silent" }));
      assert.deepEqual([refused.status, refused.body.code], [409, "no-such-alarm"]);
      const alarm = (await ask(`/alarms?after=0:${obeyed.body.events[0].offset}`)).body.alarms[0];
      assert.equal(alarm.acknowledged_by, "night shift");
    });

    await t.step(
      "what was not understood is kept, and sent again once it is corrected",
      async () => {
        const connection = await connect({ servers: telltale.natsUrl });
        await jetstream(connection).publish("devices.sensor.S1.reading", `{"value": "warm"}`);
        await connection.close();
        let message;
        while (message === undefined) [message] = (await ask("/quarantine")).body.messages;
        assert.deepEqual([message.subject, message.code], [
          "devices.sensor.S1.reading",
          "wrong-shape",
        ]);

        const path = `/quarantine/${message.id}/resubmit`;
        const unfixed = await ask(path, { method: "POST" });
        assert.deepEqual([unfixed.status, unfixed.body.code], [422, "wrong-shape"]);
        const fixed = await ask(path, posted({ payload: { value: 21 } }));
        assert.equal(fixed.status, 200, JSON.stringify(fixed.body));
        assert.equal(fixed.body.events[1].type, "ReadingReported");
        assert.equal((await ask(path, posted({ payload: { value: 21 } }))).status, 409);
        assert.deepEqual((await ask("/quarantine")).body.messages, []);
        assert.equal(
          (await ask(`/quarantine/${message.id}`)).body.resubmitted_as,
          fixed.body.sequence,
        );
      },
    );

    await t.step("ten thousand messages in one body are ten thousand facts", async () => {
      const items = Array.from({ length: 10_000 }, (_, i) => ({
        kind: "sensor",
        id: `B${i % 50}`,
        message: "reading",
        data: { value: i },
      }));
      const { body } = await ask("/telemetry?wait=log", posted(items));
      assert.equal(body.accepted, 10_000);
      const offsets = body.results.flatMap(
        ({ events }: { events: { type: string; offset: number }[] }) =>
          events.filter(({ type }) => type === "ReadingReported").map(({ offset }) => offset),
      );
      assert.equal(new Set(offsets).size, 10_000);
      const csv = await (await fetch(`${api}/events?type=ReadingReported&format=csv`)).text();
      assert.equal(csv.split("\r\n").length, 10_000 + 1 + 2);
      const { partitions, projections } =
        (await ask(`/stats?after=0:${Math.max(...offsets)}`)).body;
      assert.equal(partitions[0].lag, 0);
      assert(projections.every(({ lag }: { lag: number }) => lag === 0));
    });
  } finally {
    await telltale.stop();
  }
});
