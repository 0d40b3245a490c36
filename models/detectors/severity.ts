/** What a score is called: the bounds of the sensor platform's contract. */
import type { Severity } from "../../events/device.ts";

export function severityOf(score: number): Severity {
  if (score >= 0.9) return "critical";
  if (score >= 0.8) return "high";
  if (score >= 0.6) return "medium";
  return "low";
}
