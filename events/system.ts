/** What happened to Telltale itself, recorded in `system-partition-<n>`. */
import type { NewEvent } from "./event.ts";

export type SystemEvent =
  /** The broker lost, changed or began anew the history our checkpoint was taken in. */
  | NewEvent<"BrokerHistoryChanged", {
    why: string;
    sequenceBefore: number;
    streamCreatedBefore: string;
    epoch: number;
    sequence: number;
    streamCreated: string;
  }>
  /** The broker forgot messages before the log had them. */
  | NewEvent<"MessagesMissing", { fromSequence: number; toSequence: number }>;
