/** The sensor: it reports, or it is silent; and what it reports is as it should be, or is not. */
import { concludeReading, decideResolution, noAnomalies, noteAnomalies } from "./anomaly.ts";
import type { Decider } from "./decider.ts";
import { deviceDecider } from "./device.ts";
import { isKnownId } from "./repeats.ts";
import type { DeviceState } from "./state.ts";

const device = deviceDecider({
  kind: "sensor",
  stateVersion: 2,
  records: { reading: "ReadingReported" },
  statusAlarm: () => undefined,
});

export const sensor: Decider<DeviceState> = {
  ...device,
  decide(state, input) {
    if (input.type !== "Command" || input.command !== "ResolveAnomaly") {
      return device.decide(state, input);
    }
    if (isKnownId(state, input.messageId)) return [];
    return decideResolution(state.anomalies ?? noAnomalies(), input);
  },
  evolve(state, event) {
    device.evolve(state, event);
    noteAnomalies(state.anomalies ??= noAnomalies(), event);
    return state;
  },
  conclude(state, event) {
    if (event.type !== "ReadingReported" || state.anomalies === undefined) return undefined;
    return concludeReading(state.anomalies, event);
  },
};
