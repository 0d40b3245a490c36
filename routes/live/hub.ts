/**
 * Hands committed events on to whoever watches, without making the writer wait.
 *
 * Watchers who want the same make one channel: an event is matched and written out once for all of
 * them, and each is handed the same bytes. Batches are gathered for a moment first, so that a
 * thousand watchers cost a thousand small sends a moment, not a thousand for every event.
 */
import type { RecordedEvent } from "../../events/event.ts";
import type { Feed } from "../../events/feed.ts";
import { deviceStreamOf } from "../../events/inference.ts";
import { deviceOf, streamOf } from "../../events/vocabulary.ts";
import { formatOffsets } from "../offsets.ts";
import type { Encoding } from "./encoding.ts";
import { type Wants, wantsTypes } from "./topics.ts";

export interface Interest {
  /** In order, without repeats. */
  readonly topics: readonly string[];
  readonly kind?: string | undefined;
  readonly id?: string | undefined;
}

export interface Watcher {
  /** Never blocks. */
  send(chunk: unknown): void;
  /** Nothing more will come. */
  end(code: string, reason: string): void;
}

export interface Hub {
  /** The last offset handed on, per partition; a partition without events yet is absent. */
  readonly handedOn: ReadonlyMap<number, number>;
  /**
   * Hands this watcher every matching event after the given offsets, from now on. The caller has
   * seen to it that those up to `handedOn` were sent. Returns how to stop.
   */
  join(
    interest: Interest,
    encoding: Encoding,
    watcher: Watcher,
    after: ReadonlyMap<number, number>,
  ): () => void;
  /** Tells those who watch this topic, of whatever device, of what is no event of the log. */
  announce(topic: string, name: string, data: unknown): void;
  watchers(): number;
  close(): void;
}

/** Events are gathered this long: short against what a person notices. */
const GATHER_MS = 20;
const HEARTBEAT_MS = 15_000;

const CLOSING = ["closing", "The server is stopping; come back in a moment"] as const;

interface Channel {
  readonly interest: Interest;
  readonly encoding: Encoding;
  readonly wants: Wants;
  /** Those that have nothing behind `handedOn` to skip. */
  readonly watchers: Set<Watcher>;
  /** Those that read farther in the log than was handed on when they joined. */
  readonly ahead: Map<Watcher, ReadonlyMap<number, number>>;
}

/** What any interest in these events comes down to. */
export function wants({ topics, kind, id }: Interest): Wants {
  const ofType = wantsTypes(topics);
  return (event) => {
    if (!ofType(event)) return false;
    if (kind === undefined && id === undefined) return true;
    // What is foretold of a device is news of that device.
    const device = deviceOf(deviceStreamOf(event.stream));
    return (kind === undefined || device.kind === kind) && (id === undefined || device.id === id);
  };
}

