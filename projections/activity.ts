/** How much devices say: reports per kind and minute. Answers: is telemetry coming in as it should? */
import { observedStatus } from "../events/measures.ts";
import { type Poll, pollsOf } from "../events/store.ts";
import type { Sql } from "../events/log/database.ts";
import { sqlInstant } from "../events/log/database.ts";
import { deviceOf, type Kind } from "../events/vocabulary.ts";
import type { Projection } from "./projection.ts";
import { REPORTS } from "./reports.ts";

const MINUTE_MS = 60_000;
/** The bucket of a kind's whole history, so that totals need no sum over years of minutes. */
const EVER = "ever";

interface Activity {
  count: number;
  /** Moments in epoch ms. */
  oldest: number;
  newest: number;
}

export const activity: Projection<Activity> = {
  name: "activity",
  version: 1,
  handles: REPORTS,

  // Each partition counts for itself: it may be projected by another process than the next one.
  create: (table) => `
    create table ${table} (
      kind text not null,
      partition integer not null,
      -- 'ever', or the minute of the reports' own time in epoch minutes.
      bucket text not null,
      minute timestamptz,
      count bigint not null,
      oldest timestamptz not null,
      newest timestamptz not null,
      primary key (kind, partition, bucket)
    );
    create index on ${table} (kind, minute)`,

  keysOf(event) {
    const { kind } = deviceOf(event.stream);
    const { partition, occurredAt } = event;
    if (event.type === "PollsReported") {
      return [...minutesOf(pollsOf(event.data)), EVER].map((bucket) =>
        `${kind}|${partition}|${bucket}`
      );
    }
    if (observedStatus(event) === undefined) return [];
    const minute = Math.floor(occurredAt / MINUTE_MS);
    const known = lastKeys.get(kind);
    if (known?.minute === minute && known.partition === partition) return known.keys;
    const keys = [minute, EVER].map((bucket) => `${kind}|${partition}|${bucket}`);
    lastKeys.set(kind, { minute, partition, keys });
    return keys;
  },

  async load(sql, table, keys) {
    const parts = keys.map((key) => key.split("|"));
    const rows = await sql<(Activity & { key: string })[]>`
      select kind || '|' || partition || '|' || bucket as key, count, oldest, newest
      from ${sql(table)} join unnest(
        ${parts.map((part) => part[0] ?? "")}::text[],
        ${parts.map((part) => Number(part[1]))}::integer[],
        ${parts.map((part) => part[2] ?? "")}::text[]
      ) as wanted (kind, partition, bucket) using (kind, partition, bucket)`;
    return new Map(rows.map(({ key, ...row }) => [key, row]));
  },

  fold(row, { type, data, occurredAt }, key) {
    if (type === "PollsReported") {
      const counted = countIn(pollsOf(data), key.slice(key.lastIndexOf("|") + 1));
      return joined(row, counted ?? { count: 0, oldest: occurredAt, newest: occurredAt });
    }
    if (row === undefined) return { count: 1, oldest: occurredAt, newest: occurredAt };
    row.count++;
    if (occurredAt < row.oldest) row.oldest = occurredAt;
    if (occurredAt > row.newest) row.newest = occurredAt;
    return row;
  },

  async save(tx, table, rows) {
    const values = [...rows].map(([key, row]) => {
      const [kind, partition, bucket = EVER] = key.split("|");
      return {
        kind,
        partition,
        bucket,
        minute: bucket === EVER ? null : sqlInstant(Number(bucket) * MINUTE_MS),
        count: row.count,
        oldest: sqlInstant(row.oldest),
        newest: sqlInstant(row.newest),
      };
    });
    await tx`
      insert into ${tx(table)} (kind, partition, bucket, minute, count, oldest, newest)
      select * from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
        kind text, partition integer, bucket text, minute timestamptz, count bigint,
        oldest timestamptz, newest timestamptz)
      on conflict (kind, partition, bucket) do update
        set count = excluded.count, oldest = excluded.oldest, newest = excluded.newest`;
  },
};

/** Where each kind's newest report was counted: the next one mostly is, too. */
const lastKeys = new Map<string, { minute: number; partition: number; keys: readonly string[] }>();

