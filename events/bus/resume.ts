/**
 * Where to go on reading after any interruption. Pure: the checkpoint's memory against what the
 * broker shows now.
 *
 * The broker may have lost its tail in a power cut, been restored from a copy, or been made anew;
 * then the same sequences name other messages, and only time tells new from old. Nothing that is
 * missing is passed over in silence.
 */

export interface Checkpoint {
  readonly epoch: number;
  readonly sequence: number;
  /** The broker's timestamp of that message, microseconds; 0 where it is not known. */
  readonly sequenceTimeUs: number;
  /** When the JetStream stream was created, as the broker says it; "" before the first reading. */
  readonly streamCreated: string;
}

export interface BrokerView {
  readonly created: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Timestamp of the message at the checkpoint's sequence; undefined where there is none. */
  readonly timeAtCheckpointUs: number | undefined;
}

export type Resume =
  | { readonly from: "sequence"; readonly sequence: number; readonly missing?: MissingRange }
  | { readonly from: "time"; readonly afterUs: number; readonly why: string };

export interface MissingRange {
  readonly fromSequence: number;
  readonly toSequence: number;
}

export function resumeFrom(checkpoint: Checkpoint, broker: BrokerView): Resume {
  const why = historyChange(checkpoint, broker);
  if (why !== undefined) return { from: "time", afterUs: checkpoint.sequenceTimeUs, why };

  const next = checkpoint.sequence + 1;
  if (broker.firstSequence <= next) return { from: "sequence", sequence: next };
  // The broker forgot messages we never saw. An empty stream says first = last + 1.
  return {
    from: "sequence",
    sequence: broker.firstSequence,
    missing: { fromSequence: next, toSequence: broker.firstSequence - 1 },
  };
}

/** Why this is not the history the checkpoint was taken in, or undefined when it is. */
function historyChange(checkpoint: Checkpoint, broker: BrokerView): string | undefined {
  if (checkpoint.streamCreated !== "" && checkpoint.streamCreated !== broker.created) {
    return `the stream was created ${broker.created}, not ${checkpoint.streamCreated}`;
  }
  if (checkpoint.sequence === 0) return undefined;
  if (broker.lastSequence < checkpoint.sequence) {
    return `the stream ends at ${broker.lastSequence}, before ${checkpoint.sequence}`;
  }
  const { timeAtCheckpointUs } = broker;
  if (timeAtCheckpointUs === undefined || checkpoint.sequenceTimeUs === 0) return undefined;
  return timeAtCheckpointUs === checkpoint.sequenceTimeUs
    ? undefined
    : `message ${checkpoint.sequence} is another one than the one recorded`;
}
