/**
 * How many readings found what, by hour and by machine and day. Answers: how is the plant, when is
 * it measured, and how does that change from day to day?
 *
 * A million readings are some thousand hours: whole ones are summed here, and only what a question
 * cuts off an hour is counted reading by reading.
 */
import { type Sql, sqlInstant } from "../events/log/database.ts";
import { MACHINE_STATUSES } from "../events/machine.ts";
import type { Projection } from "./projection.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Readings per status in the order of MACHINE_STATUSES; the last had none. */
type Counts = number[];

const HANDLES = new Set(["VibrationReported"]);

/** Each partition counts for itself: it may be projected by another process than the next one. */
export const vibrationHours = countedBy(
  "vibration_hours",
  "partition integer not null, hour",
  ({ partition, occurredAt }) => `${partition}|${Math.floor(occurredAt / HOUR_MS)}`,
  ["partition", "hour"],
);

export const vibrationDays = countedBy(
  "vibration_days",
  `stream text collate "C" not null, day`,
  ({ stream, occurredAt }) => `${stream}|${Math.floor(occurredAt / DAY_MS)}`,
  ["stream", "day"],
);

interface Counted {
  readonly stream: string;
  readonly partition: number;
  readonly occurredAt: number;
}

/** Hours and days are counted from 1970, UTC. */
function countedBy(
  name: string,
  columns: string,
  keyOf: (event: Counted) => `${string | number}|${number}`,
  [who, when]: readonly [string, string],
): Projection<Counts> {
  const type = who === "stream" ? "text" : "integer";
  return {
    name,
    version: 1,
    handles: HANDLES,
    create: (table) => `
      create table ${table} (
        ${columns} integer not null,
        counts integer[] not null,
        primary key (${who}, ${when})
      ) with (fillfactor = 70);
      create index on ${table} (${when})`,
    keysOf: (event) => [keyOf(event)],
    async load(sql, table, keys) {
      const places = keys.map((key) => key.split("|"));
      const rows = await sql<{ key: string; counts: Counts }[]>`
        select key, counts from ${sql(table)} join unnest(
          ${[...keys]}::text[],
          ${places.map(([who = ""]) => who)}::text[],
          ${places.map(([, when]) => Number(when))}::integer[]
        ) as wanted (key, who, at)
        on ${sql(who)} = wanted.who::${sql.unsafe(type)} and ${sql(when)} = wanted.at`;
      return new Map(rows.map(({ key, counts }) => [key, counts]));
    },
    fold(row, { data }) {
      const counts = row ?? new Array(MACHINE_STATUSES.length + 1).fill(0);
      const place = MACHINE_STATUSES.findIndex((status) => status === data.status);
      const at = place < 0 ? MACHINE_STATUSES.length : place;
      counts[at] = (counts[at] ?? 0) + 1;
      return counts;
    },
    async save(tx, table, rows) {
      const values = [...rows].map(([key, counts]) => {
        const [who, when] = key.split("|");
        return { who, at: Number(when), counts: `{${counts.join()}}` };
      });
      await tx`
        insert into ${tx(table)} (${tx(who)}, ${tx(when)}, counts)
        select who::${tx.unsafe(type)}, at, counts::integer[]
        from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
          who text, at integer, counts text)
        on conflict (${tx(who)}, ${tx(when)}) do update set counts = excluded.counts`;
    },
  };
}

export interface StatusCounts {
  readonly total: number;
  /** By the name of the status, every one of them. */
  readonly byStatus: Readonly<Record<string, number>>;
}

/** [from, to), epoch ms; open where not given. */
export interface Span {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

const SUMS = [0, 1, 2, 3, 4].map((i) => `sum(counts[${i + 1}])::bigint as n${i}`).join(", ");

interface Sums {
  readonly n0: number | null;
  readonly n1: number | null;
  readonly n2: number | null;
  readonly n3: number | null;
  readonly n4: number | null;
}

function countsOf({ n0, n1, n2, n3, n4 }: Sums): StatusCounts {
  const numbers = [n0, n1, n2, n3].map((n) => n ?? 0);
  return {
    total: numbers.reduce((sum, n) => sum + n, n4 ?? 0),
    byStatus: Object.fromEntries(MACHINE_STATUSES.map((status, i) => [status, numbers[i] ?? 0])),
  };
}

/** All readings of a span, by what they found. */
export async function countStatuses(sql: Sql, { from, to }: Span): Promise<StatusCounts> {
  const first = from === undefined ? undefined : Math.ceil(from / HOUR_MS);
  const end = to === undefined ? undefined : Math.floor(to / HOUR_MS);
  const inOneHour = first !== undefined && end !== undefined && first >= end;
  const parts = inOneHour ? [rowsOf(sql, from ?? 0, to ?? 0)] : [
    sql`select counts from vibration_hours where true
      ${first === undefined ? sql`` : sql`and hour >= ${first}`}
      ${end === undefined ? sql`` : sql`and hour < ${end}`}`,
    ...(first === undefined ? [] : [rowsOf(sql, from ?? 0, first * HOUR_MS)]),
    ...(end === undefined ? [] : [rowsOf(sql, end * HOUR_MS, to ?? 0)]),
  ];
  const [row] = await sql<Sums[]>`
    select ${sql.unsafe(SUMS)} from (
      ${parts.reduce((all, part) => sql`${all} union all ${part}`)}
    ) as counted`;
  return countsOf(row as Sums);
}

/** A piece of an hour, from the readings themselves. */
function rowsOf(sql: Sql, from: number, to: number) {
  return sql`
    select array[
      count(*) filter (where status = ${MACHINE_STATUSES[0]}),
      count(*) filter (where status = ${MACHINE_STATUSES[1]}),
      count(*) filter (where status = ${MACHINE_STATUSES[2]}),
      count(*) filter (where status = ${MACHINE_STATUSES[3]}),
      count(*) filter (where status is null or status <> all(${[...MACHINE_STATUSES]}::text[]))
    ]::integer[] as counts from vibration
    where at >= ${sqlInstant(from)}::timestamptz and at < ${sqlInstant(to)}::timestamptz`;
}

/** Readings by the hour of the day they were taken in, UTC: always 24. */
export async function countByHourOfDay(sql: Sql): Promise<{ hour: number; count: number }[]> {
  const rows = await sql<{ hour: number; count: number }[]>`
    select hour % 24 as hour, sum((select sum(n) from unnest(counts) n))::bigint as count
    from vibration_hours group by 1`;
  const counts = new Map(rows.map(({ hour, count }) => [hour, count]));
  return Array.from({ length: 24 }, (_, hour) => ({ hour, count: counts.get(hour) ?? 0 }));
}

/**
 * What was found day by day (UTC), of these streams or of all; days without a reading are left out.
 * A span counts the days it touches.
 */
export async function countByDay(
  sql: Sql,
  { from, to, streams }: Span & { readonly streams?: readonly string[] | undefined },
): Promise<{ day: number; counts: StatusCounts }[]> {
  const rows = await sql<(Sums & { day: number })[]>`
    select day, ${sql.unsafe(SUMS)} from vibration_days
    where true
      ${from === undefined ? sql`` : sql`and day >= ${Math.floor(from / DAY_MS)}`}
      ${to === undefined ? sql`` : sql`and day < ${Math.ceil(to / DAY_MS)}`}
      ${streams === undefined ? sql`` : sql`and stream = any(${[...streams]}::text[])`}
    group by day order by day`;
  return rows.map(({ day, ...sums }) => ({ day, counts: countsOf(sums) }));
}