/** The minutes in which polls were made that arrived together; they ascend. */
function minutesOf(polls: readonly Poll[]): number[] {
  const minutes: number[] = [];
  for (const { at } of polls) {
    const minute = Math.floor(at / MINUTE_MS);
    if (minute !== minutes.at(-1)) minutes.push(minute);
  }
  return minutes;
}

/** Those of them that fall into a bucket. */
function countIn(polls: readonly Poll[], bucket: string): Activity | undefined {
  const start = bucket === EVER ? -Infinity : Number(bucket) * MINUTE_MS;
  const end = bucket === EVER ? Infinity : start + MINUTE_MS;
  const from = firstFrom(polls, start);
  const to = firstFrom(polls, end);
  const oldest = polls[from];
  const newest = polls[to - 1];
  if (oldest === undefined || newest === undefined || from === to) return undefined;
  return { count: to - from, oldest: oldest.at, newest: newest.at };
}

/** Place of the first poll at or after a moment. */
function firstFrom(polls: readonly Poll[], moment: number): number {
  let low = 0;
  let high = polls.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((polls[middle]?.at ?? Infinity) < moment) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Changes the first in place; never the second. */
function joined(row: Activity | undefined, more: Readonly<Activity>): Activity {
  if (row === undefined) return { ...more };
  row.count += more.count;
  row.oldest = Math.min(row.oldest, more.oldest);
  row.newest = Math.max(row.newest, more.newest);
  return row;
}

export interface ActivityStats {
  readonly reports: number;
  /** Epoch ms of the reports' own time; null without any. */
  readonly oldest: number | null;
  readonly newest: number | null;
  /** To the minute. */
  readonly lastHour: number;
  readonly last24Hours: number;
  /** Since midnight UTC. */
  readonly today: number;
  /** Over the time from the oldest to the newest report, at least one hour. */
  readonly averagePerHour: number;
}

/** What one kind of device has reported up to `now` (epoch ms). */
export async function activityStats(sql: Sql, kind: Kind, now: number): Promise<ActivityStats> {
  const [row] = await sql<
    {
      reports: number;
      oldest: number | null;
      newest: number | null;
      lastHour: number;
      last24Hours: number;
      today: number;
    }[]
  >`
    with recent as (
      select minute, count from activity
      where kind = ${kind} and minute > ${sqlInstant(now - 24 * 3_600_000)}::timestamptz
        and minute <= ${sqlInstant(now)}::timestamptz
    ), ever as (
      select sum(count) as count, min(oldest) as oldest, max(newest) as newest
      from activity where kind = ${kind} and bucket = ${EVER}
    )
    select coalesce(ever.count, 0)::bigint as reports, ever.oldest, ever.newest,
      coalesce((select sum(count) from recent
        where minute > ${sqlInstant(now - 3_600_000)}::timestamptz), 0)::bigint as "lastHour",
      coalesce((select sum(count) from recent), 0)::bigint as "last24Hours",
      coalesce((select sum(count) from recent
        where minute >= ${sqlInstant(now - now % 86_400_000)}::timestamptz), 0)::bigint as today
    from ever`;
  if (row === undefined) throw new Error(`Cannot read the activity of kind "${kind}"`);
  const hours = Math.max(1, ((row.newest ?? 0) - (row.oldest ?? 0)) / 3_600_000);
  return { ...row, averagePerHour: row.reports / hours };
}

/** Reports of one kind by day, UTC: epoch ms of its midnight to their number. Days without are absent. */
export async function countPerDay(
  sql: Sql,
  kind: Kind,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Map<number, number>> {
  const rows = await sql<{ day: number; count: number }[]>`
    select (extract(epoch from minute)::bigint / 86400) * 86400000 as day,
      sum(count)::bigint as count
    from activity
    where kind = ${kind} and minute >= ${sqlInstant(from)}::timestamptz
      and minute <= ${sqlInstant(to)}::timestamptz
    group by 1`;
  return new Map(rows.map(({ day, count }) => [Number(day), Number(count)]));
}
