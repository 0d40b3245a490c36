/** An alert of an ATM as its users know it. */
import { z } from "@hono/zod-openapi";
import { ALARM_REASONS, SEVERITIES } from "../../events/device.ts";
import { formatInstant } from "../../events/instant.ts";
import { alertStatusOf, type AtmAlert, atmAlertId } from "../../projections/atm_alerts.ts";
import { Instant, instantOrNull } from "../schemas.ts";

export const ALERT_STATUSES = ["active", "acknowledged", "resolved"] as const;

export const AtmAlertJson = z.object({
  id: z.string().openapi({ example: "ATM-0042.low-cash.1767268800000" }),
  atm_id: z.string(),
  alert_type: z.string().openapi({ description: ALARM_REASONS.join(", ") }),
  severity: z.enum(SEVERITIES).openapi({ description: "The most that was said of it." }),
  message: z.string(),
  status: z.enum(ALERT_STATUSES),
  timestamp: Instant.openapi({ description: "When it was triggered, by the ATM's clock." }),
  last_at: Instant.openapi({ description: "When what it is about last began again." }),
  occurrences: z.int(),
  acknowledged_at: Instant.nullable(),
  acknowledged_by: z.string().nullable(),
  resolved_at: Instant.nullable(),
  resolved_by: z.string().nullable().openapi({ description: "Null where it ended by itself." }),
}).openapi("AtmAlert");

export function atmAlertJson(alert: AtmAlert): z.infer<typeof AtmAlertJson> {
  return {
    id: atmAlertId(alert),
    atm_id: alert.atmId,
    alert_type: alert.reason,
    severity: alert.severity,
    message: alert.message,
    status: alertStatusOf(alert),
    timestamp: formatInstant(alert.triggeredAt),
    last_at: formatInstant(alert.lastAt),
    occurrences: alert.times,
    acknowledged_at: instantOrNull(alert.acknowledgedAt),
    acknowledged_by: alert.acknowledgedBy,
    resolved_at: instantOrNull(alert.resolvedAt),
    resolved_by: alert.resolvedBy,
  };
}
