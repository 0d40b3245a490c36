import assert from "node:assert/strict";
import { forEachMeasure, isUp, observedStatus, worseOf } from "../../events/measures.ts";
import type { Json } from "../../events/vocabulary.ts";

function measuresOf(type: string, data: Json): Record<string, number> {
  const found: Record<string, number> = {};
  forEachMeasure({ type, data }, (name, value) => found[name] = value);
  return found;
}

Deno.test("telemetry measures what is a number and was sent", () => {
  const data = {
    status: "online",
    cash_level_percent: 71,
    temperature_celsius: null,
    uptime_seconds: 3,
    unheard_of: 7,
  };
  assert.deepEqual(measuresOf("TelemetryReported", data), {
    cash_level_percent: 71,
    uptime_seconds: 3,
  });
});

Deno.test("the measures of a reading carry the name of its bearing, if it has one", () => {
  const data = { acceleration: { rms: 0.1, kurtosis: 3 }, velocity: null, temperature: 40 };
  assert.deepEqual(measuresOf("VibrationReported", data), {
    "acceleration.rms": 0.1,
    "acceleration.kurtosis": 3,
    "temperature": 40,
  });
  assert.deepEqual(Object.keys(measuresOf("VibrationReported", { ...data, bearingId: "DE" })), [
    "DE.acceleration.rms",
    "DE.acceleration.kurtosis",
    "DE.temperature",
  ]);
});

Deno.test("a sensor measures its value, and what is no report measures nothing", () => {
  assert.deepEqual(measuresOf("ReadingReported", { value: -1.5 }), { value: -1.5 });
  assert.deepEqual(measuresOf("StatusChanged", { value: 1 }), {});
});

Deno.test("only reports observe a status", () => {
  assert.equal(observedStatus({ type: "TelemetryReported", data: { status: "error" } }), "error");
  assert.equal(observedStatus({ type: "PollReported", data: { status: "active" } }), "active");
  assert.equal(observedStatus({ type: "VibrationReported", data: {} }), "Normal");
  assert.equal(observedStatus({ type: "ReadingReported", data: { value: 1 } }), "reporting");
  assert.equal(observedStatus({ type: "StatusChanged", data: { status: "error" } }), undefined);
});

Deno.test("only an online atm and an active store are up; what vibrates runs", () => {
  assert.deepEqual(
    ["online", "offline", "error", "maintenance"].map((status) => isUp("atm", status)),
    [true, false, false, false],
  );
  assert.deepEqual([isUp("store", "active"), isUp("store", "inactive")], [true, false]);
  assert.ok(isUp("machine", "Unacceptable") && isUp("sensor", "reporting"));
});

Deno.test("of two statuses at one instant the worse counts, in either order", () => {
  const orders = {
    atm: ["online", "maintenance", "offline", "error"],
    machine: ["Normal", "Satisfactory", "Alert", "Unacceptable"],
    store: ["active", "inactive"],
  };
  for (const [kind, order] of Object.entries(orders)) {
    for (const [i, better] of order.entries()) {
      for (const worse of order.slice(i)) {
        assert.equal(worseOf(kind, better, worse), worse);
        assert.equal(worseOf(kind, worse, better), worse);
      }
    }
  }
});
