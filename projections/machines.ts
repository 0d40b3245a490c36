/** Machines as they were registered, and as they are. Answers: which ones does a customer have? */
import { parseInstant } from "../events/instant.ts";
import type { Sql } from "../events/log/database.ts";
import type { Device } from "./device.ts";
import { listDevices } from "./devices.ts";

export interface Machine {
  readonly id: string;
  readonly name: string | null;
  readonly customer: string | null;
  readonly area: string | null;
  readonly subarea: string | null;
  readonly type: string | null;
  readonly machineClass: string | null;
  /** As its bearings are now; before the first reading as it was registered. */
  readonly status: string | null;
  /** As its source has it; otherwise when it was first heard of. Epoch ms. */
  readonly ingestedAt: number;
}

export interface MachineQuery {
  /** Parts of the words, in any case. */
  readonly customer?: string | undefined;
  readonly area?: string | undefined;
  readonly subarea?: string | undefined;
  readonly name?: string | undefined;
  readonly status?: string | undefined;
  /** Of `ingestedAt`, [from, to), epoch ms. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

const PAGE = 1_000;

/** Machines by id. What was registered may hold any text, which SQL does not look into. */
export async function listMachines(sql: Sql, query: MachineQuery = {}): Promise<Machine[]> {
  const found: Machine[] = [];
  let cursor: string | undefined;
  do {
    const page = await listDevices(sql, { kind: "machine", limit: PAGE, cursor });
    found.push(...page.devices.map(machineOf).filter((machine) => isWanted(machine, query)));
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

export function machineOf({ id, name, attributes, status, firstSeenAt }: Device): Machine {
  const text = (field: string) => {
    const value = attributes[field];
    return typeof value === "string" ? value : null;
  };
  return {
    id,
    name,
    customer: text("customer"),
    area: text("area"),
    subarea: text("subarea"),
    type: text("machineType"),
    machineClass: text("machineClass"),
    status: status ?? text("status"),
    ingestedAt: parseInstant(text("ingestedDate") ?? "") ?? firstSeenAt,
  };
}

function isWanted(machine: Machine, query: MachineQuery): boolean {
  return holds(machine.customer, query.customer) && holds(machine.area, query.area) &&
    holds(machine.subarea, query.subarea) && holds(machine.name, query.name) &&
    (query.status === undefined || machine.status === query.status) &&
    machine.ingestedAt >= (query.from ?? -Infinity) && machine.ingestedAt < (query.to ?? Infinity);
}

function holds(text: string | null, part: string | undefined): boolean {
  return part === undefined || (text ?? "").toLowerCase().includes(part.toLowerCase());
}
