import assert from "node:assert/strict";
import { machine } from "../../actors/machine.ts";
import { circumstancesOf, GEOMETRIES_MAX } from "../../actors/vibration.ts";
import { bring, HOUR, iso, message, NOON } from "./saying.ts";

/** A reading as it is told to the actor once its samples were analysed: class II, C from 2.8, D from 7.1. */
function analysed(hours: number, rms: number) {
  const zone = rms > 7.1 ? "Unacceptable" : rms > 2.8 ? "Alert" : "Satisfactory";
  const at = NOON + hours * HOUR;
  const body = { timestamp: iso(at), bearingId: "DE", status: zone, zone, velocity: { rms } };
  return message("reading", body, at);
}

Deno.test("vibration that swings about a boundary raises one alarm, which ends when it is clearly below", () => {
  const actor = bring(machine);
  actor.hear(message("registered", { machineName: "Pump", machineClass: "II" }, NOON));
  const swings = [7.0, 7.2, 7.0, 7.3, 6.9, 7.15];
  swings.forEach((rms, hours) => actor.hear(analysed(hours, rms)));
  const alarms = () =>
    actor.log.filter(({ type }) => type.startsWith("Alarm")).map(({ type }) => type);
  assert.deepEqual(alarms(), ["AlarmRaised"]);
  assert.equal(actor.state.status, "Unacceptable");
  actor.hear(analysed(6, 6.3));
  assert.deepEqual(alarms(), ["AlarmRaised", "AlarmCleared"]);
  assert.equal(actor.state.status, "Alert");
});

Deno.test("a status that the sender has judged is taken as it is", () => {
  const actor = bring(machine);
  actor.hear(message("registered", { machineClass: "II" }, NOON));
  for (const [hours, status] of ["Unacceptable", "Alert"].entries()) {
    const at = NOON + hours * HOUR;
    const body = { timestamp: iso(at), bearingId: "DE", status, velocity: { rms: 7.09 } };
    actor.hear(message("reading", body, at));
    assert.equal(actor.state.status, status);
  }
});

Deno.test("a bearing is judged by the geometry described last, and by none once that is withdrawn", () => {
  const actor = bring(machine);
  const geometry = { balls: 9, ballDiameter: 7.94, pitchDiameter: 39.04 };
  actor.hear(message("registered", { machineClass: "III" }, NOON));
  actor.hear(message("bearing", { _id: "DE", geometry }, NOON));
  actor.hear(message("bearing", { _id: "DE", position: "left" }, NOON));
  assert.deepEqual(circumstancesOf(actor.state.plant, "DE"), {
    machineClass: "III",
    geometry: { ...geometry, contactAngle: 0 },
  });
  actor.hear(message("bearing", { _id: "DE", geometry: null }, NOON));
  assert.equal(circumstancesOf(actor.state.plant, "DE").geometry, undefined);
});

Deno.test("a machine that invents described bearings keeps a bounded state", () => {
  const actor = bring(machine);
  const geometry = { balls: 9, ballDiameter: 7.94, pitchDiameter: 39.04, contactAngle: 0 };
  for (let i = 0; i < 3 * GEOMETRIES_MAX; i++) {
    actor.hear(message("bearing", { _id: `B${i}`, geometry }, NOON));
  }
  assert.equal(actor.state.plant?.geometries.length, GEOMETRIES_MAX);
});

Deno.test("a reading that nobody has judged is in the zone of its velocity, once the class is known", () => {
  const actor = bring(machine);
  const body = { bearingId: "DE", velocity: { rms: 7.2 } };
  const statusOf = (at: number) =>
    actor.hear(message("reading", body, at)).map(({ data }) => data.status);
  assert.ok(!statusOf(NOON).includes("Unacceptable"));
  actor.hear(message("registered", { machineClass: "II" }, NOON));
  assert.ok(statusOf(NOON + HOUR).includes("Unacceptable"));
  assert.equal(actor.state.status, "Unacceptable");
});
