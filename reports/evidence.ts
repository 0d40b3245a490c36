/**
 * What a number of a report rests on: the business intervals, the polls, and the time that was up,
 * down or unknown because of them; now, or as a report would have had it at an earlier moment.
 */
import type { Sql } from "../events/log/database.ts";
import { atOneMoment } from "../events/log/query.ts";
import { type Availability, availabilityOf, type Polls } from "../models/availability.ts";
import { businessIntervals } from "../models/business_hours.ts";
import { readSchedules, type Schedule, UNKNOWN_SCHEDULE } from "../projections/schedules.ts";
import {
  latestPoll,
  latestPollAsOf,
  polledStores,
  readPolls,
  storeAsOf,
} from "../projections/store_reports.ts";
import { type ReportRequest, type Window, windowsOf } from "./request.ts";

export interface EvidenceQuery extends Pick<ReportRequest, "now" | "period" | "stalenessMs"> {
  readonly id: string;
  /** Counts where there is no period. */
  readonly window: string;
  /** Epoch ms, by our clock: only what was in the log by then counts. Null for all of it. */
  readonly asOf: number | null;
}

export interface Evidence {
  readonly now: number;
  readonly window: Window;
  readonly schedule: Schedule;
  /** Those the report looks at: in the window, the last one before it, else the first one after. */
  readonly polls: readonly { readonly at: number; readonly status: "active" | "inactive" }[];
  /** Flat: start, end, start, end …, epoch ms. */
  readonly business: Float64Array;
  readonly availability: Availability;
}

/** Undefined where the store was never polled, or had not been by then. */
export async function evidenceOf(sql: Sql, query: EvidenceQuery): Promise<Evidence | undefined> {
  return await atOneMoment(sql, async (then) => {
    const now = query.now ?? await latest(then, query.asOf);
    if (now === undefined) return undefined;
    const [window] = windowsOf({ period: query.period, windows: [query.window] }, now);
    if (window === undefined) return undefined;
    const found = await whatIsKnown(then, query, {
      from: window.from,
      to: Math.min(now, window.to + (query.stalenessMs ?? 0)),
      changesOnly: false,
    });
    if (found === undefined || found.polls.at.length === 0) return undefined;
    return explain(now, window, query.stalenessMs, found.schedule, found.polls);
  });
}

async function latest(sql: Sql, asOf: number | null): Promise<number | undefined> {
  return asOf === null
    ? await latestPoll(sql, await polledStores(sql))
    : await latestPollAsOf(sql, asOf);
}

async function whatIsKnown(
  sql: Sql,
  { id, asOf }: EvidenceQuery,
  range: Parameters<typeof readPolls>[2],
): Promise<{ schedule: Schedule; polls: Polls } | undefined> {
  if (asOf !== null) return await storeAsOf(sql, id, asOf, range);
  const [polls] = await readPolls(sql, await polledStores(sql, [id]), range);
  if (polls === undefined) return undefined;
  const schedule = (await readSchedules(sql, [id])).get(id) ?? UNKNOWN_SCHEDULE;
  return { schedule, polls };
}

function explain(
  now: number,
  window: Window,
  stalenessMs: number | null,
  schedule: Schedule,
  { at, up }: Polls,
): Evidence {
  const polls = Array.from(at, (moment, i) => ({
    at: moment,
    status: up[i] === 1 ? "active" as const : "inactive" as const,
  }));
  const business = businessIntervals(schedule, window.from, window.to);
  const availability = availabilityOf(polls, {
    from: window.from,
    to: window.to,
    now,
    stalenessMs: stalenessMs ?? Infinity,
    holdsBackwards: true,
    business,
    isUp: (status) => status === "active",
  });
  return { now, window, schedule, polls, business, availability };
}
