import assert from "node:assert/strict";
import { noMemory } from "../../actors/atm_memory.ts";
import { atm } from "../../actors/atm.ts";
import { createPeers } from "../../actors/runtime/peers.ts";
import type { Actor } from "../../actors/runtime/registry.ts";
import { AtmHistory } from "../../models/features/mod.ts";

const START = Date.UTC(2026, 2, 1);
const MINUTE_MS = 60_000;

function atmAt(region: string, celsius: number, saidAt = START): Pick<Actor, "state"> {
  const history = new AtmHistory();
  for (const at of [saidAt - MINUTE_MS, saidAt]) {
    history.take({ status: "online", temperature_celsius: celsius }, at);
  }
  return { state: { ...atm.initial(), memory: { ...noMemory(), history, region } } };
}

function actorsOf(atms: Readonly<Record<string, Pick<Actor, "state">>>): Map<string, Actor> {
  return new Map(Object.entries(atms)) as Map<string, Actor>;
}

Deno.test("an ATM's peers are those of its region that spoke in the last half hour", () => {
  const actors = actorsOf({
    "atm-A": atmAt("MALL", 20),
    "atm-B": atmAt("MALL", 21),
    "atm-C": atmAt("MALL", 22),
    "atm-D": atmAt("MALL", 40),
    "atm-SILENT": atmAt("MALL", 60, START - 31 * MINUTE_MS),
    "atm-ELSEWHERE": atmAt("AIRPORT", 50),
    "sensor-S": { state: { ...atm.initial() } },
  });
  const peersOf = createPeers({ actors });
  assert.equal(peersOf("atm-D", START)?.temperature, 21);
  assert.equal(peersOf("atm-ELSEWHERE", START), undefined);
  assert.equal(peersOf("atm-SILENT", START), undefined);
});

Deno.test("who is new is among the peers a minute later", () => {
  const actors = actorsOf({
    "atm-A": atmAt("MALL", 20),
    "atm-B": atmAt("MALL", 21),
    "atm-C": atmAt("MALL", 22),
  });
  const peersOf = createPeers({ actors });
  assert.equal(peersOf("atm-A", START), undefined);
  actors.set("atm-D", atmAt("MALL", 23) as Actor);
  assert.equal(peersOf("atm-A", START + MINUTE_MS - 1), undefined);
  assert.equal(peersOf("atm-A", START + MINUTE_MS)?.temperature, 22);
});
