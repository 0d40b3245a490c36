/** ATMs as their register speaks of them. */
import { z } from "@hono/zod-openapi";
import { REGISTRY_STATUSES } from "../../events/atm.ts";
import type { Sql } from "../../events/log/database.ts";
import type { Device } from "../../projections/device.ts";
import { type DeviceQuery, listDevices } from "../../projections/devices.ts";

export type RegistryStatus = typeof REGISTRY_STATUSES[number];

/** In a body, in capitals or not. */
export const AtmId = z.string()
  .regex(/^[A-Za-z0-9_:-]{1,20}$/, `expected 1 to 20 letters, digits, "_", ":" or "-"`)
  .openapi({ example: "ATM-0042" });

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