export function createHub(feed: Feed): Hub {
  const handedOn = new Map<number, number>();
  /** Where partitions stood that have been quiet since: they belong in a cursor too. */
  const quiet = new Map<number, number>();
  const channels = new Map<string, Channel>();
  /** Channels of one device are found by its stream: a thousand of them are not asked one by one. */
  const byStream = new Map<string, Set<Channel>>();
  const broad = new Set<Channel>();
  let gathered: (readonly RecordedEvent[])[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let handedOnAt = -Infinity;
  let closed = false;

  const stopListening = feed.subscribe((events) => {
    gathered.push(events);
    timer ??= setTimeout(handOn, Math.max(0, GATHER_MS - (performance.now() - handedOnAt)));
  });

  function handOn(): void {
    const batches = gathered;
    gathered = [];
    timer = undefined;
    handedOnAt = performance.now();
    if (channels.size === 0) {
      for (const events of batches) moveTo(events.at(-1));
      return;
    }
    const sent = new Map<Channel, unknown[]>();
    for (const events of batches) {
      for (const event of events) {
        moveTo(event);
        const ofDevice = byStream.get(deviceStreamOf(event.stream));
        if (ofDevice) { for (const channel of ofDevice) offer(channel, event, sent); }
        for (const channel of broad) offer(channel, event, sent);
      }
    }
    for (const [channel, messages] of sent) sendTo(channel, channel.encoding.join(messages));
    for (const channel of channels.values()) settle(channel);
  }

  function cursor(): string {
    return formatOffsets(new Map([...quiet, ...handedOn]));
  }

  function moveTo(event: RecordedEvent | undefined): void {
    if (event !== undefined) handedOn.set(event.partition, event.offset);
  }

  function offer(
    channel: Channel,
    event: RecordedEvent,
    sent: Map<Channel, unknown[]>,
  ): void {
    if (!channel.wants(event)) return;
    const message = channel.encoding.event(event, cursor());
    if (channel.watchers.size > 0) {
      const messages = sent.get(channel);
      if (messages === undefined) sent.set(channel, [message]);
      else messages.push(message);
    }
    for (const [watcher, after] of channel.ahead) {
      if (event.offset <= (after.get(event.partition) ?? 0)) continue;
      watcher.send(channel.encoding.join([message]));
    }
  }

  function sendTo(channel: Channel, chunk: unknown): void {
    for (const watcher of channel.watchers) watcher.send(chunk);
  }

  /** Who was ahead and is no longer gets the same as everybody. */
  function settle(channel: Channel): void {
    for (const [watcher, after] of channel.ahead) {
      if (isAhead(after)) continue;
      channel.ahead.delete(watcher);
      channel.watchers.add(watcher);
    }
  }

  function isAhead(after: ReadonlyMap<number, number>): boolean {
    return [...after].some(([partition, offset]) => (handedOn.get(partition) ?? 0) < offset);
  }

  const heartbeat = setInterval(() => {
    const place = cursor();
    for (const channel of channels.values()) sendTo(channel, channel.encoding.heartbeat(place));
  }, HEARTBEAT_MS);

  function channelOf(interest: Interest, encoding: Encoding): Channel {
    const key = JSON.stringify([encoding.name, interest.topics, interest.kind, interest.id]);
    const known = channels.get(key);
    if (known !== undefined) return known;
    const channel: Channel = {
      interest,
      encoding,
      wants: wants(interest),
      watchers: new Set(),
      ahead: new Map(),
    };
    channels.set(key, channel);
    place(channel).add(channel);
    return channel;
  }

  function place({ interest: { kind, id } }: Channel): Set<Channel> {
    if (kind === undefined || id === undefined) return broad;
    const stream = streamOf(kind, id);
    const ofStream = byStream.get(stream) ?? new Set();
    byStream.set(stream, ofStream);
    return ofStream;
  }

  function leave(channel: Channel, watcher: Watcher): void {
    channel.watchers.delete(watcher);
    channel.ahead.delete(watcher);
    if (channel.watchers.size + channel.ahead.size > 0) return;
    for (const [key, known] of channels) if (known === channel) channels.delete(key);
    const ofPlace = place(channel);
    ofPlace.delete(channel);
    const { kind, id } = channel.interest;
    if (ofPlace !== broad && ofPlace.size === 0) byStream.delete(streamOf(kind ?? "", id ?? ""));
  }

  return {
    handedOn,
    join(interest, encoding, watcher, after) {
      if (closed) {
        watcher.end(...CLOSING);
        return () => {};
      }
      for (const [partition, offset] of after) quiet.set(partition, offset);
      const channel = channelOf(interest, encoding);
      if (isAhead(after)) channel.ahead.set(watcher, after);
      else channel.watchers.add(watcher);
      return () => leave(channel, watcher);
    },
    announce(topic, name, data) {
      for (const { interest, encoding, watchers, ahead } of channels.values()) {
        const { topics, kind, id } = interest;
        if (kind !== undefined || id !== undefined) continue;
        if (!topics.includes(topic) && !topics.includes("all")) continue;
        const chunk = encoding.notice(name, data);
        for (const watcher of [...watchers, ...ahead.keys()]) watcher.send(chunk);
      }
    },
    watchers: () =>
      channels.values().reduce((sum, { watchers, ahead }) => sum + watchers.size + ahead.size, 0),
    close() {
      closed = true;
      stopListening();
      clearTimeout(timer);
      clearInterval(heartbeat);
      for (const { watchers, ahead } of [...channels.values()]) {
        for (const watcher of [...watchers, ...ahead.keys()]) {
          watcher.end(...CLOSING);
        }
      }
    },
  };
}
