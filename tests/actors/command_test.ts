import assert from "node:assert/strict";
import { atm } from "../../actors/atm.ts";
import { deciders } from "../../actors/mod.ts";
import { given, type Past } from "../given.ts";
import { bring, command, iso, message, MINUTE, NOON } from "./saying.ts";

const registered: Past = {
  type: "DeviceRegistered",
  data: { kind: "atm", id: "D-1" },
  occurredAt: NOON,
};
const described: Past = {
  type: "DeviceDescribed",
  data: { name: "Lobby" },
  occurredAt: NOON,
};
const raised: Past = {
  type: "AlarmRaised",
  data: { reason: "error", severity: "critical", message: "The ATM reports an error" },
  occurredAt: NOON,
};
const decommissioned: Past = {
  type: "DeviceDecommissioned",
  data: { by: "anna" },
  occurredAt: NOON,
};
const later = NOON + MINUTE;

Deno.test("a device is registered by an order, once", () => {
  const order = command("RegisterDevice", { name: "Lobby" }, NOON);
  given(atm).when(order).then(registered, described);
  given(atm, registered, described).when(order).thenRejected("already-registered");
});

Deno.test("a device that spoke first may be entered into the registry afterwards", () => {
  given(atm, registered).when(command("RegisterDevice", { name: "Lobby" }, NOON)).then(described);
});

Deno.test("registering a decommissioned device puts it back into service", () => {
  given(atm, registered, described, decommissioned)
    .when(command("RegisterDevice", { name: "Lobby" }, NOON))
    .then({ type: "DeviceRecommissioned", data: { by: "operator" }, occurredAt: NOON }, described);
});

Deno.test("a known device is described", () => {
  given(atm, registered).when(command("DescribeDevice", { name: "Lobby" }, NOON)).then(described);
});

Deno.test("orders to a device nobody knows are refused, whatever its kind", () => {
  for (const decider of Object.values(deciders)) {
    for (
      const name of [
        "DescribeDevice",
        "AcknowledgeAlarm",
        "ConfigureSilence",
        "DecommissionDevice",
        "RecommissionDevice",
      ]
    ) given(decider).when(command(name, {}, NOON)).thenRejected("device-unknown");
  }
});

Deno.test("an open alarm is acknowledged once; one that is not open cannot be", () => {
  const order = command("AcknowledgeAlarm", { reason: "error", by: "anna" }, later);
  const acknowledged: Past = {
    type: "AlarmAcknowledged",
    data: { reason: "error", raisedAt: iso(NOON), by: "anna" },
    occurredAt: later,
  };
  given(atm, registered, raised).when(order).then(acknowledged);
  given(atm, registered, raised, acknowledged).when(order).thenNothing();
  given(atm, registered).when(order).thenRejected("no-such-alarm");
});

Deno.test("decommissioning clears the alarms, and happens once", () => {
  const order = command("DecommissionDevice", { by: "anna" }, later);
  given(atm, registered, raised).when(order).then(
    { type: "AlarmCleared", data: { reason: "error", raisedAt: iso(NOON) }, occurredAt: later },
    { ...decommissioned, occurredAt: later },
  );
  given(atm, registered, decommissioned).when(order).thenRejected("already-decommissioned");
});

Deno.test("an alarm does not end before it began, though the order was sent before", () => {
  given(atm, registered, { ...raised, occurredAt: later })
    .when(command("DecommissionDevice", { by: "anna" }, NOON, { now: later })).then(
      { type: "AlarmCleared", data: { reason: "error", raisedAt: iso(later) }, occurredAt: later },
      decommissioned,
    );
});

Deno.test("only a decommissioned device is recommissioned", () => {
  const order = command("RecommissionDevice", { by: "anna" }, later);
  given(atm, registered, decommissioned).when(order)
    .then({ type: "DeviceRecommissioned", data: { by: "anna" }, occurredAt: later });
  given(atm, registered).when(order).thenRejected("not-decommissioned");
});

Deno.test("a decommissioned device is recorded without alarms, and alarms again when it is back", () => {
  const actor = bring(atm);
  const offline = (at: number) => {
    const data = { atm_id: "D-1", timestamp: iso(at), status: "offline" };
    return actor.hear(message("telemetry", data, at)).map(({ type }) => type);
  };
  offline(NOON);
  actor.hear(command("DecommissionDevice", { by: "anna" }, NOON + MINUTE));
  assert.deepEqual(offline(NOON + 2 * MINUTE), ["TelemetryReported"]);
  actor.hear(command("RecommissionDevice", { by: "anna" }, NOON + 3 * MINUTE));
  assert.deepEqual(offline(NOON + 4 * MINUTE), ["TelemetryReported", "AlarmRaised"]);
});

Deno.test("an order with an id that was heard before changes nothing, refused ones included", () => {
  const actor = bring(atm);
  const order = command("RecommissionDevice", { by: "anna" }, NOON, { messageId: "order-1" });
  assert.deepEqual(actor.hear(order).map(({ type }) => type), ["CommandRejected"]);
  assert.deepEqual(actor.hear(order), []);
});
