/** The door to the mathematics of vibration. `analyse` reads a waveform, `wearAfter` a series. */
export { analyse, type Analysis, type Waveform } from "./analysis.ts";
export { type BearingGeometry, type FaultOrders, faultOrdersOf } from "./bearing.ts";
export {
  type Evidence,
  type Fault,
  FAULT_NAMES,
  type FaultName,
  faultSpectrumOf,
} from "./diagnosis.ts";
export {
  type Health,
  healthOf,
  type HealthState,
  LATEST,
  LEARNING,
  levelOf,
  paceOf,
  UNKNOWN_HEALTH,
  wearAfter,
} from "./health.ts";
export {
  failureProbability,
  HORIZON_HOURS,
  learnLife,
  LIFE,
  type Life,
  type Lived,
  METHOD,
  remainingOf,
  THRESHOLD,
} from "./life.ts";
export { type AnalysedReading, readingOf } from "./reading.ts";
export { dominantPeak, type Peak, type Spectrum, spectrumOf } from "./spectrum.ts";
export { type Statistics, statisticsOf } from "./statistics.ts";
export { type Point, type Remaining, timeToThreshold, type Trend, trendOf } from "./trend.ts";
export { type Velocity, velocityOf } from "./velocity.ts";
export { type MachineClass, type Zone, ZONE_BOUNDARIES, zoneAfter, zoneOf } from "./zones.ts";
