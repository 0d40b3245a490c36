/** The sensor: it reports, or it is silent. */
import { deviceDecider, type DeviceState } from "./device.ts";
import type { Decider } from "./decider.ts";

export const sensor: Decider<DeviceState> = deviceDecider({
  kind: "sensor",
  stateVersion: 1,
  records: { reading: "ReadingReported" },
  statusAlarm: () => undefined,
});
