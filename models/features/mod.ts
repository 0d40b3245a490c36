/** The door to what the failure model sees and what it is held against. */
export { CONTRACT_FEATURES, FEATURE_NAMES, features, writeFeatures } from "./atm.ts";
export {
  type Condition,
  type Failure,
  FailureFollower,
  failuresOf,
  HISTORY_MS,
  HORIZON_MS,
  labelAt,
} from "./failures.ts";
export { AtmHistory } from "./history.ts";
export { type AnchorOptions, AtmRows, type FailureRows, joinRows, type Report } from "./rows.ts";
