/**
 * Whoever wrote something here reads it here: questions wait until the read models have what this
 * process has answered for. On another node `?after=` does the same.
 */
import type { MiddlewareHandler } from "hono";
import type { AnsweredEvent } from "../events/bus/publisher.ts";
import type { Deps } from "./deps.ts";

/** A read model that is further behind than this is answered from as it is; the header says so. */
const PATIENCE_MS = 2_000;

export interface OwnWrites {
  note(events: readonly Pick<AnsweredEvent, "partition" | "offset">[]): void;
  /** Resolves when what was noted can be read. */
  shown(): Promise<void>;
  /** The same before every question. */
  readonly beforeReading: MiddlewareHandler;
}

export function createOwnWrites({ waitFor }: Pick<Deps, "waitFor">): OwnWrites {
  const written = new Map<number, number>();

  async function shown(): Promise<void> {
    if (written.size > 0) await waitFor(new Map(written), PATIENCE_MS);
  }

  return {
    note(events) {
      for (const { partition, offset } of events) {
        written.set(partition, Math.max(offset, written.get(partition) ?? 0));
      }
    },
    shown,
    beforeReading: async (c, next) => {
      if (c.req.method === "GET" || c.req.method === "HEAD") await shown();
      await next();
    },
  };
}
