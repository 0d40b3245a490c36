/** The feed as something to iterate over, for subscriptions: bounded, and over when the server stops. */
import type { RecordedEvent } from "../../events/event.ts";
import type { Feed } from "../../events/feed.ts";

/** A subscriber who is further behind than this is let go. */
const WAITING_MAX = 10_000;

/** The reader did not keep up. The message is for the reader. */
export class TooSlowError extends Error {
  override readonly name = "TooSlowError";
}

/**
 * What `pick` makes of the events from now on; those of which it makes nothing are left out. Ends
 * when nobody iterates any more or the server stops. Throws TooSlowError.
 */
export function watch<Item>(
  { feed, stopping }: { readonly feed: Feed; readonly stopping: AbortSignal },
  pick: (event: RecordedEvent) => Item | undefined,
): AsyncIterableIterator<Item> {
  let waiting: Item[] = [];
  let wake: ((result: IteratorResult<Item>) => void) | undefined;
  let fail: ((error: Error) => void) | undefined;
  let over = false;
  let failure: Error | undefined;

  const stopListening = feed.subscribe((events) => {
    for (const event of events) {
      const item = pick(event);
      if (item === undefined) continue;
      if (wake !== undefined) {
        wake({ done: false, value: item });
        wake = undefined;
      } else if (waiting.length < WAITING_MAX) {
        waiting.push(item);
      } else {
        failure = new TooSlowError(`More than ${WAITING_MAX} items waited to be read`);
        end();
        return;
      }
    }
  });
  stopping.addEventListener("abort", end);
  if (stopping.aborted) end();

  function end(): void {
    over = true;
    waiting = [];
    stopListening();
    stopping.removeEventListener("abort", end);
    if (failure !== undefined) fail?.(failure);
    else wake?.({ done: true, value: undefined });
    wake = undefined;
  }

  return {
    next() {
      if (failure !== undefined) return Promise.reject(failure);
      if (over) return Promise.resolve({ done: true, value: undefined });
      const item = waiting.shift();
      if (item !== undefined) return Promise.resolve({ done: false, value: item });
      return new Promise((resolve, reject) => {
        wake = resolve;
        fail = reject;
      });
    },
    return() {
      end();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
