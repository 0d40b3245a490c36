/** The ATM monitoring's own metrics, by the names its users know. No label names an ATM. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { Feed } from "../../events/feed.ts";
import type { Sql } from "../../events/log/database.ts";
import { deviceOf } from "../../events/vocabulary.ts";
import { groupAtms } from "../../projections/fleet.ts";

export function registerAtmMetrics(
  { sql, feed, register }: {
    readonly sql: Sql;
    readonly feed: Feed;
    readonly register: Registry;
  },
): void {
  const registers = [register];
  const messages = new Counter({
    name: "telemetry_messages_total",
    help: "Reports of ATMs recorded since start, by the status they tell",
    labelNames: ["status"],
    registers,
  });
  const alerts = new Counter({
    name: "alerts_triggered_total",
    help:
      "Alerts of ATMs triggered since start; one that comes back within its cooldown is no new one",
    labelNames: ["severity", "rule_type"],
    registers,
  });

  feed.subscribe((events) => {
    const counts = new Map<unknown, number>();
    for (const { type, data, stream } of events) {
      if (type === "TelemetryReported") {
        counts.set(data.status, (counts.get(data.status) ?? 0) + 1);
      } else if (type === "AlarmRaised" && data.alert === undefined) {
        if (deviceOf(stream).kind !== "atm") continue;
        alerts.inc({ severity: String(data.severity), rule_type: String(data.reason) });
      }
    }
    // One of four: the message's schema allows no other.
    for (const [status, count] of counts) messages.inc({ status: String(status) }, count);
  });

  new Gauge({
    name: "atm_status_count",
    help: "ATMs in service, by the status they last reported",
    labelNames: ["status"],
    registers,
    async collect() {
      this.reset();
      for (const { status, count } of await groupAtms(sql)) this.inc({ status }, count);
    },
  });
}
