/**
 * The shape every fact shares, before and after it is recorded.
 *
 * `data` is what the log stores for it. For a device's own report that is the payload exactly as
 * it was sent; what was derived from it (the moment, the identity) stands beside it.
 */
import type { Json } from "./vocabulary.ts";

/** A fact, as `evolve` and projections see it. Moments are epoch milliseconds (`instant.ts`). */
export interface Event<Type extends string = string, Data = Json> {
  readonly type: Type;
  readonly data: Data;
  /** When it happened, by the device's clock. */
  readonly occurredAt: number;
  /** When we wrote it down: the `now` of the decision that made it. */
  readonly recordedAt: number;
  /** The sender's own name for the message, by which a repeat is recognised. */
  readonly messageId?: string | undefined;
  readonly metadata?: Metadata;
}

/** What `decide` returns; the runtime adds the rest. */
export interface NewEvent<Type extends string = string, Data = Json> {
  readonly type: Type;
  readonly data: Data;
  readonly occurredAt: number;
  /** `data` as JSON text where it is already at hand, so that it is not written out again. */
  readonly text?: string | undefined;
}

/** What its actor noted beside a sensor's reading when it took it in. */
export interface Noted {
  /** How unusual the reading was for its sensor, 0 to 1. */
  readonly score?: number;
  /** Whether it was taken for an anomaly; absent for no. */
  readonly anomaly?: true;
}

/** What a model had foretold of a reading before it came. */
export interface Foretold {
  readonly expected: number;
  /** 99 of 100 errors on readings the model had not learned from were smaller. */
  readonly error: number;
  /** SHA-256 of the model. */
  readonly model: string;
}

/** Why an event exists, and what was noted beside it. */
export interface Metadata extends Noted {
  /** Noted with the reading, so that folding the log again needs no model. */
  readonly foretold?: Foretold;
  /** The JetStream sequence of the message that caused it; absent for what a timer caused. */
  readonly sequence?: number;
  readonly messageId?: string;
  readonly correlation?: string;
  /** Who asked, for what a person or a program commanded. */
  readonly source?: string;
  readonly traceparent?: string;
}

/** A fact in the log, with its place. */
export interface RecordedEvent<Type extends string = string, Data = Json>
  extends Event<Type, Data> {
  readonly partition: number;
  /** Place in the partition, gapless from 1. */
  readonly offset: number;
  readonly stream: string;
  /** Place in the stream, gapless from 0. */
  readonly version: number;
  readonly schemaVersion: number;
  readonly metadata: Metadata;
}
