/**
 * The rows of one projection while events are folded into them.
 *
 * Rows are loaded when an event first touches them, folded in memory, and written whole when the
 * caller says so: ten readings of one device cost one row. What this remembers is only a cache of
 * the table; `forget()` is always allowed and loses nothing but time.
 */
import type { RecordedEvent } from "../events/event.ts";
import type { Sql, TransactionSql } from "../events/log/database.ts";
import { createKeyFilter } from "./key_filter.ts";
import type { Projection } from "./projection.ts";

/** The projection's own code refused an event: it would again, so there is no use in trying again. */
export class EventNotApplicableError extends Error {
  override readonly name = "EventNotApplicableError";

  constructor(projection: string, event: RecordedEvent, cause: unknown) {
    super(
      `Projection "${projection}" cannot apply event ${event.type} at offset ${event.offset} of partition ${event.partition}: ${
        cause instanceof Error ? cause.message : String(cause)
      }`,
      { cause },
    );
  }
}

export interface Folding {
  /**
   * Folds the events in their order until one touches a row that is not in memory, and tells how
   * many that were; in the steady state all. Throws EventNotApplicableError; then only `forget` is
   * left.
   */
  foldReady(events: readonly RecordedEvent[]): number;
  /** Brings every row that these events touch into memory. */
  load(events: readonly RecordedEvent[], through?: TransactionSql): Promise<void>;
  /** Both by turns, until all are folded. */
  fold(events: readonly RecordedEvent[], through?: TransactionSql): Promise<void>;
  /** How many rows differ from the table. */
  changed(): number;
  /**
   * Writes the rows that differ as they are at the call; folding may go on meanwhile. Follow with
   * `saved` once the transaction has committed, or with `forget` if it did not.
   */
  save(tx: TransactionSql): Promise<void>;
  /** Lets go of rows that were not touched for long. `now` is in ms, as `performance.now` has it. */
  saved(now: number): void;
  forget(): void;
}

export interface FoldingOptions {
  readonly table: string;
  /** Rows kept in memory between flushes. @default ROWS_MAX */
  readonly rowsMax?: number;
  /** The table is known to hold nothing, so a row not in memory needs no look. @default false */
  readonly empty?: boolean;
}

interface Entry {
  readonly key: string;
  row: unknown;
  changed: boolean;
}

/**
 * A row that no event has touched for so long goes; it may stay for twice as long. To read one again
 * takes some 20 µs: of ten thousand devices that report more seldom, a fiftieth of a core.
 */
const IDLE_MS = 60_000;
/** Of trends, which have the most rows: what thirty thousand devices need at hand, at most 100 MB. */
const ROWS_MAX = 200_000;

export function createFolding(
  sql: Sql,
  projection: Projection,
  { table, rowsMax = ROWS_MAX, empty = false }: FoldingOptions,
): Folding {
  // Two generations instead of an exact order of use: what is touched moves to the young one; when
  // that is full, or its time is over, the old one, untouched since, goes. Costs nothing per event.
  let young = new Map<string, Entry>();
  let old = new Map<string, Entry>();
  let youngSince = 0;
  let dirty: Entry[] = [];
  /** The rows of the event that is being folded. */
  const found: Entry[] = [];
  /** Rows that went to a table which was empty before; no other key can have a row. */
  let dropped = empty ? createKeyFilter() : undefined;

  function entryOf(key: string): Entry | undefined {
    let entry = young.get(key);
    if (entry === undefined) {
      entry = old.get(key);
      if (entry !== undefined) young.set(key, entry);
    }
    return entry;
  }

  function foldReady(events: readonly RecordedEvent[]): number {
    if (projection.handles?.isDisjointFrom(typesAmong(events))) return events.length;
    for (let i = 0; i < events.length; i++) {
      const event = events[i] as RecordedEvent;
      if (!isWanted(event)) continue;
      const keys = keysOf(event);
      if (!find(keys)) return i;
      for (let k = 0; k < keys.length; k++) foldInto(found[k] as Entry, event);
    }
    return events.length;
  }

  /** Puts the entries of these keys into `found`; false where one is not in memory. */
  function find(keys: readonly string[]): boolean {
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      // Without `load` no row is touched again, so none is looked for.
      const entry = projection.load === undefined
        ? { key, row: undefined, changed: false }
        : entryOf(key);
      if (entry === undefined) return false;
      found[i] = entry;
    }
    return true;
  }

  function foldInto(entry: Entry, event: RecordedEvent): void {
    try {
      entry.row = projection.fold(entry.row, event, entry.key);
    } catch (error) {
      throw new EventNotApplicableError(projection.name, event, error);
    }
    if (entry.changed) return;
    entry.changed = true;
    dirty.push(entry);
  }

  async function load(
    events: readonly RecordedEvent[],
    through: Sql | TransactionSql = sql,
  ): Promise<void> {
    if (projection.load === undefined) return;
    const absent = new Map<string, Entry>();
    for (const event of events) {
      if (!isWanted(event)) continue;
      for (const key of keysOf(event)) {
        if (entryOf(key) !== undefined) continue;
        const entry = { key, row: undefined, changed: false };
        young.set(key, entry);
        absent.set(key, entry);
      }
    }
    const keys = [...absent.keys()];
    const stored = dropped === undefined ? keys : keys.filter(dropped.mayHold);
    if (stored.length === 0) return;
    for (const [key, row] of await projection.load(through, table, stored)) {
      const entry = absent.get(key);
      if (entry !== undefined) entry.row = row;
    }
  }

  function isWanted({ type }: RecordedEvent): boolean {
    return projection.handles === undefined || projection.handles.has(type);
  }

  function keysOf(event: RecordedEvent): readonly string[] {
    try {
      return projection.keysOf(event);
    } catch (error) {
      throw new EventNotApplicableError(projection.name, event, error);
    }
  }

  return {
    foldReady,
    load,
    async fold(events, through) {
      for (let rest = events.slice(foldReady(events)); rest.length > 0;) {
        await load(rest, through);
        rest = rest.slice(foldReady(rest));
      }
    },
    changed: () => dirty.length,
    async save(tx) {
      if (dirty.length === 0) return;
      const rows = new Map<string, unknown>();
      for (const entry of dirty) {
        rows.set(entry.key, entry.row);
        entry.changed = false;
      }
      dirty = [];
      await projection.save(tx, table, rows);
    },
    saved(now) {
      if (young.size <= rowsMax / 2 && now < youngSince + IDLE_MS) return;
      youngSince = now;
      if (dropped !== undefined) {
        for (const key of old.keys()) if (!young.has(key)) dropped.add(key);
      }
      old = young;
      young = new Map();
    },
    forget() {
      young = new Map();
      old = new Map();
      dirty = [];
      dropped = undefined;
    },
  };
}

const knownTypes = new WeakMap<readonly RecordedEvent[], ReadonlySet<string>>();

/** Many projections get the same batch, and most of them find nothing in it: one look serves all. */
function typesAmong(events: readonly RecordedEvent[]): ReadonlySet<string> {
  let types = knownTypes.get(events);
  if (types === undefined) {
    types = new Set(events.map(({ type }) => type));
    knownTypes.set(events, types);
  }
  return types;
}
