/** Says things on the bus, and waits for the log's answer where asked to. */
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import { jetstream, JetStreamApiError } from "@nats-io/jetstream";
import { messageOf } from "../errors.ts";
import type { NatsConnection } from "./connection.ts";
import {
  type Answer,
  BusUnavailableError,
  type Published,
  type Publisher,
  type PublishOptions,
} from "./publisher.ts";

const REPLY_HEADER = "Telltale-Reply";
const ACKNOWLEDGE_MS = 5_000;
const ANSWER_MS = 15_000;

/** Who asked to be told how a message ended, and until when. */
interface Waiter {
  resolve(answer: Answer): void;
  readonly timer: ReturnType<typeof setTimeout>;
}

export function createPublisher(connection: NatsConnection): Publisher & { close(): void } {
  const stream = jetstream(connection, { timeout: ACKNOWLEDGE_MS });
  const inbox = `_INBOX.${crypto.randomUUID().replaceAll("-", "")}`;
  const waiting = new Map<string, Waiter>();
  let last = 0;

  const answers = connection.subscribe(`${inbox}.*`, {
    callback: (_error, message) => {
      const token = message.subject.slice(inbox.length + 1);
      waiting.get(token)?.resolve(message.json<Answer>());
    },
  });

  async function publish(
    subject: string,
    payload: Uint8Array,
    options: PublishOptions = {},
  ): Promise<Published> {
    const token = options.waitForLog ? String(++last) : undefined;
    const answered = token === undefined ? undefined : waitForAnswer(token);
    try {
      const { seq, duplicate } = await stream.publish(subject, payload, {
        headers: headersFor(options, token === undefined ? undefined : `${inbox}.${token}`),
        ...(options.messageId === undefined ? {} : { msgID: options.messageId }),
      });
      if (!answered) return { sequence: seq, duplicate };
      // JetStream dropped a repeat, so no actor will ever answer it.
      if (duplicate) return { sequence: seq, duplicate, answer: { outcome: "repeat", events: [] } };
      return { sequence: seq, duplicate, answer: await answered };
    } catch (error) {
      throw asUnavailable(subject, error);
    } finally {
      if (token !== undefined) stopWaiting(token);
    }
  }

  function stopWaiting(token: string): void {
    clearTimeout(waiting.get(token)?.timer);
    waiting.delete(token);
  }

  function waitForAnswer(token: string): Promise<Answer> {
    const answered = new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new BusUnavailableError(
            "log-not-reached",
            `The message is on the bus, but the log did not answer within ${ANSWER_MS / 1000} s`,
          ),
        );
      }, ANSWER_MS);
      waiting.set(token, { resolve, timer });
    });
    answered.catch(() => {}); // Where the publish itself failed, nobody waits any more.
    return answered;
  }

  return {
    publish,
    close: () => answers.unsubscribe(),
  };
}

function headersFor(options: PublishOptions, replyTo: string | undefined): MsgHdrs {
  const result = headers();
  if (replyTo !== undefined) result.set(REPLY_HEADER, replyTo);
  for (const [name, value] of Object.entries(options.headers ?? {})) result.set(name, value);
  return result;
}

/** JetStream's code for a stream that is full. */
const STREAM_FULL = 10077;

function asUnavailable(subject: string, error: unknown): BusUnavailableError {
  if (error instanceof BusUnavailableError) return error;
  const detail = messageOf(error);
  if (error instanceof JetStreamApiError && error.code === STREAM_FULL) {
    return new BusUnavailableError(
      "bus-full",
      `Cannot accept a message for "${subject}": the bus is full until the log catches up`,
      { cause: error },
    );
  }
  if (error instanceof Error && error.name === "TimeoutError") {
    return new BusUnavailableError(
      "bus-unavailable",
      `Cannot tell whether the bus took a message for "${subject}": it did not say so within ${
        ACKNOWLEDGE_MS / 1000
      } s`,
      { cause: error },
    );
  }
  return new BusUnavailableError("bus-unavailable", `Cannot reach the bus: ${detail}`, {
    cause: error,
  });
}
