import assert from "node:assert/strict";
import { atm } from "../../actors/atm.ts";
import { given, type Past } from "../given.ts";
import { bring, HOUR, iso, message, MINUTE, NOON, SECOND } from "./saying.ts";

function telemetry(at: number, status: string, rest = {}) {
  return { atm_id: "D-1", timestamp: iso(at), status, ...rest };
}

function say(at: number, status: string, rest = {}) {
  return message("telemetry", telemetry(at, status, rest), at);
}

function reported(at: number, status: string, rest = {}): Past {
  return { type: "TelemetryReported", data: telemetry(at, status, rest), occurredAt: at };
}

const registered: Past = {
  type: "DeviceRegistered",
  data: { kind: "atm", id: "D-1" },
  occurredAt: NOON,
};
function changed(at: number, from: string | null, to: string): Past {
  return { type: "StatusChanged", data: { from, to }, occurredAt: at };
}
const online = [registered, reported(NOON, "online"), changed(NOON, null, "online")];

Deno.test("the first message of an atm registers it and tells its status", () => {
  given(atm).when(say(NOON, "online")).then(...online);
});

Deno.test("a report that changes nothing is one event", () => {
  const later = NOON + 30 * SECOND;
  given(atm, ...online).when(say(later, "online")).then(reported(later, "online"));
});

Deno.test("an atm that goes offline raises an alarm, and clears it when it is back", () => {
  const [gone, back] = [NOON + MINUTE, NOON + 2 * MINUTE];
  const offline = [
    reported(gone, "offline"),
    changed(gone, "online", "offline"),
    {
      type: "AlarmRaised",
      data: { reason: "offline", severity: "high", message: "The ATM is offline" },
      occurredAt: gone,
    },
  ];
  given(atm, ...online).when(say(gone, "offline")).then(...offline);
  given(atm, ...online, ...offline).when(say(back, "online")).then(
    reported(back, "online"),
    changed(back, "offline", "online"),
    {
      type: "AlarmCleared",
      data: { reason: "offline", raisedAt: iso(gone) },
      occurredAt: back,
    },
  );
});

Deno.test("an atm that stays offline raises no second alarm", () => {
  const actor = bring(atm);
  for (let i = 0; i < 5; i++) actor.hear(say(NOON + i * MINUTE, "offline"));
  assert.equal(actor.log.filter(({ type }) => type === "AlarmRaised").length, 1);
});

Deno.test("the alarm of an error names the error and replaces the one of being offline", () => {
  const actor = bring(atm);
  actor.hear(say(NOON, "offline"));
  const events = actor.hear(say(NOON + MINUTE, "error", { error_code: "E002" }));
  assert.deepEqual(events.slice(2).map(({ type, data }) => [type, data.reason, data.message]), [
    ["AlarmCleared", "offline", undefined],
    ["AlarmRaised", "error", "The ATM reports error E002: dispenser jam"],
  ]);
});

Deno.test("the same atm and timestamp twice changes nothing, whatever the message is called", () => {
  const again = message("telemetry", telemetry(NOON, "online"), NOON, {
    now: NOON + HOUR,
    messageId: "another",
  });
  given(atm, ...online).when(again).thenNothing();
});

Deno.test("a repeat is recognised although the device's clock is ahead of ours", () => {
  const actor = bring(atm);
  const ahead = telemetry(NOON + HOUR, "online");
  actor.hear(message("telemetry", ahead, NOON + HOUR, { now: NOON }));
  assert.deepEqual(
    actor.hear(message("telemetry", ahead, NOON + HOUR, { now: NOON + SECOND })),
    [],
  );
});

Deno.test("a clock that was ahead and was set right does not blind us", () => {
  const actor = bring(atm);
  const ahead = telemetry(NOON + HOUR, "online");
  actor.hear(message("telemetry", ahead, NOON + HOUR, { now: NOON }));
  actor.hear(say(NOON + MINUTE, "offline"));
  assert.equal(actor.state.status, "offline");
});

Deno.test("a late report is recorded and changes nothing that is true now", () => {
  const late = NOON - MINUTE;
  given(atm, ...online).when(say(late, "error")).then(reported(late, "error"));
});

Deno.test("an atm refuses nothing a device says, and throws for a message it has no rule for", () => {
  assert.throws(() => atm.decide(atm.initial(), message("poetry", {}, NOON)), /No rule.*"poetry"/);
});
