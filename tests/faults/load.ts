/**
 * Devices that speak without pause, each a message at a time, and do not give up on one until the
 * broker has acknowledged it. Every message carries a number nobody else has.
 */
import { jetstream } from "@nats-io/jetstream";
import { connectBus } from "../../events/bus/connection.ts";
import { subjectOf } from "../../events/bus/subjects.ts";

export interface Load {
  /** Numbers the broker has acknowledged. */
  readonly acknowledged: ReadonlySet<number>;
  /** The last number given out. */
  last(): number;
  /** Resolves once so many more have been acknowledged. */
  reach(more: number, withinMs?: number): Promise<void>;
  /** Lets every device finish its message. */
  stop(): Promise<void>;
}

const DEVICES = 12;
const PAUSE_MS = 8;
const ACKNOWLEDGE_MS = 2_000;
/** A device whose message is not taken for so long fails the test. */
const PATIENCE_MS = 60_000;
const encoder = new TextEncoder();

/** Goes on numbering, and adding up what was acknowledged, where an earlier load stopped. */
export async function startLoad(natsUrl: string, before?: Load): Promise<Load> {
  const connection = await connectBus(natsUrl, "load");
  const stream = jetstream(connection, { timeout: ACKNOWLEDGE_MS });
  const acknowledged = new Set(before?.acknowledged);
  let last = before?.last() ?? 0;
  let stopping = false;

  async function say(device: string): Promise<void> {
    const number = ++last;
    const payload = encoder.encode(
      JSON.stringify({ value: number, timestamp: new Date().toISOString() }),
    );
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        // The same name every time: whether the first try arrived is not known.
        const msgID = `load-${number}`;
        await stream.publish(subjectOf("sensor", device, "reading"), payload, { msgID });
        acknowledged.add(number);
        return;
      } catch (error) {
        // Nobody waits for it any more; it may never have had a broker to go to.
        if (stopping) return;
        if (performance.now() > until) {
          throw new Error(`Cannot publish message ${number}: not taken in ${PATIENCE_MS} ms`, {
            cause: error,
          });
        }
        await pause(100);
      }
    }
  }

  const devices = Array.from({ length: DEVICES }, async (_, index) => {
    while (!stopping) {
      await say(`load-${index}`);
      await pause(PAUSE_MS);
    }
  });
  const ended = Promise.all(devices);
  ended.catch(() => {}); // Seen by whoever stops the load.

  return {
    acknowledged,
    last: () => last,
    async reach(more, withinMs = PATIENCE_MS) {
      const wanted = acknowledged.size + more;
      const until = performance.now() + withinMs;
      while (acknowledged.size < wanted) {
        if (performance.now() > until) {
          throw new Error(
            `The broker acknowledged ${acknowledged.size} messages in ${withinMs} ms, expected ${wanted}`,
          );
        }
        await pause(10);
      }
    },
    async stop() {
      stopping = true;
      try {
        await ended;
      } finally {
        await connection.close();
      }
    },
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
