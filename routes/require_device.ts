/** Whoever asks about a device that there is not, is told so. */
import type { Sql } from "../events/log/database.ts";
import type { Device } from "../projections/device.ts";
import { getDevice } from "../projections/devices.ts";
import { unknownDevice } from "./problem.ts";

/** Throws ProblemError (404). The id is as the log has it: an ATM's in capitals. */
export async function requireDevice(sql: Sql, kind: string, id: string): Promise<Device> {
  const device = await getDevice(sql, kind, id);
  if (device !== undefined) return device;
  throw unknownDevice(kind, id);
}
