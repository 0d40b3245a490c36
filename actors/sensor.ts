/** The sensor: it reports, or it is silent. */
import { deviceDecider } from "./device.ts";
import type { DeviceState } from "./state.ts";
import type { Decider } from "./decider.ts";

export const sensor: Decider<DeviceState> = deviceDecider({
  kind: "sensor",
  stateVersion: 1,
  records: { reading: "ReadingReported" },
  statusAlarm: () => undefined,
});
