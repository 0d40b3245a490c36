/**
 * One stream's events by version, as the log's index has them: by stream and stretch of 32 versions.
 *
 * Events of one stretch share an entry of the index, what it costs to append to it and the space it
 * takes; a question reads at most a stretch too many. Whoever asks by version has to name the
 * stretch as well, or the index does not serve.
 */
import type postgres from "postgres";
import type { Sql, TransactionSql } from "./database.ts";

/** As the migration that makes the index has it. */
const STRETCH = "version >> 5";

type AnySql = Sql | TransactionSql;

/** This version and all that follow. */
export function fromVersion(sql: AnySql, version: number): postgres.Fragment {
  return compared(sql, ">=", version);
}

export function beforeVersion(sql: AnySql, version: number): postgres.Fragment {
  return sql`version < ${version}::bigint and ${compared(sql, "<=", version)}`;
}

export function atVersion(sql: AnySql, version: number): postgres.Fragment {
  return compared(sql, "=", version);
}

function compared(
  sql: AnySql,
  operator: ">=" | "<=" | "=",
  version: number,
): postgres.Fragment {
  const is = sql.unsafe(operator);
  return sql`(version ${is} ${version}::bigint and ${
    sql.unsafe(STRETCH)
  } ${is} ${version}::bigint >> 5)`;
}

/** To follow `order by`. */
export function byVersion(sql: AnySql, order: "asc" | "desc" = "asc"): postgres.Fragment {
  return sql`${sql.unsafe(`${STRETCH} ${order}, version ${order}`)}`;
}
