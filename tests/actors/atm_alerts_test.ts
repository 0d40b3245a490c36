import assert from "node:assert/strict";
import { atm } from "../../actors/atm.ts";
import type { Json } from "../../events/vocabulary.ts";
import { type Alive, bring, command, HOUR, iso, message, MINUTE, NOON } from "./saying.ts";
import type { DeviceState } from "../../actors/mod.ts";

const DAY = 24 * HOUR;

/** Tells an ATM's report; what follows for its alarms, in short. */
function tell(actor: Alive<DeviceState>, at: number, fields: Json): string[] {
  const data = { atm_id: "D-1", timestamp: iso(at), status: "online", ...fields };
  return short(actor.hear(message("telemetry", data, at)));
}

function order(actor: Alive<DeviceState>, at: number, name: string, fields: Json): string[] {
  return short(actor.hear(command(name, { by: "anna", ...fields }, at)));
}

/** `+low-cash high`, `-low-cash`; `(12:00)` where it goes on with the alert of that time. */
function short(events: readonly { type: string; data: Json }[]): string[] {
  return events.flatMap(({ type, data }) => {
    const alert = typeof data.alert === "string" ? ` (${data.alert.slice(11, 16)})` : "";
    if (type === "AlarmRaised") return [`+${data.reason} ${data.severity}${alert}`];
    if (type === "AlarmCleared") return [`-${data.reason}${alert}`];
    if (type === "AlarmAcknowledged") return [`!${data.reason}${alert}`];
    return type === "CommandRejected" ? [`${data.code}`] : [];
  });
}

Deno.test("a level that stays low is one alert, however often it is told", () => {
  const actor = bring(atm);
  assert.deepEqual(tell(actor, NOON, { cash_level_percent: 18 }), ["+low-cash medium"]);
  for (let i = 1; i <= 100; i++) {
    assert.deepEqual(tell(actor, NOON + i * MINUTE, { cash_level_percent: 18 }), []);
  }
});

Deno.test("an alert is resolved only when its cause is clearly gone", () => {
  const actor = bring(atm);
  tell(actor, NOON, { temperature_celsius: 38.5 });
  assert.deepEqual(tell(actor, NOON + MINUTE, { temperature_celsius: 37.9 }), []);
  assert.deepEqual(tell(actor, NOON + 2 * MINUTE, { temperature_celsius: 38.1 }), []);
  assert.deepEqual(tell(actor, NOON + 3 * MINUTE, {}), [], "not told is not over");
  assert.deepEqual(tell(actor, NOON + 4 * MINUTE, { temperature_celsius: 37 }), [
    "-high-temperature",
  ]);
});

Deno.test("what comes back within the cooldown goes on with the alert there was", () => {
  const actor = bring(atm);
  tell(actor, NOON, { cpu_usage_percent: 90 });
  tell(actor, NOON + MINUTE, { cpu_usage_percent: 50 });
  assert.deepEqual(tell(actor, NOON + 239 * MINUTE, { cpu_usage_percent: 90 }), [
    "+high-cpu high (12:00)",
  ]);
  assert.deepEqual(tell(actor, NOON + 240 * MINUTE, { cpu_usage_percent: 50 }), [
    "-high-cpu (12:00)",
  ]);
  assert.deepEqual(tell(actor, NOON + 241 * MINUTE, { cpu_usage_percent: 90 }), [
    "+high-cpu high",
  ]);
});

Deno.test("within the cooldown only what is severer is a new alert", () => {
  const actor = bring(atm);
  tell(actor, NOON, { cpu_usage_percent: 90 });
  tell(actor, NOON + MINUTE, { cpu_usage_percent: 50 });
  assert.deepEqual(tell(actor, NOON + 2 * MINUTE, { cpu_usage_percent: 99 }), [
    "+high-cpu critical",
  ]);
});

Deno.test("what gets severer while it is open is the same alert, and never gets milder", () => {
  const actor = bring(atm);
  tell(actor, NOON, { cash_level_percent: 18 });
  assert.deepEqual(tell(actor, NOON + HOUR, { cash_level_percent: 14 }), [
    "-low-cash",
    "+low-cash high (12:00)",
  ]);
  assert.deepEqual(tell(actor, NOON + 2 * HOUR, { cash_level_percent: 16 }), []);
});

Deno.test("cash that runs out is told by one rule at a time", () => {
  const actor = bring(atm);
  const told = [40, 19, 14, 9, 11, 4, 11.9, 12, 98].map((percent, i) =>
    tell(actor, NOON + i * HOUR, { cash_level_percent: percent })
  );
  assert.deepEqual(told, [
    [],
    ["+low-cash medium"],
    ["-low-cash", "+low-cash high (13:00)"],
    ["-low-cash (13:00)", "+critical-cash high"],
    [],
    ["-critical-cash", "+critical-cash critical (15:00)"],
    [],
    ["-critical-cash (15:00)", "+low-cash high (13:00)"],
    ["-low-cash (13:00)"],
  ]);
});

Deno.test("an error code is an alert although the atm is online, as severe as its code", () => {
  const actor = bring(atm);
  assert.deepEqual(tell(actor, NOON, { error_code: "E006" }), ["+error medium"]);
  assert.deepEqual(tell(actor, NOON + MINUTE, { status: "error", error_code: "E002" }), [
    "-error",
    "+error critical (12:00)",
  ]);
  assert.deepEqual(tell(actor, NOON + 2 * MINUTE, {}), ["-error (12:00)"]);
});

Deno.test("a late report raises nothing", () => {
  const actor = bring(atm);
  tell(actor, NOON, { cash_level_percent: 50 });
  assert.deepEqual(tell(actor, NOON - HOUR, { cash_level_percent: 1 }), []);
});

