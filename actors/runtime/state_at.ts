/**
 * What an actor knew at a moment: the fold of what had been recorded of it by then.
 *
 * "By then" is by our clock, the order in which the actor itself learned things. An event that
 * happened earlier and was recorded later is not part of it.
 */
import type { RecordedEvent } from "../../events/event.ts";
import type { Sql } from "../../events/log/database.ts";
import { readStream } from "../../events/log/read.ts";
import { deviceOf } from "../../events/vocabulary.ts";
import { type AnyState, deciderOf } from "../mod.ts";

const PAGE = 5_000;

export interface ActorState {
  readonly state: AnyState;
  /** Of the last event folded in. */
  readonly version: number;
  /** When that event was recorded, epoch ms. */
  readonly asOf: number;
}

/** A stream's events from its first to the last that was recorded by `at`, in order. */
export async function* storyUntil(
  sql: Sql,
  stream: string,
  at: number,
): AsyncGenerator<RecordedEvent> {
  for (let version = 0;;) {
    const page = await readStream(sql, stream, version, PAGE);
    for (const event of page) {
      // Should our clock ever have stepped back, the story still ends here: a fold has no holes.
      if (event.recordedAt > at) return;
      yield event;
    }
    if (page.length < PAGE) return;
    version += page.length;
  }
}

/** Of any actor, by its stream; undefined where nothing had been recorded by then. */
export async function stateAt(
  sql: Sql,
  stream: string,
  at: number,
): Promise<ActorState | undefined> {
  const decider = deciderOf(deviceOf(stream).kind);
  if (decider === undefined) return undefined;
  let state = decider.initial();
  let last: RecordedEvent | undefined;
  for await (const event of storyUntil(sql, stream, at)) {
    state = decider.evolve(state, event);
    last = event;
  }
  return last && { state, version: last.version, asOf: last.recordedAt };
}
