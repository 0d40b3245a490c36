/**
 * What the ATMs of a partition are like around each of them, for the features that hold one beside
 * its peers.
 *
 * What all say of themselves is gathered once a minute, some microseconds an ATM. Peers in other
 * partitions are not asked: with many, each has fewer peers, drawn by chance.
 */
import {
  AtmHistory,
  type Member,
  Neighbourhoods,
  type Peers,
  statementOf,
} from "../../models/features/mod.ts";
import type { DeviceState } from "../mod.ts";
import type { Registry } from "./registry.ts";

const GATHER_EVERY_MS = 60_000;
const PREFIX = "atm-";

/** Those around an ATM, by its stream. Undefined where too few are known. `now` is epoch ms. */
export type PeersOf = (stream: string, now: number) => Peers | undefined;

export function createPeers({ actors }: Pick<Registry, "actors">): PeersOf {
  let around = new Neighbourhoods([]);
  let gatheredAt = -Infinity;

  function gather(now: number): Neighbourhoods {
    const members: Member[] = [];
    for (const [stream, { state }] of actors) {
      if (!stream.startsWith(PREFIX)) continue;
      const { decommissioned, memory } = state as DeviceState;
      // What was saved and not used since has said nothing since the start.
      if (decommissioned || !(memory?.history instanceof AtmHistory)) continue;
      const statement = statementOf(memory.history, now);
      if (statement) members.push({ device: stream, region: memory.region, statement });
    }
    return new Neighbourhoods(members);
  }

  return (stream, now) => {
    if (now - gatheredAt >= GATHER_EVERY_MS) {
      around = gather(now);
      gatheredAt = now;
    }
    return around.around(stream);
  };
}
