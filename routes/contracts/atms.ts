/** ATMs as their register speaks of them. */
import { REGISTRY_STATUSES } from "../../events/atm.ts";
import type { Sql } from "../../events/log/database.ts";
import type { Device } from "../../projections/device.ts";
import { type DeviceQuery, listDevices } from "../../projections/devices.ts";

export type RegistryStatus = typeof REGISTRY_STATUSES[number];

/** An ATM that registered itself by its first message is active until somebody says otherwise. */
export function registryStatusOf(atm: Device): string {
  return atm.decommissioned ? "decommissioned" : atm.registryStatus ?? "active";
}

const PAGE = 1_000;

/** All of them by id, the decommissioned too. */
export async function everyAtm(
  sql: Sql,
  filter: Pick<DeviceQuery, "q" | "region">,
): Promise<Device[]> {
  const atms: Device[] = [];
  let cursor: string | undefined;
  do {
    const page = await listDevices(sql, { ...filter, kind: "atm", limit: PAGE, cursor });
    atms.push(...page.devices);
    cursor = page.next;
  } while (cursor !== undefined);
  return atms;
}
