/**
 * The factory machine: vibration in zone D is an error, in zone C it is not yet. Its bearings' health
 * is followed one by one (`bearings.ts`), and foretold.
 */
import { concludeRound, decideRenewal, noBearings, noteBearings } from "./bearings.ts";
import { claimsOf } from "./bearing_claims.ts";
import { deviceDecider } from "./device.ts";
import type { DeviceState } from "./state.ts";
import type { Decider, MessageInput } from "./decider.ts";
import { isRemembered, remember } from "./remembered_ids.ts";
import { heldZone, notePlant, statusPartOf, unknownPlant, zoneIn } from "./vibration.ts";

const device = deviceDecider({
  kind: "machine",
  stateVersion: 5,
  records: {
    registered: "MachineDescribed",
    bearing: "BearingDescribed",
    reading: "VibrationReported",
  },
  // Its bearings' health takes the room of what nobody asks for.
  measuresMax: 4,
  partOf: statusPartOf,
  heldStatus: (state, before, status, report) => heldZone(state.plant, before, status, report),
  statusAlarm(status) {
    if (status !== "Unacceptable") return undefined;
    return {
      reason: "error",
      severity: "critical",
      message: "Vibration is unacceptable (ISO 20816 zone D)",
    };
  },
});

export const machine: Decider<DeviceState> = {
  ...device,
  decide(state, input) {
    if (input.type === "Tick") return device.decide(state, input);
    if (isRemembered(state.ids, input.messageId)) return [];
    if (input.type === "Command") {
      return input.command === "RenewPart"
        ? decideRenewal(state.bearings, state.alarms, input)
        : device.decide(state, input);
    }
    return device.decide(state, input.message === "reading" ? judged(state, input) : input);
  },
  evolve(state, event) {
    device.evolve(state, event);
    const { type, data, messageId } = event;
    const machineClass = state.plant?.machineClass ?? undefined;
    noteBearings(state.bearings ??= noBearings(), event, machineClass);
    if (messageId !== undefined) state.ids = remember(state.ids, messageId);
    state.recentIds.length = 0; // They are among those, and would take the room of five bearings.
    if (type === "MachineDescribed") notePlant(state.plant ??= unknownPlant(), "registered", data);
    if (type === "BearingDescribed") notePlant(state.plant ??= unknownPlant(), "bearing", data);
    return state;
  },
  conclude(state, { type, occurredAt, recordedAt }) {
    if (type !== "VibrationReported" || state.bearings === undefined) return undefined;
    const at = Math.min(occurredAt, recordedAt);
    const { alarms, decommissioned } = state;
    const events = concludeRound(state.bearings, { alarms, decommissioned, at });
    return events.length === 0 ? undefined : { noted: {}, events };
  },
  foretell: (_, event) => claimsOf(event),
};

/** A reading that nobody has judged is in the zone its velocity says. */
function judged(state: DeviceState, input: MessageInput): MessageInput {
  const zone = (input.data.status ?? null) === null ? zoneIn(state.plant, input.data) : undefined;
  if (zone === undefined) return input;
  const data = { ...input.data, status: zone, zone };
  return { ...input, data, text: JSON.stringify(data) };
}
