/** What the failure model sees of an ATM now, from what its actor remembers. */
import {
  AT,
  type NotScorable,
  type Peers,
  whyNotScorable,
  writeFeatures,
} from "../models/features/mod.ts";
import { historyOf } from "./atm_memory.ts";
import type { DeviceState } from "./state.ts";

/**
 * Writes a row from a place on; or says why nothing can be foretold. `now` is epoch ms. Of those
 * around it is only asked where something can.
 */
export function writeAtmFeatures(
  { decommissioned, memory }: Pick<DeviceState, "decommissioned" | "memory">,
  now: number,
  into: Float32Array,
  from: number,
  around: () => Peers | undefined = () => undefined,
): NotScorable | "decommissioned" | undefined {
  if (decommissioned) return "decommissioned";
  if (memory === undefined) return "no-data";
  const history = historyOf(memory);
  const why = whyNotScorable(history, now);
  if (why !== undefined) return why;
  // A clock ahead of ours has told of moments that have not come.
  writeFeatures(history, Math.max(now, history.latest[AT] as number), into, from, around());
  return undefined;
}
