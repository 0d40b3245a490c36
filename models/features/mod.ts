/** The door to what the failure model sees and what it is held against. */
export { CONTRACT_FEATURES, FEATURE_NAMES, features, statementOf, writeFeatures } from "./atm.ts";
export {
  type Condition,
  type Failure,
  FailureFollower,
  failuresOf,
  HISTORY_MS,
  HORIZON_MS,
  labelAt,
  type SavedFollower,
} from "./failures.ts";
export { AtmHistory, type SavedHistory } from "./history.ts";
export { type Member, Neighbourhoods, type Peers, type Statement } from "./peers.ts";
export { AT, CODE, isCritical } from "./record.ts";
export { type AnchorOptions, AtmRows, type FailureRows, joinRows, type Report } from "./rows.ts";
export { type NotScorable, whyNotScorable } from "./scorable.ts";
