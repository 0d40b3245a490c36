/** A stream's story by version: exact at every edge, and no further into the log than it must be. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Sql } from "../../events/log/database.ts";
import { ensureMonths } from "../../events/log/partitions.ts";
import { readStory } from "../../events/log/query.ts";
import { readStream } from "../../events/log/read.ts";
import { freshDatabase } from "../support/servers.ts";

const MAY = Date.UTC(2026, 4, 1);
const STREAMS = 50;
const VERSIONS = 4_000;
const STRETCH = 32;

/** Every stream says something each quarter of an hour, from May into June. */
async function fill(sql: Sql): Promise<void> {
  await ensureMonths(sql, MAY);
  await sql`
    insert into events
    select 0, version * ${STREAMS}::bigint + stream, 'atm-' || stream, version, 'Told', 1, '{}', '{}',
      at, at
    from generate_series(0, ${VERSIONS - 1}) version, generate_series(1, ${STREAMS}) stream,
      lateral (select to_timestamp(${MAY / 1000}) + version * interval '15 minutes' as at) moment
    order by 2`;
  // Not on a connection that is measured.
  await sql`analyze events`;
}

/** Rows of the log that are fetched for an answer, and scans of a whole table. */
async function costOf(
  sql: Sql,
  ask: () => Promise<unknown>,
): Promise<[rows: number, scans: number]> {
  const count = async () => {
    await sql`select pg_stat_force_next_flush()`;
    const [row] = await sql`
      select sum(idx_tup_fetch)::integer as rows, sum(seq_scan)::integer as scans
      from pg_stat_user_tables where relname like 'events%'`;
    return [Number(row?.rows), Number(row?.scans)] as const;
  };
  const [rows, scans] = await count();
  await ask();
  const [rowsAfter, scansAfter] = await count();
  return [rowsAfter - rows, scansAfter - scans];
}

Deno.test("a stream is read by version, whatever stretches and months that spans", async () => {
  const database = await freshDatabase();
  const { sql } = database;
  try {
    await fill(sql);
    const all = Array.from({ length: VERSIONS }, (_, version) => version);
    const version = fc.oneof(
      fc.integer({ min: -1, max: VERSIONS + 1 }),
      fc.integer({ min: 0, max: VERSIONS / STRETCH }).map((stretch) => stretch * STRETCH),
      fc.constant(Number.MAX_SAFE_INTEGER),
    );
    const page = fc.record({
      after: version,
      before: version,
      order: fc.constantFrom("asc" as const, "desc" as const),
      limit: fc.integer({ min: 1, max: 100 }),
    });
    await fc.assert(
      fc.asyncProperty(page, async ({ after, before, order, limit }) => {
        const expected = all.filter((one) => one > after && one < before);
        if (order === "desc") expected.reverse();
        const events = await readStory(sql, "atm-7", { after, before, order, limit });
        assert.deepEqual(events.map((event) => event.version), expected.slice(0, limit));
        assert.ok(events.every(({ stream }) => stream === "atm-7"));
      }),
      { numRuns: 100 },
    );
    const onwards = await readStream(sql, "atm-50", 3_990, 100);
    assert.deepEqual(onwards.map((event) => event.version), all.slice(3_990));
  } finally {
    await database.close();
  }
});

Deno.test("a page deep in a long story costs its own events and at most a stretch on either side", async () => {
  const { close, connect } = await freshDatabase();
  const maker = connect("maker", 1);
  await fill(maker);
  await maker.end();
  const sql = connect("reader", 1);
  try {
    const limit = 100;
    const pages = [
      { after: -1, before: Number.MAX_SAFE_INTEGER, order: "asc" },
      { after: -1, before: Number.MAX_SAFE_INTEGER, order: "desc" },
      { after: 2_000, before: Number.MAX_SAFE_INTEGER, order: "asc" },
      { after: -1, before: 2_000, order: "desc" },
    ] as const;
    // Often enough for a plan that no longer looks at what is asked for.
    for (let time = 0; time < 8; time++) {
      for (const page of pages) {
        const ask = () => readStory(sql, "atm-7", { ...page, limit });
        const [rows, scans] = await costOf(sql, ask);
        assert.equal(scans, 0, JSON.stringify(page));
        // Of every month the first stretch is looked at, to know which comes first.
        assert.ok(rows <= limit + 6 * STRETCH, `${rows} rows for ${JSON.stringify(page)}`);
      }
    }
  } finally {
    await sql.end();
    await close();
  }
});
