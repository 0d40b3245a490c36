/**
 * Reads the JetStream stream in order, at the reader's pace.
 *
 * An ephemeral consumer without acknowledgements: the checkpoint in our database is the only
 * truth about what has been dealt with. Messages are pulled only as fast as they are taken. Any
 * doubt (a gap, a lost connection, a missed heartbeat) ends the follower with an error; the
 * partition worker then starts a new one from the checkpoint, by the resume rule.
 */
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  type JetStreamManager,
} from "@nats-io/jetstream";
import { messageOf } from "../errors.ts";
import { formatInstant } from "../instant.ts";
import type { NatsConnection } from "./connection.ts";
import { publishedSubject, STREAM_NAME } from "./subjects.ts";

export interface BusMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly sequence: number;
  /** The broker's timestamp: microseconds since 1970. */
  readonly timeUs: number;
  readonly headers: ReadonlyMap<string, string> | undefined;
}

export type StartAt =
  | { readonly sequence: number }
  /** The first message later than this, microseconds since 1970. */
  | { readonly afterUs: number };

export interface Follower {
  /** The sequence before the first one this follower can deliver. */
  readonly startsAfter: number;
  /**
   * What has arrived: waits for a first message, then up to `lingerMs` for more, at most `max`.
   * Empty after `waitMs` without any. Throws when the follower has ended.
   */
  take(max: number, lingerMs: number, waitMs: number): Promise<BusMessage[]>;
  /** Messages the broker held for this follower when it sent the last one, plus those not taken. */
  pending(): number;
  /** Asks the broker: messages it holds for this follower that were not taken yet. */
  undelivered(): Promise<number>;
  /** Asks the broker: whether everything it has for this follower has been taken. */
  idle(): Promise<boolean>;
  /** Ends `take` with this error. */
  fail(error: Error): void;
  /** Ends a waiting `take` at once, with what there is. */
  wake(): void;
  close(): void;
}

/** Reading cannot go on from where it is; start again from the checkpoint. */
export class FollowerEndedError extends Error {
  override readonly name = "FollowerEndedError";
}

/** Messages asked for and not yet taken: enough to keep the next batch arriving during this one. */
const WINDOW = 8_000;
/** And no more bytes than this at a time, whatever the messages weigh. */
const WINDOW_BYTES = 32 * 1024 * 1024;
const BATCH_BYTES_MAX = 16 * 1024 * 1024;
const PULL_EXPIRES_MS = 20_000;
const HEARTBEAT_MS = 5_000;

export async function follow(
  connection: NatsConnection,
  manager: JetStreamManager,
  start: StartAt,
  filters: readonly string[],
): Promise<Follower> {
  const consumer = await manager.consumers.add(STREAM_NAME, consumerConfig(start, filters));
  const pullSubject = `$JS.API.CONSUMER.MSG.NEXT.${STREAM_NAME}.${consumer.name}`;
  const inbox = `_INBOX.${crypto.randomUUID().replaceAll("-", "")}`;

  let queue: BusMessage[] = [];
  let requested = 0;
  let delivered = 0;
  let brokerPending = consumer.num_pending;
  let ended: Error | undefined;
  let wake: (() => void) | undefined;
  let heardAt = performance.now();

  const subscription = connection.subscribe(inbox, {
    callback: (error, message) => {
      heardAt = performance.now();
      if (error) return end(`subscription failed: ${error.message}`);
      const reply = replyOf(message);
      if (reply === undefined || !startsWith(reply, PLACE_PREFIX)) return onStatus(message);
      const { sequence, position, timeUs, pending } = readPlace(reply);
      if (position !== delivered + 1) {
        return end(`message ${position} of the consumer arrived after ${delivered}`);
      }
      delivered = position;
      brokerPending = pending;
      requested--;
      queue.push({
        subject: publishedSubject(message.subject),
        payload: message.data,
        sequence,
        timeUs,
        headers: headersOf(message),
      });
      wake?.();
    },
  });

  function onStatus(message: RawMessage): void {
    const status = message.headers;
    const code = status?.code ?? 0;
    if (code === 100) return; // An idle heartbeat.
    const description = status?.description ?? "";
    // A request ran out of time or of bytes: what is left of it will not come.
    if (code === 408 || (code === 409 && /maxbytes/i.test(description))) {
      requested = Math.max(
        0,
        requested - Number(status?.get("Nats-Pending-Messages") || requested),
      );
      pull();
      return;
    }
    end(`the broker ended the consumer: ${code} ${description}`.trim());
  }

  function pull(): void {
    const want = WINDOW - queue.length - requested;
    // One request at a time keeps the arithmetic honest; asking early keeps the pipe full.
    if (ended || requested > WINDOW / 2 || want <= 0) return;
    requested += want;
    const request = JSON.stringify({
      batch: want,
      max_bytes: WINDOW_BYTES,
      expires: PULL_EXPIRES_MS * 1_000_000,
      idle_heartbeat: HEARTBEAT_MS * 1_000_000,
    });
    try {
      connection.publish(pullSubject, request, { reply: inbox });
    } catch (error) {
      // Some calls come from the connection's own callback, where nobody would catch it.
      end(`the broker cannot be asked: ${messageOf(error)}`);
    }
  }

  function end(reason: string): void {
    fail(new FollowerEndedError(`Cannot go on reading "${STREAM_NAME}": ${reason}`));
  }

  function fail(error: Error): void {
    ended ??= error;
    wake?.();
  }

  const watch = setInterval(() => {
    if (performance.now() - heardAt > 3 * HEARTBEAT_MS) end("the broker fell silent");
  }, HEARTBEAT_MS);
  watchConnection(connection, end, () => ended !== undefined)
    .catch((error) => end(`connection: ${messageOf(error)}`));
  pull();

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      wake = done;
      function done(): void {
        clearTimeout(timer);
        wake = undefined;
        resolve();
      }
    });
  }

  async function undelivered(): Promise<number> {
    const info = await manager.consumers.info(STREAM_NAME, consumer.name);
    const underWay = info.delivered.consumer_seq - delivered;
    return info.num_pending + Math.max(0, underWay) + queue.length;
  }

  return {
    startsAfter: consumer.delivered.stream_seq,
    async take(max, lingerMs, waitMs) {
      if (queue.length === 0 && !ended) await wait(waitMs);
      if (queue.length > 0 && queue.length < max && !ended) {
        const until = performance.now() + lingerMs;
        for (;;) {
          const left = until - performance.now();
          if (left <= 0 || queue.length >= max || ended) break;
          await new Promise((resolve) => setTimeout(resolve, Math.ceil(left)));
        }
      }
      if (ended) throw ended;
      const count = countWithin(queue, max);
      const taken = count === queue.length ? queue : queue.slice(0, count);
      queue = count === queue.length ? [] : queue.slice(count);
      pull();
      return taken;
    },
    pending: () => brokerPending + queue.length,
    undelivered,
    idle: async () => await undelivered() === 0,
    fail,
    wake: () => wake?.(),
    close() {
      end("closed");
      clearInterval(watch);
      subscription.unsubscribe();
      if (connection.isClosed()) return;
      // The broker forgets an idle consumer by itself; telling it is a courtesy, and one that is
      // not answered (the connection was just lost) must not keep the next follower from starting.
      void manager.consumers.delete(STREAM_NAME, consumer.name).catch(() => {});
    },
  };
}

