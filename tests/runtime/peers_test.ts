import assert from "node:assert/strict";
import { noMemory } from "../../actors/atm_memory.ts";
import { atm } from "../../actors/atm.ts";
import { createPeers, type PeersAround } from "../../actors/runtime/peers.ts";
import type { Actor } from "../../actors/runtime/registry.ts";
import { AtmHistory, type Peers } from "../../models/features/mod.ts";

const START = Date.UTC(2026, 2, 1);
const MINUTE_MS = 60_000;

function atmAt(region: string, celsius: number, saidAt = START): Pick<Actor, "state"> {
  const history = new AtmHistory();
  for (const at of [saidAt - MINUTE_MS, saidAt]) {
    history.take({ status: "online", temperature_celsius: celsius }, at);
  }
  return { state: { ...atm.initial(), memory: { ...noMemory(), history, region } } };
}

/** Those around it, once all were asked. */
function around(peers: PeersAround, stream: string, now: number): Peers | undefined {
  while (!peers.gather(now));
  return peers.of(stream);
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
  const peers = createPeers({ actors });
  assert.equal(around(peers, "atm-D", START)?.temperature, 21);
  assert.equal(around(peers, "atm-ELSEWHERE", START), undefined);
  assert.equal(around(peers, "atm-SILENT", START), undefined);
});

Deno.test("who is new is among the peers a minute later", () => {
  const actors = actorsOf({
    "atm-A": atmAt("MALL", 20),
    "atm-B": atmAt("MALL", 21),
    "atm-C": atmAt("MALL", 22),
  });
  const peers = createPeers({ actors });
  assert.equal(around(peers, "atm-A", START), undefined);
  actors.set("atm-D", atmAt("MALL", 23) as Actor);
  assert.equal(around(peers, "atm-A", START + MINUTE_MS - 1), undefined);
  assert.equal(around(peers, "atm-A", START + MINUTE_MS)?.temperature, 22);
});

Deno.test("a large fleet is asked a part at a time, and what was gathered before holds meanwhile", () => {
  const atms = Array.from({ length: 2_500 }, (_, i) => [`atm-${i}`, atmAt("MALL", i % 7)] as const);
  const peers = createPeers({ actors: actorsOf(Object.fromEntries(atms)) });
  assert.deepEqual([1, 2, 3].map(() => peers.gather(START)), [false, false, true]);
  assert.equal(peers.of("atm-0")?.temperature, 3);
  assert.equal(peers.gather(START + MINUTE_MS), true);
  assert.equal(peers.of("atm-0")?.temperature, 3);
});
