import assert from "node:assert/strict";
import { noMemory } from "../../actors/atm_memory.ts";
import { atm } from "../../actors/atm.ts";
import { createPeers } from "../../actors/runtime/peers.ts";
import { createRegistry } from "../../actors/runtime/registry.ts";
import { startScoring } from "../../actors/runtime/scoring.ts";
import type { DeviceState } from "../../actors/state.ts";
import type { Serving } from "../../models/failure/scorer.ts";
import { AtmHistory } from "../../models/features/mod.ts";

const NOW = Date.UTC(2026, 2, 1);
const MINUTE_MS = 60_000;
const SERVING: Serving = { model: "m", threshold: 0.5, horizonHours: 4, simulated: true };

/** An ATM with two hours behind it that it reported up to some minutes ago, just now. */
function told(minutesAgo: number): DeviceState {
  const history = new AtmHistory();
  const lastAt = NOW - minutesAgo * MINUTE_MS;
  for (let minute = 120; minute >= 0; minute--) {
    history.take({ status: "online" }, lastAt - minute * MINUTE_MS);
  }
  const memory = { ...noMemory(), history };
  return { ...atm.initial(), memory, lastAt, lastSeenAt: NOW };
}

function askAbout(state: DeviceState) {
  const actors = createRegistry();
  const actor = actors.actor("atm-A");
  actor.state = state;
  let asked = 0;
  const scorer = {
    serving: () => SERVING,
    score: (_: Float32Array<ArrayBuffer>, rows: number) => {
      asked += rows;
      const probabilities = new Float64Array(rows);
      return Promise.resolve({ ...SERVING, probabilities, factors: new Map() });
    },
  };
  const scoring = startScoring({
    scorer,
    everyMs: 15 * MINUTE_MS,
    actors,
    peers: createPeers(actors),
    wake: () => {},
  });
  return {
    actor,
    look(now: number): number {
      scoring.look(now);
      scoring.ask(now);
      return asked;
    },
  };
}

Deno.test("an ATM that is telling its past is asked about when it has told it", () => {
  const { actor, look } = askAbout(told(25));
  assert.equal(look(NOW), 0);
  actor.state = told(12);
  assert.equal(look(NOW + 5_000), 0);
  actor.state = told(0);
  assert.equal(look(NOW + 10_000), 1);
});

Deno.test("an ATM whose clock is slow is asked about at the second look", () => {
  const { look } = askAbout(told(10));
  assert.equal(look(NOW), 0);
  assert.equal(look(NOW + 5_000), 1);
});
