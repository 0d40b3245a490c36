/** Which events carry what a device itself reported about how it is, once or many times. */
export const REPORTS: ReadonlySet<string> = new Set([
  "TelemetryReported",
  "VibrationReported",
  "PollReported",
  "PollsReported",
  "ReadingReported",
]);
