/** The cash machine: out of service is an alarm, an error even more so. */
import { ERROR_CODES } from "../events/atm.ts";
import type { Json } from "../events/vocabulary.ts";
import { deviceDecider } from "./device.ts";
import type { DeviceState } from "./state.ts";
import type { Decider } from "./decider.ts";

export const atm: Decider<DeviceState> = deviceDecider({
  kind: "atm",
  stateVersion: 1,
  records: { telemetry: "TelemetryReported" },
  statusAlarm(status, report) {
    switch (status) {
      case "offline":
        return { reason: "offline", severity: "high", message: "The ATM is offline" };
      case "error":
        return { reason: "error", severity: "critical", message: describeError(report) };
    }
  },
});

function describeError({ error_code, error_message }: Json): string {
  if (typeof error_code !== "string") return "The ATM reports an error";
  const meaning = ERROR_CODES[error_code]?.meaning ?? error_message;
  return `The ATM reports error ${error_code}${meaning ? `: ${meaning}` : ""}`;
}
