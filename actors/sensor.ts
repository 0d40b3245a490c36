/** The sensor: it reports, or it is silent; and what it reports is as it should be, or is not. */
import {
  concludeReading,
  decideResolution,
  endWithoutReading,
  noAnomalies,
  noteAnomalies,
} from "./anomaly.ts";
import type { Decider } from "./decider.ts";
import { deviceDecider } from "./device.ts";
import { isKnownId } from "./repeats.ts";
import type { DeviceState } from "./state.ts";

const device = deviceDecider({
  kind: "sensor",
  stateVersion: 4,
  records: { reading: "ReadingReported" },
  statusAlarm: () => undefined,
});

export const sensor: Decider<DeviceState> = {
  ...device,
  decide(state, input) {
    const anomalies = state.anomalies ?? noAnomalies();
    if (input.type !== "Command" || input.command !== "ResolveAnomaly") {
      const fresh = device.decide(state, input);
      return input.type === "Message" ? fresh : [...fresh, ...endWithoutReading(anomalies, fresh)];
    }
    if (isKnownId(state, input.messageId)) return [];
    return decideResolution(anomalies, input);
  },
  evolve(state, event) {
    device.evolve(state, event);
    noteAnomalies(state.anomalies ??= noAnomalies(), event);
    return state;
  },
  conclude(state, event) {
    if (event.type !== "ReadingReported" || state.anomalies === undefined) return undefined;
    const conclusion = concludeReading(state.anomalies, event);
    if (conclusion === undefined || !state.decommissioned) return conclusion;
    // Out of service it is scored, but alarms nobody.
    return { noted: { score: conclusion.noted.score ?? 0 }, events: [] };
  },
};