const encoder = new TextEncoder();
const PLACE_PREFIX = encoder.encode("$JS.ACK.");
const DOT = 46;
const ZERO = 48;

/**
 * The reply subject as it came over the wire. The library has it at hand, and would make a text of
 * it to be asked for; what stands in it are numbers.
 */
function replyOf(message: RawMessage): Uint8Array | undefined {
  const asItCame = message._msg?.reply;
  if (asItCame instanceof Uint8Array) return asItCame;
  return message.reply ? encoder.encode(message.reply) : undefined;
}

/**
 * Where a message stands, as its reply subject says: `$JS.ACK.` …
 * `stream.consumer.deliveries.sequence.position.nanoseconds.pending`, and on newer servers a domain
 * and an account before these, a token behind. Read from the back, without taking it apart.
 */
function readPlace(
  reply: Uint8Array,
): { sequence: number; position: number; timeUs: number; pending: number } {
  const end = dots(reply) > 8 ? dotBefore(reply, reply.length) : reply.length;
  const pendingAt = dotBefore(reply, end);
  const timeAt = dotBefore(reply, pendingAt);
  const positionAt = dotBefore(reply, timeAt);
  const sequenceAt = dotBefore(reply, positionAt);
  return {
    sequence: digits(reply, sequenceAt + 1, positionAt),
    position: digits(reply, positionAt + 1, timeAt),
    timeUs: digits(reply, timeAt + 1, pendingAt - 3),
    pending: digits(reply, pendingAt + 1, end),
  };
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}

function dots(bytes: Uint8Array): number {
  let found = 0;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === DOT) found++;
  return found;
}

function dotBefore(bytes: Uint8Array, end: number): number {
  let at = end - 1;
  while (at >= 0 && bytes[at] !== DOT) at--;
  return at;
}

function digits(bytes: Uint8Array, from: number, to: number): number {
  let number = 0;
  for (let i = from; i < to; i++) number = number * 10 + (bytes[i] ?? ZERO) - ZERO;
  return number;
}

/** How many of the first messages make one batch: bounded in number and in bytes, at least one. */
function countWithin(queue: readonly BusMessage[], max: number): number {
  let bytes = 0;
  for (let i = 0; i < queue.length; i++) {
    bytes += queue[i]?.payload.length ?? 0;
    if (i === max || (i > 0 && bytes > BATCH_BYTES_MAX)) return i;
  }
  return queue.length;
}

interface RawMessage {
  readonly _msg?: { readonly reply?: Uint8Array };
  readonly reply?: string;
  readonly headers?: {
    readonly code: number;
    readonly description: string;
    get(key: string): string;
    keys(): string[];
  };
}

function headersOf(message: RawMessage): ReadonlyMap<string, string> | undefined {
  const headers = message.headers;
  if (headers === undefined) return undefined;
  return new Map(headers.keys().map((key) => [key, headers.get(key)]));
}

function consumerConfig(start: StartAt, filters: readonly string[]): Partial<ConsumerConfig> {
  return {
    ack_policy: AckPolicy.None,
    ...("sequence" in start
      ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: start.sequence }
      : {
        deliver_policy: DeliverPolicy.StartTime,
        opt_start_time: formatInstant((start.afterUs + 1) / 1000),
      }),
    inactive_threshold: 60 * 1_000_000_000,
    mem_storage: true,
    num_replicas: 1,
    ...(filters.length === 0
      ? {}
      : filters.length === 1
      ? { filter_subject: filters[0] ?? "" }
      : { filter_subjects: [...filters] }),
  };
}

/** Ends the follower when the connection does: afterwards the broker may show another history. */
async function watchConnection(
  connection: NatsConnection,
  end: (reason: string) => void,
  ended: () => boolean,
): Promise<void> {
  for await (const { type } of connection.status()) {
    if (ended()) return;
    if (type === "disconnect" || type === "close" || type === "staleConnection") {
      return end(`connection: ${type}`);
    }
  }
}
