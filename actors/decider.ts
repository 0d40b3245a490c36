/** The whole of what an actor is, apart from where it runs. Pure members, nothing else. */
import type { Event, NewEvent, Noted } from "../events/event.ts";
import type { Claim } from "../events/inference.ts";
import type { Json } from "../events/vocabulary.ts";

/** Something a device said, already parsed and validated (`events/messages.ts`). */
export interface MessageInput {
  readonly type: "Message";
  /** The device's own id. */
  readonly id: string;
  /** The last token of the subject: `telemetry`, `reading`, `status` … */
  readonly message: string;
  readonly data: Json;
  /** The payload's exact text. */
  readonly text: string;
  /** When, by the device's clock; the broker's where the device named none. Epoch ms. */
  readonly at: number;
  readonly now: number;
  /** What makes two messages the same message; undefined where nothing does. */
  readonly messageId: string | undefined;
}

/** Something a person or the system asks of this device. May be refused. */
export interface CommandInput {
  readonly type: "Command";
  readonly id: string;
  readonly command: string;
  readonly data: Json;
  readonly at: number;
  readonly now: number;
  readonly messageId: string | undefined;
}

/** Time passed. */
export interface TickInput {
  readonly type: "Tick";
  readonly now: number;
  /** Since when nothing was kept from us; before that, silence may have been our own deafness. */
  readonly listeningSince: number;
}

export type Input = MessageInput | CommandInput | TickInput;

/** `Told` is what its actors are told: what is said to any device's, unless they have ways of their own. */
export interface Decider<State, Told = Input> {
  /** Of its streams. */
  readonly kind: string;
  /** Raised when the shape of State changes: older snapshots are then folded again from the log. */
  readonly stateVersion: number;
  initial(): State;
  /** What happens next; `[]` when nothing does. Reads no clock, changes nothing. */
  decide(state: State, input: Told): readonly NewEvent[];
  /**
   * What is true afterwards. Total: accepts every event ever written, never throws.
   * A state belongs to one fold: evolve may change it in place and returns it.
   */
  evolve(state: State, event: Event): State;
  /**
   * What follows from an event the actor has just taken in, where only taking it in showed it: a
   * reading is held against all before it once, in `evolve`. Not asked when the log is folded
   * again, whose next events say it. Reads no clock, changes nothing.
   */
  conclude?(state: State, event: Event): Conclusion | undefined;
  /**
   * What a method that is no file makes of an event the actor has just taken in: claims for the actor
   * that foretells of this device (`inference.ts`), which records them. Not asked when the log is
   * folded again. Reads no clock, changes nothing.
   */
  foretell?(state: State, event: Event): readonly Claim[];
  /** When to send the next Tick, in epoch ms; Infinity for never. */
  nextDeadline(state: State): number;
}

/** What an actor adds to an event once it has taken it in. */
export interface Conclusion {
  /** Kept with the event itself. */
  readonly noted: Noted;
  readonly events: readonly NewEvent[];
}

/** An order the current state does not allow. */
export class CommandRejectedError extends Error {
  override readonly name = "CommandRejectedError";

  constructor(readonly code: string, message: string) {
    super(message);
  }
}
