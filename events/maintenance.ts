/**
 * What people do about a device before it fails, or when it has: as orders and as facts, recorded
 * in the device's own stream. An entry is named by the prediction that recommended it, or by
 * whoever made it up.
 */
import { z } from "zod";
import type { NewEvent } from "./event.ts";
import { by } from "./by.ts";
import { parseInstant } from "./instant.ts";

/** Safe in a URL, and short: an actor remembers the latest. */
export const ENTRY = /^[\x21-\x7e]{1,200}$/;

const entry = z.string().regex(ENTRY, "expected 1 to 200 printable ASCII characters, no spaces");
const note = z.string().max(500).nullish();
const moment = z.string().refine((text) => parseInstant(text) !== undefined, {
  message: "expected an ISO 8601 instant such as 2026-01-31T12:00:00Z",
});

/** Given again for the same entry, it replaces what was said before. */
export const ScheduleMaintenance = z.object({
  entry,
  part: z.string().min(1).max(64).nullish(),
  action: z.string().min(1).max(500),
  scheduledFor: moment,
  dueBy: moment.nullish(),
  assignee: z.string().max(100).nullish(),
  note,
  by,
});
export type ScheduleMaintenance = z.infer<typeof ScheduleMaintenance>;

export const CompleteMaintenance = z.object({ entry, note, by });
export const CancelMaintenance = z.object({ entry, note, by });

export type MaintenanceEvent =
  | NewEvent<"MaintenanceScheduled", ScheduleMaintenance>
  | NewEvent<"MaintenanceDone", z.infer<typeof CompleteMaintenance>>
  | NewEvent<"MaintenanceCancelled", z.infer<typeof CancelMaintenance>>;
