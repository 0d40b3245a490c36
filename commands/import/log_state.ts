/**
 * How far the running Telltale is, seen from beside it: has the log what the bus has, and have the
 * read models what the log has?
 */
import { setTimeout as wait } from "node:timers/promises";
import type { JetStreamManager } from "@nats-io/jetstream";
import { managerOf, nextSequence, streamInfo } from "../../events/bus/stream.ts";
import { filtersOf } from "../../events/bus/subjects.ts";
import type { NatsConnection } from "../../events/bus/connection.ts";
import type { Sql } from "../../events/log/database.ts";
import { countOwned } from "../../events/log/partitions.ts";
import { readHeads } from "../../events/log/query.ts";
import { readPositions } from "../../projections/checkpoints.ts";
import { UserError } from "../command.ts";

const LOOK_MS = 50;
/** A Telltale that starts anew takes its partitions up again sooner. */
const OWNERLESS_MS_MAX = 15_000;

export interface LogState {
  /** Throws UserError unless a Telltale keeps this log now. */
  requireOwner(): Promise<void>;
  /** Resolves when everything that is on the bus now is in the log. */
  busToLog(): Promise<void>;
  /** Resolves when everything in the log now, or up to these offsets, is in every read model. */
  logToReadModels(offsets?: ReadonlyMap<number, number>): Promise<void>;
}

interface Reached {
  readonly partition: number;
  readonly sequence: number;
}

/** Whether the bus has something for a partition, up to a sequence, that its log has not. */
async function isOnItsWay(
  manager: JetStreamManager,
  { partition, sequence }: Reached,
  partitions: number,
  last: number,
): Promise<boolean> {
  if (sequence >= last) return false;
  // One partition has every message; of several a quiet one is behind, and nothing is for it.
  if (partitions === 1) return true;
  for (const filter of filtersOf(partition, partitions)) {
    const next = await nextSequence(manager, sequence + 1, filter);
    if (next !== undefined && next <= last) return true;
  }
  return false;
}

export function watchLog(sql: Sql, connection: NatsConnection): LogState {
  async function requireOwner(): Promise<void> {
    if (await countOwned(sql) > 0) return;
    throw new UserError(
      "No Telltale is running on this database, and what is sent must be written by one. Start it (./telltale start), with the same DATA_DIR or DATABASE_URL, and import again",
    );
  }

  /** Looks until it is so, as long as somebody is there who can make it so. */
  async function until(isSo: () => Promise<boolean>): Promise<void> {
    let ownedAt = performance.now();
    while (!await isSo()) {
      await wait(LOOK_MS);
      if (await countOwned(sql) > 0) ownedAt = performance.now();
      else if (performance.now() - ownedAt > OWNERLESS_MS_MAX) {
        throw new UserError(
          "Telltale has stopped. Start it and import again: what is in the log already is recognised",
        );
      }
    }
  }

  return {
    requireOwner,
    async busToLog() {
      const manager = await managerOf(connection);
      const last = (await streamInfo(manager))?.state.last_seq ?? 0;
      await until(async () => {
        const rows = await sql<Reached[]>`select partition, sequence from partitions`;
        for (const row of rows) {
          if (await isOnItsWay(manager, row, rows.length, last)) return false;
        }
        return true;
      });
    },
    async logToReadModels(offsets) {
      const wanted = offsets ?? await readHeads(sql);
      await until(async () => {
        const positions = await readPositions(sql);
        const stopped = positions.find(({ error }) => error !== null);
        if (stopped) {
          throw new UserError(
            `The read model "${stopped.name}" has stopped (${stopped.error}). Build it anew (./telltale rebuild ${stopped.name}) and import again`,
          );
        }
        return positions.every(({ partition, offset }) => offset >= (wanted.get(partition) ?? 0));
      });
    },
  };
}
