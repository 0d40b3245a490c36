/** What devices, people and time say to an actor, and an actor that hears it as it would running. */
import { CommandRejectedError, type Decider, type Input } from "../../actors/decider.ts";
import type { Event, NewEvent } from "../../events/event.ts";
import type { Json } from "../../events/vocabulary.ts";

/** Noon, to which tests add seconds. */
export const NOON = Date.UTC(2026, 4, 1, 12);
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export interface Heard {
  readonly id?: string;
  /** Our clock; by default the device's. */
  readonly now?: number;
  readonly messageId?: string | undefined;
}

export function message(name: string, data: Json, at: number, heard: Heard = {}): Input {
  const { id = "D-1", now = at, messageId } = heard;
  const text = JSON.stringify(data);
  return { type: "Message", id, message: name, data, text, at, now, messageId };
}

export function command(name: string, data: Json, at: number, heard: Heard = {}): Input {
  const { id = "D-1", now = at, messageId } = heard;
  return { type: "Command", id, command: name, data, at, now, messageId };
}

export function tick(now: number, listeningSince = 0): Input {
  return { type: "Tick", now, listeningSince };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export interface Alive<State> {
  state: State;
  readonly log: Event[];
  /** Decides and takes in what follows; a refusal is recorded, as the runtime does. */
  hear(input: Input): readonly NewEvent[];
}

export function bring<State>(decider: Decider<State>): Alive<State> {
  const alive: Alive<State> = {
    state: decider.initial(),
    log: [],
    hear(input) {
      const told: NewEvent[] = [];
      const fresh = decide(decider, alive.state, input);
      fresh.forEach((event, i) => {
        const messageId = i === 0 && input.type !== "Tick" ? input.messageId : undefined;
        const { type, data, occurredAt } = event;
        const recorded = { type, data, occurredAt, recordedAt: input.now, messageId };
        alive.log.push(recorded);
        alive.state = decider.evolve(alive.state, recorded);
        told.push(event);
        for (const next of decider.conclude?.(alive.state, recorded)?.events ?? []) {
          const follows = { ...next, recordedAt: input.now };
          alive.log.push(follows);
          alive.state = decider.evolve(alive.state, follows);
          told.push(next);
        }
      });
      return told;
    },
  };
  return alive;
}

function decide<State>(decider: Decider<State>, state: State, input: Input): readonly NewEvent[] {
  try {
    return decider.decide(state, input);
  } catch (error) {
    if (!(error instanceof CommandRejectedError) || input.type !== "Command") throw error;
    const { code, message: reason } = error;
    const data = { command: input.command, code, reason };
    return [{ type: "CommandRejected", data, occurredAt: input.at }];
  }
}
