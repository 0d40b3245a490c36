/**
 * What can happen to any device, whatever its kind.
 *
 * These shapes are on disk for ever; see `catalog.ts` before changing one. Moments inside data are
 * ISO 8601 in UTC.
 */
import { z } from "zod";
import { by } from "./by.ts";
import type { NewEvent } from "./event.ts";
import { CancelMaintenance, CompleteMaintenance, ScheduleMaintenance } from "./maintenance.ts";
import { PromoteModel, RecordModel, RollBackModel } from "./model.ts";
import { FitSeriesModel } from "./series.ts";

/** What a device can be in trouble for; all but the first three are an ATM's. */
export const ALARM_REASONS = [
  "offline",
  "silent",
  "error",
  "low-cash",
  "critical-cash",
  "high-temperature",
  "low-temperature",
  "high-cpu",
  "high-memory",
  "high-disk",
  "transaction-failures",
  "maintenance-due",
  "unusual-activity",
  /** Somebody says so. */
  "reported",
] as const;
/** A machine's part has an alarm of its own, `trend:<part>`: it vibrates more and more. */
export type AlarmReason = typeof ALARM_REASONS[number] | "trend" | `trend:${string}`;
const AlarmReason = z.union([
  z.enum(ALARM_REASONS),
  z.templateLiteral(["trend:", z.string().max(64)]),
  z.literal("trend"),
]);

export const SEVERITIES = ["low", "medium", "high", "critical"] as const;
export type Severity = typeof SEVERITIES[number];

export type DeviceEvent =
  | NewEvent<"DeviceRegistered", { kind: string; id: string }>
  /** Attributes to merge into what is known of the device. */
  | NewEvent<"DeviceDescribed", Record<string, unknown>>
  | NewEvent<"StatusChanged", { from: string | null; to: string }>
  | NewEvent<"DeviceFellSilent", { since: string; timeoutSeconds: number }>
  | NewEvent<"DeviceReturned", { silentSince: string; silentSeconds: number }>
  | NewEvent<"AlarmRaised", {
    reason: AlarmReason;
    severity: Severity;
    message: string;
    /** When the alert began that this goes on with, where it is no new one (`actors/atm_alerts.ts`). */
    alert?: string;
    /** Who said so, where it was somebody. */
    by?: string;
  }>
  | NewEvent<"AlarmCleared", Alarmed & { by?: string }>
  | NewEvent<"AlarmAcknowledged", Alarmed & { by: string }>
  | NewEvent<"SilenceConfigured", { timeoutSeconds: number | null }>
  | NewEvent<"DeviceDecommissioned", { by: string }>
  | NewEvent<"DeviceRecommissioned", { by: string }>
  | NewEvent<"CommandRejected", { command: string; code: string; reason: string }>;

type Alarmed = Readonly<{
  reason: AlarmReason;
  raisedAt: string;
  /** As it was raised with. */
  alert?: string;
}>;

const attribute = z.union([z.string().max(500), z.number(), z.boolean(), z.null()]);
const attributes = {
  name: z.string().max(200).nullish(),
  region: z.string().max(100).nullish(),
  location: z.string().max(200).nullish(),
  registryStatus: z.string().max(30).nullish(),
};

/** Orders from people and programs: `devices.<kind>.<id>.command`, a body per name. */
export const COMMANDS = {
  RegisterDevice: z.object(attributes).catchall(attribute),
  DescribeDevice: z.object(attributes).catchall(attribute),
  AcknowledgeAlarm: z.object({ reason: AlarmReason, by }),
  /** Somebody sees trouble at an ATM that its reports do not show. */
  RaiseAlarm: z.object({ severity: z.enum(SEVERITIES), message: z.string().min(1).max(500), by }),
  /** Somebody has dealt with an ATM's alarm. */
  ResolveAlarm: z.object({ reason: z.enum(ALARM_REASONS), by }),
  /** Silence is an alarm after this many seconds; null goes back to what was learned. */
  ConfigureSilence: z.object({ timeoutSeconds: z.number().min(1).max(30 * 86_400).nullable() }),
  DecommissionDevice: z.object({ by }),
  RecommissionDevice: z.object({ by }),
  ScheduleMaintenance,
  CompleteMaintenance,
  CancelMaintenance,
  FitSeriesModel,
  /** A model was trained of what this device said. */
  RecordModel,
  PromoteModel,
  /** Of a fleet's models only. */
  RollBackModel,
  /** A machine's bearing was replaced: what is normal for it has to be learned anew. */
  RenewPart: z.object({ part: z.string().max(64).default(""), by }),
  /** Somebody has dealt with an anomaly of a sensor, by its number. */
  ResolveAnomaly: z.object({ episode: z.int().min(1), by }),
} as const satisfies Record<string, z.ZodType>;

export type CommandName = keyof typeof COMMANDS;
