import assert from "node:assert/strict";
import { type Zone, zoneAfter, zoneOf } from "../../../models/vibration/zones.ts";

Deno.test("each class has the zones of the standard, its boundaries included below", () => {
  const velocities = [0.7, 0.71, 0.72, 1.8, 1.9, 4.5, 4.6, 100];
  const expected = ["A", "A", "B", "B", "C", "C", "D", "D"];
  const letters: Record<Zone, string> = {
    Normal: "A",
    Satisfactory: "B",
    Alert: "C",
    Unacceptable: "D",
  };
  assert.deepEqual(velocities.map((rms) => letters[zoneOf(rms, "I")]), expected);
  assert.deepEqual(
    (["I", "II", "III", "IV"] as const).map((machineClass) => letters[zoneOf(5, machineClass)]),
    ["D", "C", "C", "B"],
  );
});

function follow(...velocities: number[]): Zone[] {
  let zone: Zone | undefined;
  return velocities.map((rms) => zone = zoneAfter(zone, rms, "II"));
}

Deno.test("worse at once, better only when clearly so", () => {
  assert.deepEqual(follow(2.7, 2.9, 2.7, 2.6, 2.5), [
    "Satisfactory",
    "Alert",
    "Alert",
    "Alert",
    "Satisfactory",
  ]);
});

Deno.test("vibration that swings about a boundary changes the zone once", () => {
  const zones = follow(...Array.from({ length: 50 }, (_, i) => 2.8 + (i % 2 === 0 ? 0.1 : -0.1)));
  assert.deepEqual(new Set(zones), new Set(["Alert"]));
});

Deno.test("over several zones at once, up and down", () => {
  assert.deepEqual(follow(0.5, 20, 0.5), ["Normal", "Unacceptable", "Normal"]);
});
