/** One live feed: what was missed, from the log; then what is new, from the hub; no gap between. */
import { errorOf } from "../../events/errors.ts";
import type { Deps, Offsets } from "../deps.ts";
import { formatOffsets } from "../offsets.ts";
import type { Encoding } from "./encoding.ts";
import { type Hub, type Interest, wants, type Watcher } from "./hub.ts";

export interface Receiver extends Watcher {
  /** Resolves when it has room for more. Throws ReaderGoneError. */
  room(): Promise<void>;
}

/** What may wait for a reader; the bytes themselves are shared with others who watch the same. */
export const WAITING_BYTES_MAX = 4 * 1024 * 1024;

/** How a reader is sent away for whom more waits. */
export const TOO_SLOW = [
  "too-slow",
  `More than ${WAITING_BYTES_MAX} bytes waited to be read; reconnect to go on`,
] as const;

/** The reader has gone away: nothing is wrong, and nothing is left to do. */
export class ReaderGoneError extends Error {
  override readonly name = "ReaderGoneError";
}

export interface FollowOptions {
  readonly hub: Hub;
  readonly readEvents: Deps["readEvents"];
  readonly interest: Interest;
  readonly encoding: Encoding;
  readonly receiver: Receiver;
  /** Everything after these offsets, every partition named. */
  readonly from: Offsets;
}

const PAGE_EVENTS = 1_000;
/** Sent at once: even with the largest payloads, well below what may wait for a reader. */
const PIECE_EVENTS = 8;

/** Resolves with how to stop, once the feed has joined the hub. Throws ReaderGoneError. */
export async function follow(options: FollowOptions): Promise<() => void> {
  const { hub, interest, encoding, receiver, readEvents } = options;
  const wanted = wants(interest);
  const after = new Map(options.from);

  /** Sends one page of a partition; false when the log had no more. */
  async function readOn(partition: number): Promise<boolean> {
    const events = await readEvents(partition, after.get(partition) ?? 0, PAGE_EVENTS);
    for (let i = 0; i < events.length; i += PIECE_EVENTS) {
      const messages: unknown[] = [];
      for (const event of events.slice(i, i + PIECE_EVENTS)) {
        after.set(partition, event.offset);
        if (wanted(event)) messages.push(encoding.event(event, formatOffsets(after)));
      }
      if (messages.length > 0) receiver.send(encoding.join(messages));
      await receiver.room();
    }
    // Where nothing was wanted for long, the reader still learns how far it has come.
    if (events.length > 0) receiver.send(encoding.heartbeat(formatOffsets(after)));
    return events.length === PAGE_EVENTS;
  }

  /** A partition of which more was handed on than was read; undefined when there is none. */
  function behind(): number | undefined {
    return hub.handedOn.entries()
      .find(([partition, offset]) => (after.get(partition) ?? 0) < offset)?.[0];
  }

  for (const partition of [...after.keys()]) while (await readOn(partition));
  // Events reach the log before the hub: what was handed on meanwhile is there to be read.
  for (let partition = behind(); partition !== undefined; partition = behind()) {
    await readOn(partition);
  }
  // Nothing can have been handed on since the last look: no await lies between.
  return hub.join(interest, encoding, receiver, after);
}

/** The same; where it fails, the reader is sent away, and who looks after us is told. */
export async function followOrEnd(
  options: FollowOptions,
  report: (error: Error) => void,
): Promise<() => void> {
  try {
    return await follow(options);
  } catch (error) {
    if (!(error instanceof ReaderGoneError)) {
      report(errorOf(error));
      options.receiver.end("interrupted", "The feed was interrupted; reconnect to go on");
    }
    return () => {};
  }
}
