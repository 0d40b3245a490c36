/** Reading the polls of many stores: years of them cost no more than a week. */
import assert from "node:assert/strict";
import type { Sql } from "../../events/log/database.ts";
import { availability, STORE_CHUNK_MS } from "../../projections/availability.ts";
import { projections } from "../../projections/mod.ts";
import { pack } from "../../projections/observations.ts";
import { rebuildAll } from "../../projections/rebuild.ts";
import { latestPoll, polledStores, readPolls } from "../../projections/store_reports.ts";
import { freshDatabase } from "../support/servers.ts";

const HOUR = 3_600_000;
const STORES = 400;
/** Two years, and other devices whose chunks lie around those of the stores. */
const WEEKS = 104;
const FIRST = Math.floor(Date.UTC(2024, 0, 1) / STORE_CHUNK_MS) * STORE_CHUNK_MS;

/** A poll every eight hours; the first of a chunk half an hour after it begins. */
async function fill(sql: Sql): Promise<void> {
  for (let week = 0; week < WEEKS; week++) {
    const start = FIRST + week * STORE_CHUNK_MS;
    const at = Array.from({ length: 21 }, (_, i) => start + HOUR / 2 + i * 8 * HOUR);
    const { statuses, bytes } = pack(start, { at, status: at.map(() => "active") });
    await sql`
      insert into availability (stream, chunk_start, statuses, observations)
      select 'store-' || n, to_timestamp(${start / 1000}), ${[...statuses]}::text[], ${bytes}
      from generate_series(1, ${STORES}) n`;
  }
  await sql`
    insert into availability select device, to_timestamp(n * 900), '{online}', '\\x00'
    from unnest(array['atm-1', 'sensor-1', 'storage-1']) device, generate_series(1, 20000) n`;
  await sql`analyze`;
}

interface Reads {
  readonly scans: number;
  readonly rows: number;
}

/** What PostgreSQL read of the table: end to end, and rows found by an index. */
async function readsOf(sql: Sql, ask: () => Promise<unknown>): Promise<Reads> {
  const look = async (): Promise<Reads> => {
    await sql`select pg_stat_force_next_flush()`;
    const [row] = await sql`
      select seq_scan as scans, idx_tup_fetch as rows from pg_stat_user_tables
      where relname = ${availability.name}`;
    return { scans: Number(row?.scans), rows: Number(row?.rows) };
  };
  const before = await look();
  await ask();
  const after = await look();
  return { scans: after.scans - before.scans, rows: after.rows - before.rows };
}

Deno.test("a report reads the chunks its windows touch, by the index, and no others", async () => {
  const { close, connect, sql: maker } = await freshDatabase();
  // One connection, so that its statistics are those of the questions asked.
  const sql = connect("plans", 1);
  try {
    await rebuildAll(maker, projections);
    await fill(maker);
    const stores = await polledStores(sql);
    assert.equal(stores.length, STORES);
    assert.deepEqual(stores.map(({ id }) => id), stores.map(({ id }) => id).toSorted());
    const last = FIRST + WEEKS * STORE_CHUNK_MS;
    assert.equal(await latestPoll(sql, stores), last - 7.5 * HOUR);

    const listing = await readsOf(sql, () => polledStores(sql));
    assert.equal(listing.scans, 0);
    const looking = await readsOf(sql, () => latestPoll(sql, stores));
    assert.deepEqual(looking, { scans: 0, rows: STORES });

    const to = last - 7.5 * HOUR;
    const week = { from: to - 7 * 24 * HOUR, to, changesOnly: false };
    const reading = await readsOf(sql, () => readPolls(sql, stores, week));
    assert.deepEqual(reading, { scans: 0, rows: 2 * STORES });
    const polls = await readPolls(sql, stores, week);
    // The one at the very beginning leads the other twenty-one.
    assert.deepEqual(new Set(polls.map(({ at }) => at.length)), new Set([22]));
    const changes = await readPolls(sql, stores, { ...week, changesOnly: true });
    assert.deepEqual(new Set(changes.map(({ at }) => at.length)), new Set([1]));

    // Ten minutes after a chunk has begun nothing is in it yet: the last poll is a chunk before.
    const early = FIRST + 50 * STORE_CHUNK_MS + HOUR / 6;
    const before = await readPolls(sql, stores, { from: early, to: early, changesOnly: true });
    assert.deepEqual(
      new Set(before.map(({ at }) => at[0])),
      new Set([FIRST + 50 * STORE_CHUNK_MS - 7.5 * HOUR]),
    );
    // Before all polls the first one counts, after all of them the last, and nothing else is read.
    for (
      const [moment, expected] of [[0, FIRST + HOUR / 2], [last * 2, last - 7.5 * HOUR]] as const
    ) {
      const range = { from: moment - HOUR, to: moment, changesOnly: true };
      const far = await readsOf(sql, () => readPolls(sql, stores, range));
      assert.deepEqual(far, { scans: 0, rows: STORES });
      const found = await readPolls(sql, stores, range);
      assert.deepEqual(new Set(found.map(({ at }) => at[0])), new Set([expected]));
    }
  } finally {
    await sql.end();
    await close();
  }
});
