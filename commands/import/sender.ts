/**
 * Says things on the bus, many under way at once, and waits for the log's answer to each.
 *
 * What the bus could not take is sent again under the same id. A message whose answer got lost is
 * on the bus all the same; whoever sends must then see the log reach the end of it.
 */
import { setTimeout as wait } from "node:timers/promises";
import { BusUnavailableError, type Published, type Publisher } from "../../events/bus/publisher.ts";
import { UserError } from "../command.ts";

export interface Outgoing {
  readonly subject: string;
  readonly text: string;
}

export interface Tally {
  /** Messages that are in the log or in quarantine, by its own word, or on the bus. */
  acknowledged: number;
  /** Of those, in quarantine, though they were meant to be understood. */
  refused: number;
  /** Of those, acknowledged by JetStream while the log did not answer. */
  unanswered: number;
  /** The last offset of each partition that any of them was recorded at. */
  readonly offsets: Map<number, number>;
  /** Why the first was refused. */
  refusal?: string;
}

export interface Sender {
  /** Resolves when there is room for more. Throws UserError when one could not be delivered. */
  send(message: Outgoing, onAcknowledged?: () => void): Promise<void>;
  /** Resolves when all are acknowledged. */
  finish(): Promise<void>;
  readonly tally: Readonly<Tally>;
}

/** Enough to fill one batch of the log while another is written. */
const UNDER_WAY_MAX = 4_000;
const BYTES_UNDER_WAY_MAX = 8 * 1024 * 1024;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 3_000;
const PATIENCE_MS = 60_000;

export interface SenderOptions {
  /** Who sends, as the events' metadata will say. */
  readonly source: string;
  /** Called where the log did not answer; throws where there is no use in sending on. */
  readonly onSilence: () => Promise<void>;
}

export function createSender(
  publisher: Publisher,
  { source, onSilence }: SenderOptions,
): Sender {
  const run = crypto.randomUUID();
  const encoder = new TextEncoder();
  const tally: Tally = { acknowledged: 0, refused: 0, unanswered: 0, offsets: new Map() };
  let sent = 0;
  let underWay = 0;
  let bytesUnderWay = 0;
  let failure: unknown;
  let oneEnded = Promise.withResolvers<void>();

  async function deliver({ subject }: Outgoing, payload: Uint8Array, id: string): Promise<void> {
    const startedAt = performance.now();
    for (let waitMs = RETRY_FIRST_MS;; waitMs = Math.min(2 * waitMs, RETRY_MAX_MS)) {
      try {
        note(
          await publisher.publish(subject, payload, {
            messageId: id,
            waitForLog: true,
            headers: { "Telltale-Source": source },
          }),
        );
        return;
      } catch (error) {
        if (!(error instanceof BusUnavailableError)) throw error;
        if (error.code === "log-not-reached") {
          tally.unanswered++;
          await onSilence();
          return;
        }
        if (performance.now() - startedAt > PATIENCE_MS) {
          throw new UserError(error.message, { cause: error });
        }
        await wait(waitMs);
      }
    }
  }

  function note({ duplicate, answer }: Published): void {
    // JetStream had it from an attempt before, whose answer went nowhere.
    if (duplicate) tally.unanswered++;
    if (answer?.outcome === "quarantined" && answer.code !== "unreadable-line") {
      tally.refused++;
      tally.refusal ??= answer.reason ?? answer.code ?? "";
    }
    for (const { partition, offset } of answer?.events ?? []) {
      tally.offsets.set(partition, Math.max(offset, tally.offsets.get(partition) ?? 0));
    }
  }

  function ended(bytes: number): void {
    underWay--;
    bytesUnderWay -= bytes;
    oneEnded.resolve();
    oneEnded = Promise.withResolvers();
  }

  return {
    async send(message, onAcknowledged) {
      const payload = encoder.encode(message.text);
      while (
        failure === undefined && underWay > 0 &&
        (underWay >= UNDER_WAY_MAX || bytesUnderWay + payload.length > BYTES_UNDER_WAY_MAX)
      ) await oneEnded.promise;
      if (failure !== undefined) throw failure;
      underWay++;
      bytesUnderWay += payload.length;
      deliver(message, payload, `import:${run}:${++sent}`).then(() => {
        tally.acknowledged++;
        onAcknowledged?.();
      }).catch((error) => failure ??= error).finally(() => ended(payload.length));
    },
    async finish() {
      while (underWay > 0) await oneEnded.promise;
      if (failure !== undefined) throw failure;
    },
    tally,
  };
}
