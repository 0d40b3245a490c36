/** The store: inactive is an alarm. */
import { deviceDecider } from "./device.ts";
import type { DeviceState } from "./state.ts";
import type { Decider } from "./decider.ts";

export const store: Decider<DeviceState> = deviceDecider({
  kind: "store",
  stateVersion: 1,
  records: { status: "PollReported", schedule: "ScheduleSet" },
  statusAlarm(status) {
    if (status !== "inactive") return undefined;
    return { reason: "offline", severity: "high", message: "The store is inactive" };
  },
});
