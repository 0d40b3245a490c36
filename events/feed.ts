/** What was just committed, for whoever shows it live. Best effort: the log is the truth. */
import type { RecordedEvent } from "./event.ts";

export type FeedListener = (events: readonly RecordedEvent[]) => void;

export interface Feed {
  /** Calls back once per committed batch, in order per partition; returns how to stop. */
  subscribe(listener: FeedListener): () => void;
}

/** A feed, and the way to tell its listeners. A listener that throws is dropped. */
export function createFeed(): Feed & { publish(events: readonly RecordedEvent[]): void } {
  const listeners = new Set<FeedListener>();
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish(events) {
      for (const listener of listeners) {
        try {
          listener(events);
        } catch {
          listeners.delete(listener);
        }
      }
    },
  };
}
