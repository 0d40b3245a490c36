/** The factory machine: vibration in zone D is an error, in zone C it is not yet. */
import { deviceDecider } from "./device.ts";
import type { DeviceState } from "./state.ts";
import type { Decider } from "./decider.ts";

export const machine: Decider<DeviceState> = deviceDecider({
  kind: "machine",
  stateVersion: 1,
  records: {
    registered: "MachineDescribed",
    bearing: "BearingDescribed",
    reading: "VibrationReported",
  },
  partOf: ({ bearingId }) => typeof bearingId === "string" ? bearingId : "",
  statusAlarm(status) {
    if (status !== "Unacceptable") return undefined;
    return {
      reason: "error",
      severity: "critical",
      message: "Vibration is unacceptable (ISO 20816 zone D)",
    };
  },
});
