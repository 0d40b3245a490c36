/** The limit: the events' own rows, put into an empty copy of their table by unnest. */
import type { Sql } from "../events/log/database.ts";
import { sqlInstant } from "../events/log/database.ts";
import type { ProvidedDatabase } from "../services/mod.ts";

const ROWS_PER_STATEMENT = 2_000;

export async function insertByUnnest(
  database: Pick<ProvidedDatabase, "connect">,
  count: number,
): Promise<{ rate: number }> {
  const sql = database.connect("bench", 2);
  try {
    await sql.unsafe(`
      drop table if exists raw_limit;
      create table raw_limit (like events including all) partition by range (recorded_at);
      create table raw_limit_all partition of raw_limit default;`);
    await sql.unsafe("checkpoint");
    let elapsedMs = 0;
    let inserted = 0;
    while (inserted < count) {
      const columns = await readColumns(sql, inserted, Math.min(count - inserted, 50_000));
      const rows = columns.offset.length;
      if (rows === 0) break;
      const startedAt = performance.now();
      for (let from = 0; from < rows; from += ROWS_PER_STATEMENT) {
        await insert(sql, columns, from, from + ROWS_PER_STATEMENT);
      }
      elapsedMs += performance.now() - startedAt;
      inserted += rows;
    }
    await sql.unsafe("drop table raw_limit");
    return { rate: inserted / elapsedMs * 1000 };
  } finally {
    await sql.end();
  }
}

interface Columns {
  readonly offset: number[];
  readonly stream: string[];
  readonly version: number[];
  readonly type: string[];
  readonly data: string[];
  readonly metadata: string[];
  readonly occurredAt: string[];
  readonly recordedAt: string[];
}

async function readColumns(sql: Sql, after: number, limit: number): Promise<Columns> {
  const rows = await sql`
    select "offset", stream, version, type, data::text, metadata::text, occurred_at as "occurredAt",
      recorded_at as "recordedAt"
    from events where partition = 0 and "offset" > ${after} order by "offset" limit ${limit}`;
  return {
    offset: rows.map((row) => row.offset),
    stream: rows.map((row) => row.stream),
    version: rows.map((row) => row.version),
    type: rows.map((row) => row.type),
    data: rows.map((row) => row.data),
    metadata: rows.map((row) => row.metadata),
    occurredAt: rows.map((row) => sqlInstant(row.occurredAt)),
    recordedAt: rows.map((row) => sqlInstant(row.recordedAt)),
  };
}

async function insert(sql: Sql, columns: Columns, from: number, to: number): Promise<void> {
  const slice = <T>(column: T[]): T[] => column.slice(from, to);
  await sql`
    insert into raw_limit
      (partition, "offset", stream, version, type, schema_version, data, metadata, occurred_at, recorded_at)
    select 0, o, s, v, t, 1, d::json, m::json, a, r from unnest(
      ${slice(columns.offset)}::bigint[], ${slice(columns.stream)}::text[],
      ${slice(columns.version)}::bigint[], ${slice(columns.type)}::text[],
      ${slice(columns.data)}::text[], ${slice(columns.metadata)}::text[],
      ${slice(columns.occurredAt)}::timestamptz[], ${slice(columns.recordedAt)}::timestamptz[]
    ) as rows(o, s, v, t, d, m, a, r)`;
}
