/**
 * The cash machine: its reports are held against the rules for alerts, and remembered for a day so
 * that its failures can be foretold and recognised.
 */
import { alarmsForReport, decideAlertOrder, noAlerts, noteAlerts } from "./atm_alerts.ts";
import { concludeFailure, noMemory, noteEvent } from "./atm_memory.ts";
import type { Decider } from "./decider.ts";
import { deviceDecider } from "./device.ts";
import { isKnownId } from "./repeats.ts";
import type { DeviceState } from "./state.ts";

const device = deviceDecider({
  kind: "atm",
  stateVersion: 5,
  records: { telemetry: "TelemetryReported" },
  alarmsForReport,
});

const ALERT_ORDERS: ReadonlySet<string> = new Set(["RaiseAlarm", "ResolveAlarm"]);

/** Without its memory: what that costs is measured against this (`bench/foretelling.ts`). */
export const forgetful: Decider<DeviceState> = {
  ...device,
  decide(state, input) {
    if (input.type !== "Command" || !ALERT_ORDERS.has(input.command)) {
      return device.decide(state, input);
    }
    return isKnownId(state, input.messageId) ? [] : decideAlertOrder(state, input);
  },
  evolve(state, event) {
    device.evolve(state, event);
    noteAlerts(state.alerts ??= noAlerts(), event);
    return state;
  },
};

export const atm: Decider<DeviceState> = {
  ...forgetful,
  evolve(state, event) {
    forgetful.evolve(state, event);
    noteEvent(state.memory ??= noMemory(), event);
    return state;
  },
  conclude: ({ memory }, event) => memory && concludeFailure(memory, event),
};
