/**
 * Work that can be left and taken up again, so that it may be long on a thread others wait for: a
 * generator that yields where they may go first.
 */
import { setImmediate as afterOthers } from "node:timers/promises";

export type Steps<Result> = Generator<void, Result, void>;

/** So long at a stretch; a step should be shorter. */
const TURN_MS = 3;

/** All of it at once. */
export function finish<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** A turn at a time, however many such works there are: between two turns everything else goes on. */
export async function inTurns<Result>(steps: Steps<Result>): Promise<Result> {
  for (;;) {
    await nextTurn();
    const until = performance.now() + TURN_MS;
    do {
      const step = steps.next();
      if (step.done) return step.value;
    } while (performance.now() < until);
  }
}

let latest: Promise<void> = Promise.resolve();

/** After the turns that were asked for before, each in a round of the event loop of its own. */
function nextTurn(): Promise<void> {
  return latest = latest.then(() => afterOthers());
}
