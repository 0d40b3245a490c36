/**
 * What the ATMs of a partition are like around each of them, for the features that hold one beside
 * its peers.
 *
 * What all say of themselves is gathered once a minute, some of them between two batches: a large
 * fleet must not keep its messages waiting. Until that is done what was gathered before holds. Peers
 * in other partitions are not asked: with many, each has fewer peers, drawn by chance.
 */
import {
  AtmHistory,
  type Member,
  Neighbourhoods,
  type Peers,
  statementOf,
} from "../../models/features/mod.ts";
import type { DeviceState } from "../mod.ts";
import type { Actor, Registry } from "./registry.ts";

const GATHER_EVERY_MS = 60_000;
/** Actors between two batches: some milliseconds. */
const GATHERED_AT_ONCE = 1_000;
const PREFIX = "atm-";

export interface PeersAround {
  /** Goes on gathering where it is time to; false until there is anything to go by. */
  gather(now: number): boolean;
  /** Those around an ATM, by its stream; undefined where too few are known. */
  of(stream: string): Peers | undefined;
}

export function createPeers({ actors }: Pick<Registry, "actors">): PeersAround {
  let around: Neighbourhoods | undefined;
  let begunAt = -Infinity;
  let round: { readonly actors: Iterator<[string, Actor]>; readonly members: Member[] } | undefined;

  return {
    gather(now) {
      if (round === undefined && now - begunAt >= GATHER_EVERY_MS) {
        round = { actors: actors.entries(), members: [] };
        begunAt = now;
      }
      if (round === undefined) return around !== undefined;
      for (let asked = 0; asked < GATHERED_AT_ONCE; asked++) {
        const { value, done } = round.actors.next();
        if (done) {
          around = new Neighbourhoods(round.members);
          round = undefined;
          break;
        }
        const member = memberOf(value, now);
        if (member) round.members.push(member);
      }
      return around !== undefined;
    },
    of: (stream) => around?.around(stream),
  };
}

function memberOf([stream, { state }]: [string, Actor], now: number): Member | undefined {
  if (!stream.startsWith(PREFIX)) return undefined;
  const { decommissioned, memory } = state as DeviceState;
  // What was saved and not used since has said nothing since the start.
  if (decommissioned || !(memory?.history instanceof AtmHistory)) return undefined;
  const statement = statementOf(memory.history, now);
  return statement && { device: stream, region: memory.region, statement };
}
