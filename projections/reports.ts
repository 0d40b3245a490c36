/** Which events carry what a device itself reported about how it is. */
export const REPORTS: ReadonlySet<string> = new Set([
  "TelemetryReported",
  "VibrationReported",
  "PollReported",
  "ReadingReported",
]);