Deno.test("an atm out of service alarms nobody", () => {
  const actor = bring(atm);
  tell(actor, NOON, { cash_level_percent: 1 });
  assert.deepEqual(order(actor, NOON + 1, "DecommissionDevice", {}), ["-critical-cash"]);
  assert.deepEqual(tell(actor, NOON + MINUTE, { cash_level_percent: 1, error_code: "E002" }), []);
});

Deno.test("maintenance is due ninety days after the last, or after we first heard of the atm", () => {
  const actor = bring(atm);
  tell(actor, NOON, {});
  assert.deepEqual(tell(actor, NOON + 90 * DAY - MINUTE, {}), []);
  assert.deepEqual(tell(actor, NOON + 90 * DAY, {}), ["+maintenance-due medium"]);
  assert.deepEqual(tell(actor, NOON + 91 * DAY, { status: "maintenance" }), ["-maintenance-due"]);
  assert.deepEqual(tell(actor, NOON + 180 * DAY, {}), []);
  assert.deepEqual(tell(actor, NOON + 181 * DAY, {}), ["+maintenance-due medium"]);
});

Deno.test("transactions that fail are an alert where the atm tells of them", () => {
  const actor = bring(atm);
  const told = [0, 0, 1, 1, 0].map((failed, i) =>
    tell(actor, NOON + i * MINUTE, { transaction_count: 5, failed_transaction_count: failed })
  );
  assert.deepEqual(told.flat(), [], "one in ten, at most, or too few");
  const more = { transaction_count: 5, failed_transaction_count: 2 };
  assert.deepEqual(tell(actor, NOON + 5 * MINUTE, more), ["+transaction-failures medium"]);
  const fine = { transaction_count: 100, failed_transaction_count: 0 };
  assert.deepEqual(tell(actor, NOON + 6 * MINUTE, fine), ["-transaction-failures"]);
});

Deno.test("an hour unlike those of the day before is an alert once it is over", () => {
  const actor = bring(atm);
  for (let hour = 0; hour < 14; hour++) {
    const count = { transaction_count: hour % 2 === 0 ? 8 : 12 };
    assert.deepEqual(tell(actor, NOON + hour * HOUR, count), []);
  }
  assert.deepEqual(tell(actor, NOON + 14 * HOUR, { transaction_count: 40 }), []);
  assert.deepEqual(tell(actor, NOON + 15 * HOUR, { transaction_count: 10 }), [
    "+unusual-activity medium",
  ]);
  assert.deepEqual(tell(actor, NOON + 16 * HOUR, { transaction_count: 10 }), [
    "-unusual-activity",
  ]);
});

Deno.test("who resolves an alert has peace for its cooldown, unless it gets severer", () => {
  const actor = bring(atm);
  tell(actor, NOON, { cash_level_percent: 18 });
  assert.deepEqual(order(actor, NOON + 1, "ResolveAlarm", { reason: "low-cash" }), ["-low-cash"]);
  assert.deepEqual(tell(actor, NOON + HOUR, { cash_level_percent: 17 }), []);
  assert.deepEqual(tell(actor, NOON + 2 * HOUR, { cash_level_percent: 14 }), ["+low-cash high"]);
  order(actor, NOON + 2 * HOUR + 1, "ResolveAlarm", { reason: "low-cash" });
  assert.deepEqual(tell(actor, NOON + 13 * HOUR, { cash_level_percent: 14 }), []);
  assert.deepEqual(tell(actor, NOON + 14 * HOUR, { cash_level_percent: 14 }), ["+low-cash high"]);
});

Deno.test("an alert that goes on with another can be acknowledged under its name", () => {
  const actor = bring(atm);
  tell(actor, NOON, { error_code: "E001" });
  tell(actor, NOON + MINUTE, {});
  tell(actor, NOON + 2 * MINUTE, { error_code: "E001" });
  assert.deepEqual(order(actor, NOON + 3 * MINUTE, "AcknowledgeAlarm", { reason: "error" }), [
    "!error (12:00)",
  ]);
});

Deno.test("somebody may report what no report shows, once at a time, and end it", () => {
  const actor = bring(atm);
  const words = { severity: "high", message: "The screen is broken" };
  assert.deepEqual(order(actor, NOON, "RaiseAlarm", words), ["device-unknown"]);
  tell(actor, NOON, {});
  assert.deepEqual(order(actor, NOON + 1, "RaiseAlarm", words), ["+reported high"]);
  assert.deepEqual(order(actor, NOON + 2, "RaiseAlarm", words), ["alarm-open"]);
  assert.deepEqual(tell(actor, NOON + MINUTE, {}), [], "no report ends it");
  const reason = { reason: "reported" };
  assert.deepEqual(order(actor, NOON + HOUR, "ResolveAlarm", reason), ["-reported"]);
  assert.deepEqual(order(actor, NOON + HOUR, "ResolveAlarm", reason), ["no-such-alarm"]);
});

Deno.test("silence cannot be talked away", () => {
  const actor = bring(atm);
  tell(actor, NOON, {});
  assert.deepEqual(order(actor, NOON, "ResolveAlarm", { reason: "silent" }), ["not-resolvable"]);
});

Deno.test("only an atm has alerts of this kind", async () => {
  const { sensor } = await import("../../actors/sensor.ts");
  const actor = bring(sensor);
  actor.hear(message("reading", { value: 1 }, NOON));
  const words = { severity: "high", message: "It smells", by: "anna" };
  assert.deepEqual(short(actor.hear(command("RaiseAlarm", words, NOON))), ["unknown-command"]);
});
