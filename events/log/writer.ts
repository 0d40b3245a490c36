/** Hands batches to the writer's thread, in order, and tells when each is on disk. */
import { encode, PartitionLostError, type PreparedBatch } from "./append.ts";
import type { ConnectOptions } from "./database.ts";
import type { BatchRow } from "./rows.ts";
import type { FromWriter, ToWriter } from "./writer_thread.ts";

export interface Writer {
  /** Begins a run of batches on top of the batch with this hash. */
  begin(hash: Uint8Array): void;
  /**
   * Resolves with the batch's hash when it is on disk. Batches may be handed over before the ones
   * below them are; if one fails, so do all above it. Throws PartitionLostError.
   */
  append(batch: PreparedBatch): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** The database did not take a batch; it may take it after a restart from the checkpoint. */
export class AppendFailedError extends Error {
  override readonly name = "AppendFailedError";
}

export function startWriter(database: ConnectOptions): Writer {
  const waiting = new Map<
    number,
    { row: BatchRow; resolve(hash: Uint8Array): void; reject(error: Error): void }
  >();
  let closed = Promise.withResolvers<void>();
  let last = 0;
  let ended = false;
  let thread = startThread();

  function startThread(): Worker {
    const started = new Worker(new URL("./writer_thread.ts", import.meta.url), {
      type: "module",
      name: "log writer",
    });
    started.onmessage = ({ data }: MessageEvent<FromWriter>) => {
      if (data.type === "closed") return closed.resolve();
      const waiter = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.type === "appended") waiter?.resolve(data.hash);
      else waiter?.reject(revive(data, waiter.row));
    };
    started.onerror = (event) => {
      event.preventDefault();
      ended = true;
      for (const { reject } of waiting.values()) {
        reject(new AppendFailedError(`The log writer ended: ${event.message}`));
      }
      waiting.clear();
      closed.resolve();
    };
    started.postMessage({ type: "open", database } satisfies ToWriter);
    return started;
  }

  const send = (message: ToWriter, handedOver: Transferable[] = []): void =>
    thread.postMessage(message, handedOver);

  return {
    begin(hash) {
      // Whoever begins again after a failure must not wait for a thread that will never answer.
      if (ended) {
        closed = Promise.withResolvers();
        thread = startThread();
        ended = false;
      }
      send({ type: "begin", hash });
    },
    append: (batch) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(new AppendFailedError("The log writer has ended"));
        const bytes = encode(batch);
        waiting.set(++last, { row: batch.row, resolve, reject });
        send({ type: "append", id: last, batch: bytes }, [
          bytes.events.buffer,
          bytes.quarantine.buffer,
        ]);
      }),
    async close() {
      send({ type: "close" });
      await closed.promise;
      thread.terminate();
    },
  };
}

function revive(
  { name, reason }: { name: string; reason: string },
  row: BatchRow,
): Error {
  return name === "PartitionLostError"
    ? new PartitionLostError(row.partition, row.batch)
    : new AppendFailedError(`Cannot append batch ${row.batch}: ${reason}`);
}
