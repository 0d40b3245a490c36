/** The store: inactive is an alarm. Its polls arrive one by one or many together. */
import { pollsOf } from "../events/store.ts";
import { deviceDecider } from "./device.ts";
import type { DeviceState } from "./state.ts";
import type { Decider } from "./decider.ts";

export const store: Decider<DeviceState> = deviceDecider({
  kind: "store",
  stateVersion: 2,
  records: { status: "PollReported", polls: "PollsReported", schedule: "ScheduleSet" },
  togetherOf: ({ type, data }) => type === "PollsReported" ? pollsOf(data) : undefined,
  statusAlarm(status) {
    if (status !== "inactive") return undefined;
    return { reason: "offline", severity: "high", message: "The store is inactive" };
  },
});
