/**
 * Questions to the log itself: which events of this kind, type and time; what did one device say?
 *
 * The answers are to be passed on: numbers in `data` keep every digit (`events/json.ts`).
 */
import type { RecordedEvent } from "../event.ts";
import { CLOCK_AHEAD_MAX_MS } from "../instant.ts";
import { parseLossless } from "../json.ts";
import { type Sql, sqlInstant } from "./database.ts";
import { type EventRow, toEvent } from "./read.ts";
import { beforeVersion, byVersion, fromVersion } from "./versions.ts";

const COLUMNS =
  `partition, "offset", stream, version, type, schema_version, data::text, metadata, occurred_at, recorded_at`;
/** Where `data` stands among them. */
const DATA = 6;

function toEvents(rows: readonly unknown[]): RecordedEvent[] {
  return (rows as unknown[][]).map((row) =>
    toEvent(row.with(DATA, parseLossless(String(row[DATA]))) as EventRow)
  );
}

export interface LogFilter {
  readonly kind?: string | undefined;
  readonly stream?: string | undefined;
  readonly type?: string | undefined;
  /** Epoch ms of `occurred_at`, in [from, to). */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** A place in the whole log: everything of lower partitions, and this one up to this offset. */
export interface LogPlace {
  readonly partition: number;
  readonly offset: number;
}

export interface LogPage {
  readonly events: readonly RecordedEvent[];
  /** Where the next page begins; undefined on the last. */
  readonly next: LogPlace | undefined;
}

/** Events by partition and offset. */
export async function pageLog(
  sql: Sql,
  filter: LogFilter & { readonly after?: LogPlace | undefined; readonly limit: number },
): Promise<LogPage> {
  const { after, limit } = filter;
  const rows = await sql`
    select ${sql.unsafe(COLUMNS)} from events
    where ${matching(sql, filter)}
      ${
    after === undefined
      ? sql``
      : sql`and (partition, "offset") > (${after.partition}::integer, ${after.offset}::bigint)`
  }
    order by partition, "offset" limit ${limit + 1}`.values();
  const events = toEvents(rows.slice(0, limit));
  const last = events.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { events, next: more ? { partition: last.partition, offset: last.offset } : undefined };
}

/** The last offset of every partition. */
export async function readHeads(sql: Sql): Promise<Map<number, number>> {
  const rows = await sql<{ partition: number; offset: number }[]>`
    select partition, "offset" from partitions order by partition`;
  return new Map(rows.map(({ partition, offset }) => [partition, offset]));
}

/** Every matching event there was when it was asked for, a page at a time. */
export async function* scanLog(
  sql: Sql,
  filter: LogFilter,
): AsyncGenerator<readonly RecordedEvent[]> {
  for (const [partition, head] of await readHeads(sql)) {
    for (let offset = 0; offset < head;) {
      const rows = await sql`
        select ${sql.unsafe(COLUMNS)} from events
        where partition = ${partition} and "offset" > ${offset}
          and "offset" <= ${head} and ${matching(sql, filter)}
        order by "offset" limit ${SCAN_EVENTS}`.values();
      const events = toEvents(rows);
      const last = events.at(-1);
      if (last === undefined) break;
      yield events;
      if (events.length < SCAN_EVENTS) break;
      offset = last.offset;
    }
  }
}

const SCAN_EVENTS = 1_000;

function matching(sql: Sql, { kind, stream, type, from, to }: LogFilter) {
  return sql`true
    ${stream === undefined ? sql`` : sql`and stream = ${stream}`}
    ${kind === undefined ? sql`` : sql`and starts_with(stream, ${`${kind}-`})`}
    ${type === undefined ? sql`` : sql`and type = ${type}`}
    ${from === undefined ? sql`` : since(sql, from)}
    ${to === undefined ? sql`` : sql`and occurred_at < ${sqlInstant(to)}::timestamptz`}`;
}

/**
 * A report can lie ahead of our clock only so far, so nothing recorded much earlier than `from`
 * can have occurred since: whole months of the log need no look.
 */
function since(sql: Sql, from: number) {
  return sql`and occurred_at >= ${sqlInstant(from)}::timestamptz
    and recorded_at >= ${sqlInstant(from - CLOCK_AHEAD_MAX_MS)}::timestamptz`;
}

/** Events of one stream between two versions, both excluded, in either order. */
export async function readStory(
  sql: Sql,
  stream: string,
  { after, before, order, limit }: {
    after: number;
    before: number;
    order: "asc" | "desc";
    limit: number;
  },
): Promise<RecordedEvent[]> {
  const rows = await sql`
    select ${sql.unsafe(COLUMNS)} from events
    where stream = ${stream} and ${fromVersion(sql, after + 1)} and ${beforeVersion(sql, before)}
    order by ${byVersion(sql, order)} limit ${limit}`.values();
  return toEvents(rows);
}

/** One type of event of one stream that occurred in [from, to), oldest first. */
export async function readStreamBetween(
  sql: Sql,
  stream: string,
  { type, from, to, limit }: { type: string; from: number; to: number; limit: number },
): Promise<RecordedEvent[]> {
  const rows = await sql`
    select ${sql.unsafe(COLUMNS)} from events
    where ${matching(sql, { stream, type, from, to })}
    order by occurred_at desc, version desc limit ${limit}`.values();
  return toEvents(rows).reverse();
}

/** All that is read within is as it was at one moment. */
export async function atOneMoment<T>(sql: Sql, read: (sql: Sql) => Promise<T>): Promise<T> {
  return await sql.begin(
    "isolation level repeatable read read only",
    (tx) => read(tx as unknown as Sql),
  ) as T;
}

const TEXTS_AT_ONCE = 2_048;
/** Between a moment and its text, and between two of them: no JSON has either. */
const [AFTER_MOMENT, AFTER_TEXT] = ["\u0001", "\u0002"];

/**
 * The same as their exact texts, the newest first: to be passed on without being looked into. Reads
 * the stream from its end, and no further back than what was recorded may have occurred since
 * `from`; of more than `limit` those recorded last are kept. Thousands of texts in one row take half
 * the time of as many rows.
 */
export async function readTextsBetween(
  sql: Sql,
  stream: string,
  { type, from, to, limit }: { type: string; from: number; to: number; limit: number },
): Promise<string[]> {
  const found: { readonly at: number; readonly text: string }[] = [];
  const rows = Math.min(TEXTS_AT_ONCE, limit);
  let told = 0;
  for (let page = await readPage(Number.MAX_SAFE_INTEGER);;) {
    told += page?.told ?? 0;
    // The database is at the next page while this one is taken apart.
    const next = page === undefined || page.older || page.rows < rows || told >= limit
      ? undefined
      : readPage(page.version);
    for (const item of page?.texts?.split(AFTER_TEXT) ?? []) {
      const end = item.indexOf(AFTER_MOMENT);
      found.push({ at: Number(item.slice(0, end)), text: item.slice(end + 1) });
    }
    if (next === undefined) break;
    page = await next;
  }
  // Nearly in order already; of one moment the later recorded stays first.
  found.sort((a, b) => b.at - a.at);
  return found.slice(0, limit).map(({ text }) => text);

  async function readPage(before: number): Promise<TextPage | undefined> {
    const [page] = await sql<TextPage[]>`
      select min(version) as version, count(*) as rows, bool_or(older) as older,
        count(text) as told, string_agg(text, ${AFTER_TEXT} order by version desc) as texts
      from (
        select version, recorded_at < ${
      sqlInstant(from - CLOCK_AHEAD_MAX_MS)
    }::timestamptz as older,
          case when type = ${type} and occurred_at >= ${sqlInstant(from)}::timestamptz
            and occurred_at < ${sqlInstant(to)}::timestamptz
            then extract(epoch from occurred_at) || ${AFTER_MOMENT} || data::text end as text
        from events where stream = ${stream} and ${beforeVersion(sql, before)}
        order by ${byVersion(sql, "desc")} limit ${rows}
      ) page`;
    return page;
  }
}

interface TextPage {
  /** The lowest on it. */
  readonly version: number;
  readonly rows: number;
  /** Whether it reaches back to what cannot have occurred since. */
  readonly older: boolean;
  readonly told: number;
  readonly texts: string | null;
}
