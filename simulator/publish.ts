/**
 * Sends a fleet's messages to the bus, many under way at once, and counts what became of each.
 *
 * A message the bus could not take is sent again under the same id, so the answer that got lost
 * does no harm. While it waits, its place in the window is taken: a full bus slows the fleet down.
 */
import { BusUnavailableError, type Publisher } from "../events/bus/publisher.ts";
import type { SimulatedMessage } from "./fleet.ts";

export interface Tally {
  published: number;
  /** By JetStream: they are on disk or soon will be. */
  acknowledged: number;
  /** Of those, recognised by JetStream as one it had. */
  repeats: number;
  /** Attempts that had to be made again. */
  retries: number;
  /** Given up on. */
  failed: number;
  /** The first message that was given up on, and why. */
  failure?: string;
}

export interface PublishAllOptions {
  /** When a message may be sent, by our clock. Epoch ms. */
  readonly sendAt: (message: SimulatedMessage, index: number) => number;
  /** Ends the sending; what is under way is still waited for. */
  readonly signal: AbortSignal;
  /** Called as the numbers change. */
  readonly onProgress?: (tally: Readonly<Tally>, message: SimulatedMessage) => void;
  /** @default 1000 */
  readonly underWayMax?: number;
  /** How long to try again before giving a message up. @default 60_000 */
  readonly patienceMs?: number;
}

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 3000;
/** After the signal, a message that is still refused is not worth waiting a minute for. */
const PATIENCE_ENDING_MS = 5000;

export async function publishAll(
  publisher: Publisher,
  messages: Iterable<SimulatedMessage>,
  options: PublishAllOptions,
): Promise<Tally> {
  const { signal, underWayMax = 1000, patienceMs = 60_000 } = options;
  const tally: Tally = { published: 0, acknowledged: 0, repeats: 0, retries: 0, failed: 0 };
  let underWay = 0;
  let oneEnded = Promise.withResolvers<void>();

  async function send(message: SimulatedMessage): Promise<void> {
    const startedAt = performance.now();
    for (let waitMs = RETRY_FIRST_MS;; waitMs = Math.min(2 * waitMs, RETRY_MAX_MS)) {
      try {
        const { duplicate } = await publisher.publish(message.subject, message.payload, {
          messageId: message.messageId,
        });
        tally.acknowledged++;
        if (duplicate) tally.repeats++;
        return;
      } catch (error) {
        if (!(error instanceof BusUnavailableError)) throw error;
        const patience = signal.aborted ? PATIENCE_ENDING_MS : patienceMs;
        if (performance.now() - startedAt > patience) {
          tally.failed++;
          tally.failure ??= `${message.subject} (${message.messageId}): ${error.message}`;
          return;
        }
        tally.retries++;
        await until(Date.now() + waitMs, signal);
        if (signal.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_FIRST_MS));
      }
    }
  }

  for (const message of messages) {
    await until(options.sendAt(message, tally.published), signal);
    if (signal.aborted) break;
    tally.published++;
    underWay++;
    send(message).then(ended, oneEnded.reject);
    while (underWay >= underWayMax) await oneEnded.promise;
    options.onProgress?.(tally, message);
  }
  while (underWay > 0) await oneEnded.promise;
  return tally;

  function ended(): void {
    underWay--;
    oneEnded.resolve();
    oneEnded = Promise.withResolvers();
  }
}

async function until(at: number, signal: AbortSignal): Promise<void> {
  const waitMs = at - Date.now();
  if (waitMs <= 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, waitMs);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
