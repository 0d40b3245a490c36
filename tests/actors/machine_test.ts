import assert from "node:assert/strict";
import { machine } from "../../actors/machine.ts";
import { PARTS_MAX } from "../../actors/status.ts";
import { bring, HOUR, iso, message, MINUTE, NOON, SECOND } from "./saying.ts";

function reading(at: number, bearingId: string, status: string, rest = {}) {
  return message("reading", { timestamp: iso(at), bearingId, status, ...rest }, at);
}

Deno.test("a machine is as well as its worst bearing: no alarm per round of readings", () => {
  const actor = bring(machine);
  for (let i = 0; i < 6; i++) {
    actor.hear(reading(NOON + i * HOUR, "DE", "Unacceptable"));
    actor.hear(reading(NOON + i * HOUR + SECOND, "NDE", "Normal"));
  }
  assert.equal(actor.state.status, "Unacceptable");
  assert.deepEqual(
    actor.log.filter(({ type }) => type.startsWith("Alarm")).map(({ type }) => type),
    ["AlarmRaised"],
  );
  actor.hear(reading(NOON + 6 * HOUR, "DE", "Satisfactory"));
  assert.equal(actor.state.status, "Satisfactory");
  assert.deepEqual(actor.state.alarms, {});
});

Deno.test("a bearing that was not heard for a day no longer counts", () => {
  const actor = bring(machine);
  actor.hear(reading(NOON, "old", "Unacceptable"));
  actor.hear(reading(NOON + 23 * HOUR, "new", "Normal"));
  assert.equal(actor.state.status, "Unacceptable");
  actor.hear(reading(NOON + 24 * HOUR, "new", "Normal"));
  assert.equal(actor.state.status, "Normal");
});

Deno.test("bearings that report at one moment are all recorded", () => {
  const actor = bring(machine);
  for (const bearing of ["A", "B", "C"]) actor.hear(reading(NOON, bearing, "Normal"));
  assert.equal(actor.log.filter(({ type }) => type === "VibrationReported").length, 3);
});

Deno.test("a machine that invents bearings keeps a bounded state, those heard last", () => {
  const actor = bring(machine);
  for (let i = 0; i < 3 * PARTS_MAX; i++) actor.hear(reading(NOON + i * SECOND, `B${i}`, "Normal"));
  assert.equal(actor.state.parts.length, PARTS_MAX);
  assert.equal(actor.state.parts.at(-1)?.part, `B${3 * PARTS_MAX - 1}`);
});

Deno.test("a bearing may be called anything, __proto__ included", () => {
  const actor = bring(machine);
  actor.hear(reading(NOON, "__proto__", "Unacceptable", { temperature: 40 }));
  assert.equal(actor.state.status, "Unacceptable");
  assert.deepEqual(actor.state.rolling.names, ["__proto__.temperature"]);
  assert.deepEqual(JSON.parse(JSON.stringify(actor.state)), actor.state);
});

Deno.test("the alarm of a machine in zone D is critical and ends with the zone", () => {
  const actor = bring(machine);
  const raised = actor.hear(reading(NOON, "A", "Unacceptable")).at(-1);
  assert.deepEqual([raised?.data.reason, raised?.data.severity], ["error", "critical"]);
  const cleared = actor.hear(reading(NOON + MINUTE, "A", "Alert")).at(-1);
  assert.deepEqual(cleared?.data, { reason: "error", raisedAt: iso(NOON) });
});

Deno.test("what a machine is and which bearings it has is recorded, and is no report", () => {
  const actor = bring(machine);
  const said = [
    ...actor.hear(message("registered", { _id: "D-1", machineName: "Pump 1" }, NOON)),
    ...actor.hear(message("bearing", { _id: "DE" }, NOON)),
  ];
  assert.deepEqual(said.map(({ type }) => type), [
    "DeviceRegistered",
    "MachineDescribed",
    "BearingDescribed",
  ]);
  assert.equal(actor.state.lastSeenAt, null);
});
