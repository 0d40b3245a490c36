/**
 * What a read model is: a table of rows, each the fold of the events that touch its key.
 *
 * The same `fold` runs live, when catching up and in a rebuild, always over a row's events in the
 * order of the log, so all three leave the same rows to the last bit, however the events were cut
 * into flushes.
 */
import type { Sql, TransactionSql } from "postgres";
import type { RecordedEvent } from "../events/event.ts";
import type { Retention } from "./retention.ts";

export interface Projection<Row = unknown> {
  readonly name: string;
  /** Raise it when `fold` or the table changes: a new table is built beside the old and swapped in. */
  readonly version: number;
  /** Types of event it wants; undefined for all. */
  readonly handles: ReadonlySet<string> | undefined;
  /** The statements that make its table under this name. Leave indexes unnamed: PostgreSQL names them. */
  create(table: string): string;
  /**
   * Those that make its keys and indexes, where a rebuild had better make them of all rows at once:
   * where no row is looked for while rows are made.
   */
  index?(table: string): string;
  /** The rows this event changes; none is allowed. Depends on the event alone. */
  keysOf(event: RecordedEvent): readonly string[];
  /**
   * The stored rows of these keys; keys without a row are absent. A projection without it makes a
   * row of every event, touches none again, and `save` may take it that none is there yet.
   */
  load?(
    sql: Sql | TransactionSql,
    table: string,
    keys: readonly string[],
  ): Promise<Map<string, Row>>;
  /** The row after this event. May change the given row in place. No clock, no I/O. */
  fold(row: Row | undefined, event: RecordedEvent, key: string): Row;
  /**
   * Writes rows whole, replacing what is stored under their keys. Reads them before its first
   * await: afterwards they change again.
   */
  save(tx: TransactionSql, table: string, rows: ReadonlyMap<string, Row>): Promise<void>;
  /**
   * Removes rows of these streams that are too old to be kept, as counted back from the stream's
   * newest; returns how many. Absent where every row stays. The table has a column `stream`, first
   * in its primary key.
   */
  forgetOld?(sql: Sql, table: string, what: Forgetting): Promise<number>;
}

export interface Forgetting {
  readonly streams: readonly string[];
  readonly keep: Retention;
  /** Most rows to remove at once. */
  readonly rowsMax: number;
}
