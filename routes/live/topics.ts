/** What can be watched live, and which events that means. */
import type { RecordedEvent } from "../../events/event.ts";

const TYPES = {
  alarms: ["AlarmRaised", "AlarmCleared", "AlarmAcknowledged"],
  anomalies: ["AnomalyDetected", "AnomalyWorsened", "AnomalyEnded", "AnomalyResolved"],
  predictions: [
    "FailurePredicted",
    "FailureRiskCleared",
    "MaintenanceRecommended",
    "PredictionScored",
    "FailureObserved",
  ],
  risks: ["RiskScored"],
  maintenance: [
    "MaintenanceRecommended",
    "MaintenanceScheduled",
    "MaintenanceDone",
    "MaintenanceCancelled",
  ],
  status: ["StatusChanged", "DeviceFellSilent", "DeviceReturned"],
  readings: [
    "TelemetryReported",
    "VibrationReported",
    "PollReported",
    "PollsReported",
    "ReadingReported",
  ],
  devices: [
    "DeviceRegistered",
    "DeviceDescribed",
    "MachineDescribed",
    "BearingDescribed",
    "ScheduleSet",
    "SilenceConfigured",
    "DeviceDecommissioned",
    "DeviceRecommissioned",
  ],
  models: ["SeriesModelFitted", "ModelTrained", "ModelPromoted"],
  commands: ["CommandRejected"],
  system: ["BrokerHistoryChanged", "MessagesMissing"],
} as const satisfies Record<string, readonly string[]>;

/** Reports that have ended are told of too: they are no events of the log. */
export const REPORTS_TOPIC = "reports";

export const TOPICS = [...Object.keys(TYPES), REPORTS_TOPIC, "all"];

export type Wants = (event: RecordedEvent) => boolean;

/** Whether events of a type belong to any of the topics. */
export function wantsTypes(topics: readonly string[]): Wants {
  if (topics.includes("all")) return () => true;
  const types = new Set<string>(
    topics.flatMap((topic) => topic in TYPES ? TYPES[topic as keyof typeof TYPES] : []),
  );
  return ({ type }) => types.has(type);
}
