/** One live feed: what was missed, from the log; then what is new, from the hub; no gap between. */
import type { Deps, Offsets } from "../deps.ts";
import { formatOffsets } from "../offsets.ts";
import type { Encoding } from "./encoding.ts";
import { type Hub, type Interest, wants, type Watcher } from "./hub.ts";

export interface Receiver extends Watcher {
  /** Resolves when it has room for more; rejects when it is gone. */
  room(): Promise<void>;
  /** True once nobody receives any more. */
  gone(): boolean;
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

/** Resolves with how to stop, once the feed has joined the hub. Rejects when the receiver is gone. */
export async function follow(options: FollowOptions): Promise<() => void> {
  const { hub, interest, encoding, receiver, readEvents } = options;
  const wanted = wants(interest);
  const after = new Map(options.from);

  /** Sends one page of a partition; false when the log had no more. */
  async function readOn(partition: number): Promise<boolean> {
    const events = await readEvents(partition, after.get(partition) ?? 0, PAGE_EVENTS);
    const messages: unknown[] = [];
    for (const event of events) {
      after.set(partition, event.offset);
      if (wanted(event)) messages.push(encoding.event(event, formatOffsets(after)));
    }
    if (messages.length > 0) receiver.send(encoding.join(messages));
    else if (events.length > 0) receiver.send(encoding.heartbeat(formatOffsets(after)));
    await receiver.room();
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
