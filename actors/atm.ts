/** The cash machine: out of service is an alarm, an error even more so. */
import { deviceDecider, type DeviceState } from "./device.ts";
import type { Decider } from "./decider.ts";

export const atm: Decider<DeviceState> = deviceDecider({
  kind: "atm",
  stateVersion: 1,
  records: { telemetry: "TelemetryReported" },
  // The same ATM and timestamp twice is the same report.
  oneReportAMoment: true,
  statusAlarm(status) {
    switch (status) {
      case "offline":
        return { reason: "offline", severity: "high", message: "The ATM is offline" };
      case "error":
        return { reason: "error", severity: "critical", message: "The ATM reports an error" };
    }
  },
});
