/** Every read model that is a fold of the log. Adding one here is all it takes to have it kept. */
import { activity } from "./activity.ts";
import { alarms } from "./alarms.ts";
import { alerts } from "./alerts.ts";
import { atmAlerts } from "./atm_alerts.ts";
import { availability } from "./availability.ts";
import { bearingAssessments } from "./bearing_assessments.ts";
import { bearingHealth } from "./bearing_health.ts";
import { bearings } from "./bearings.ts";
import { devices } from "./devices.ts";
import { maintenance } from "./maintenance.ts";
import { predictions } from "./predictions.ts";
import type { Projection } from "./projection.ts";
import { readings } from "./readings.ts";
import { riskScores } from "./risk_scores.ts";
import { risks } from "./risks.ts";
import { schedules } from "./schedules.ts";
import { scoreboard } from "./scoreboard.ts";
import { sensors } from "./sensors.ts";
import { trends } from "./trends.ts";
import { vibration } from "./vibration.ts";
import { vibrationDays, vibrationHours } from "./vibration_counts.ts";

export const projections: readonly Projection[] = [
  devices,
  availability,
  trends,
  alarms,
  activity,
  schedules,
  readings,
  sensors,
  alerts,
  bearings,
  vibration,
  vibrationHours,
  vibrationDays,
  bearingHealth,
  bearingAssessments,
  predictions,
  risks,
  riskScores,
  scoreboard,
  maintenance,
  atmAlerts,
].map((projection) => projection as Projection);
