/** What it takes to say something to a device's actor, for whoever is not a device on the bus. */
import type { Noted } from "../event.ts";

/** How a message ended, known after the commit. */
export interface Answer {
  readonly outcome: "recorded" | "repeat" | "quarantined" | "rejected";
  /** The events it caused, in order; none for a repeat. */
  readonly events: readonly AnsweredEvent[];
  /** For `quarantined` and `rejected`: a stable kebab-case code, and a sentence. */
  readonly code?: string;
  readonly reason?: string;
}

/** An event's place in the log, and what was noted beside it. */
export interface AnsweredEvent extends Noted {
  readonly type: string;
  readonly stream: string;
  readonly version: number;
  readonly partition: number;
  readonly offset: number;
  /** Epoch ms. */
  readonly occurredAt: number;
}

export interface Published {
  /** Its place in the JetStream stream. */
  readonly sequence: number;
  /** JetStream recognised the message id inside its window. */
  readonly duplicate: boolean;
  /** Present where the caller asked to wait for the log. */
  readonly answer?: Answer;
}

export interface PublishOptions {
  readonly messageId?: string;
  /** Resolve after the commit, with the answer, instead of after JetStream's acknowledgement. */
  readonly waitForLog?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The bus cannot take the message now: not connected, full, or it did not answer in time. */
export class BusUnavailableError extends Error {
  override readonly name = "BusUnavailableError";

  constructor(readonly code: string, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

export interface Publisher {
  /** Throws BusUnavailableError. Many calls may be under way at once. */
  publish(subject: string, payload: Uint8Array, options?: PublishOptions): Promise<Published>;
}
