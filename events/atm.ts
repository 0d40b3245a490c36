/** What a cash machine says. */
import { z } from "zod";

export const ATM_STATUSES = ["online", "offline", "error", "maintenance"] as const;
export const NETWORK_STATUSES = ["connected", "disconnected", "unstable"] as const;
export const REGIONS = ["AIRPORT", "SUPERMARKET", "MALL", "HOSPITAL", "UNIVERSITY"] as const;
export const REGISTRY_STATUSES = ["active", "inactive", "maintenance", "decommissioned"] as const;

/** What each code means, and whether it precedes failure. */
export const ERROR_CODES: Readonly<Record<string, { meaning: string; critical: boolean }>> = {
  E001: { meaning: "card reader malfunction", critical: false },
  E002: { meaning: "dispenser jam", critical: true },
  E003: { meaning: "network", critical: false },
  E004: { meaning: "cassette empty", critical: true },
  E005: { meaning: "temperature sensor", critical: true },
  E006: { meaning: "receipt printer", critical: false },
  E007: { meaning: "overheating", critical: true },
  E008: { meaning: "memory", critical: false },
  E009: { meaning: "disk full", critical: false },
  E010: { meaning: "power supply", critical: true },
};

const percent = z.number().min(0).max(100).nullish();

/**
 * Body of `devices.atm.<id>.telemetry`; fields we do not know are kept. Two of them are looked at
 * where they are numbers: `transaction_count` and `failed_transaction_count`, of the transactions
 * since the report before, the failed ones among them.
 */
export const AtmTelemetry = z.object({
  atm_id: z.string().min(1).max(20),
  timestamp: z.string(),
  status: z.enum(ATM_STATUSES),
  uptime_seconds: z.int().min(0).nullish(),
  cash_level_percent: percent,
  temperature_celsius: z.number().min(-10).max(60).nullish(),
  cpu_usage_percent: percent,
  memory_usage_percent: percent,
  disk_usage_percent: percent,
  network_status: z.enum(NETWORK_STATUSES).nullish(),
  network_latency_ms: z.int().min(0).nullish(),
  error_code: z.string().max(10).nullish(),
  error_message: z.string().max(500).nullish(),
});
export type AtmTelemetry = z.infer<typeof AtmTelemetry>;
