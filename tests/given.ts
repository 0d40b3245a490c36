/** Given past events, when an input arrives, then exactly these events follow. No store, no clock. */
import assert from "node:assert/strict";
import { CommandRejectedError, type Decider, type Input } from "../actors/decider.ts";
import type { Event, NewEvent } from "../events/event.ts";

/** A past event; recorded when it happened unless the test says otherwise. */
export type Past = NewEvent & Partial<Pick<Event, "recordedAt" | "messageId">>;

export interface When {
  when(input: Input): {
    then(...expected: NewEvent[]): void;
    thenNothing(): void;
    thenRejected(code: string): void;
  };
}

export function given<State>(decider: Decider<State>, ...past: Past[]): When {
  const state = fold(decider, past);
  return {
    when(input) {
      const before = saved(state);
      /** Decides, and sees to it that deciding changed nothing. */
      function decided(): NewEvent[] {
        try {
          return decider.decide(state, input).map(withoutText);
        } finally {
          assert.deepEqual(saved(state), before, "decide changed the state");
        }
      }
      return {
        then: (...expected) => assert.deepEqual(decided(), expected.map(withoutText)),
        thenNothing: () => assert.deepEqual(decided(), []),
        thenRejected: (code) =>
          assert.throws(
            decided,
            (error) => error instanceof CommandRejectedError && error.code === code,
          ),
      };
    },
  };
}

export function fold<State>(decider: Decider<State>, past: readonly Past[]): State {
  return past.reduce(
    (state, event) => decider.evolve(state, { recordedAt: event.occurredAt, ...event }),
    decider.initial(),
  );
}

/** A state as a snapshot has it. */
export function saved<State>(state: State): State {
  return JSON.parse(JSON.stringify(state));
}

/** The text of a payload is the bus's business: what matters here is what it says. */
function withoutText({ type, data, occurredAt }: NewEvent): NewEvent {
  return { type, data, occurredAt };
}
