/** From a request to numbers: how long each store was up, down and unknown in each window. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Sql } from "../events/log/database.ts";
import { atOneMoment } from "../events/log/query.ts";
import { type Uptime, uptimesOf, type Window as Span } from "../models/availability.ts";
import { businessIntervals } from "../models/business_hours.ts";
import { readSchedules, UNKNOWN_SCHEDULE } from "../projections/schedules.ts";
import {
  latestPoll,
  type PolledStore,
  polledStores,
  readPolls,
} from "../projections/store_reports.ts";
import { type ReportRequest, type Window, windowsOf } from "./request.ts";

export interface StoreUptimes {
  readonly id: string;
  /** IANA name; null where none is known. */
  readonly zone: string | null;
  /** In the order of the windows. */
  readonly uptimes: readonly Uptime[];
}

export interface Table {
  /** Epoch ms; null where no store was ever polled and no moment was given. */
  readonly now: number | null;
  readonly windows: readonly Window[];
  readonly stalenessMs: number | null;
  /** By code point of their ids. */
  readonly stores: readonly StoreUptimes[];
}

export interface ComputeOptions {
  readonly onProgress?: (done: number, total: number) => void | Promise<void>;
}

/** Computes this long before it lets go of the thread: it may be told to end. */
const TURN_MS = 50;
/** Stores read together: bounds memory. */
const STORES_AT_ONCE = 1_000;

/** All of it is read as of one moment, however much is written meanwhile. */
export async function compute(
  sql: Sql,
  request: ReportRequest,
  { onProgress = () => {} }: ComputeOptions = {},
): Promise<Table> {
  return await atOneMoment(sql, async (then) => {
    const everyStore = await polledStores(then);
    const now = request.now ?? await latestPoll(then, everyStore) ?? null;
    const windows = now === null ? [] : windowsOf(request, now);
    const stalenessMs = request.stalenessMs;
    const asked = request.stores === null ? everyStore : only(everyStore, request.stores);
    if (now === null) return { now, windows, stalenessMs, stores: [] };
    const schedules = await readSchedules(
      then,
      request.stores === null ? undefined : asked.map(({ id }) => id),
    );

    const stores: StoreUptimes[] = [];
    let turnEndsAt = performance.now() + TURN_MS;
    const span = spanOf(windows);
    for (let i = 0; i < asked.length; i += STORES_AT_ONCE) {
      const some = asked.slice(i, i + STORES_AT_ONCE);
      const polls = await readPolls(then, some, {
        from: span.from,
        // Farther ahead nothing is believed of a window, and nothing is known after now.
        to: Math.min(now, span.to + (stalenessMs ?? 0)),
        changesOnly: stalenessMs === null,
      });
      for (const [place, { id }] of some.entries()) {
        const hours = schedules.get(id) ?? UNKNOWN_SCHEDULE;
        const uptimes = uptimesOf(polls[place] ?? NO_POLLS, windows, {
          now,
          stalenessMs: stalenessMs ?? Infinity,
          holdsBackwards: true,
          business: businessIntervals(hours, span.from, span.to),
        });
        stores.push({ id, zone: hours.zone, uptimes });
        if (performance.now() < turnEndsAt) continue;
        await nextTurn();
        turnEndsAt = performance.now() + TURN_MS;
      }
      await onProgress(stores.length, asked.length);
    }
    return { now, windows, stalenessMs, stores };
  });
}

const NO_POLLS = { at: new Float64Array(), up: new Uint8Array() };

function only(stores: readonly PolledStore[], ids: readonly string[]): PolledStore[] {
  const wanted = new Set(ids);
  return stores.filter(({ id }) => wanted.has(id));
}

/** From the first beginning to the last end. */
function spanOf(windows: readonly Window[]): Span {
  return {
    from: Math.min(...windows.map(({ from }) => from)),
    to: Math.max(...windows.map(({ to }) => to)),
  };
}
