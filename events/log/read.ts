/** Reading the log: in the order it was written, or one actor's story. */
import type { RecordedEvent } from "../event.ts";
import { upcast } from "../catalog.ts";
import type { Sql, TransactionSql } from "./database.ts";
import { EVENT_COLUMNS } from "./rows.ts";
import { byVersion, fromVersion } from "./versions.ts";

export type EventRow = [
  partition: number,
  offset: number,
  stream: string,
  version: number,
  type: string,
  schemaVersion: number,
  data: Record<string, unknown>,
  metadata: Record<string, unknown>,
  occurredAt: number,
  recordedAt: number,
];

export function toEvent(row: EventRow): RecordedEvent {
  const [partition, offset, stream, version, type, schemaVersion, data, metadata] = row;
  return {
    partition,
    offset,
    stream: same(stream),
    version,
    type: same(type),
    schemaVersion,
    data: upcast(type, schemaVersion, data),
    metadata,
    messageId: metadata.messageId as string | undefined,
    occurredAt: row[8],
    recordedAt: row[9],
  };
}

/**
 * The text that was seen before, where it equals this one. Every read model looks streams and types
 * up: a text that is known is found without being read.
 */
const texts = new Map<string, string>();
const TEXTS_KEPT_MAX = 50_000;

function same(text: string): string {
  const known = texts.get(text);
  if (known !== undefined) return known;
  if (texts.size >= TEXTS_KEPT_MAX) texts.clear();
  texts.set(text, text);
  return text;
}

/** Events of one partition after an offset, in order. */
export async function readPartition(
  sql: Sql | TransactionSql,
  partition: number,
  after: number,
  limit: number,
): Promise<RecordedEvent[]> {
  const rows = await sql`
    select ${sql.unsafe(EVENT_COLUMNS)} from events
    where partition = ${partition} and "offset" > ${after}
    order by "offset" limit ${limit}`.values();
  return (rows as unknown as EventRow[]).map(toEvent);
}

/** Events of one stream from a version on, in order. */
export async function readStream(
  sql: Sql | TransactionSql,
  stream: string,
  first: number,
  limit: number,
): Promise<RecordedEvent[]> {
  const rows = await sql`
    select ${sql.unsafe(EVENT_COLUMNS)} from events
    where stream = ${stream} and ${fromVersion(sql, first)}
    order by ${byVersion(sql)} limit ${limit}`.values();
  return (rows as unknown as EventRow[]).map(toEvent);
}
