/** A device's maintenance: what was scheduled is done or cancelled, once. */
import type { Event } from "../events/event.ts";
import type { MaintenanceEvent } from "../events/maintenance.ts";
import { type CommandInput, CommandRejectedError } from "./decider.ts";

type Closed = "done" | "cancelled";

/** The latest entries that were closed, oldest first; open ones need no memory. */
export type Maintenance = { readonly entry: string; readonly state: Closed }[];

/** An older one could be closed once more: its entry would say so, and nothing else happens. */
export const CLOSED_REMEMBERED = 32;

const CLOSING = {
  CompleteMaintenance: { type: "MaintenanceDone", state: "done" },
  CancelMaintenance: { type: "MaintenanceCancelled", state: "cancelled" },
} as const;

export function decideMaintenance(
  maintenance: Maintenance | undefined,
  { command, data, at }: CommandInput,
): readonly MaintenanceEvent[] {
  const closed = maintenance?.find(({ entry }) => entry === data.entry)?.state;
  if (command !== "CompleteMaintenance" && command !== "CancelMaintenance") {
    if (closed !== undefined) throw isClosed(data.entry, closed);
    return [{ type: "MaintenanceScheduled", data, occurredAt: at } as MaintenanceEvent];
  }
  const { type, state } = CLOSING[command];
  if (closed === state) return [];
  if (closed !== undefined) throw isClosed(data.entry, closed);
  return [{ type, data, occurredAt: at } as MaintenanceEvent];
}

function isClosed(entry: unknown, state: Closed): CommandRejectedError {
  return new CommandRejectedError("maintenance-closed", `Maintenance "${entry}" is ${state}`);
}

export function noteMaintenance(
  state: { maintenance?: Maintenance | undefined },
  { type, data }: Event,
): void {
  if (type !== "MaintenanceDone" && type !== "MaintenanceCancelled") return;
  const maintenance = state.maintenance ??= [];
  maintenance.push({
    entry: String(data.entry),
    state: type === "MaintenanceDone" ? "done" : "cancelled",
  });
  if (maintenance.length > CLOSED_REMEMBERED) maintenance.shift();
}
