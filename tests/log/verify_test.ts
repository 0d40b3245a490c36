/** The auditor must believe an untouched log, and name the place of every change to one. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Sql } from "../../events/log/database.ts";
import { chainHash } from "../../events/log/rows.ts";
import { type Finding, verify } from "../../events/log/verify.ts";
import { freshDatabase } from "../support/servers.ts";
import { createScribe, report, writeLog } from "./scribe.ts";

/** What a change must be reported as: these fields of at least one finding. */
interface Mutation {
  readonly name: string;
  readonly change: string;
  readonly expected: Partial<Finding>;
}

// Offsets 1–4 are batch 1, 5–7 batch 2, 8 batch 3, 9 batch 4, none 5, 10–11 batch 6, 12 batch 7,
// 13–15 batch 8, none 9.
const MUTATIONS: readonly Mutation[] = [
  {
    name: "one byte of an event's data",
    change: `update events set data = replace(data::text, '"value":4', '"value":5')::json
      where "offset" = 5`,
    expected: { code: "batch-changed", batch: 2, offset: 5, offsetLast: 7 },
  },
  {
    name: "a space in an event's data",
    change: `update events set data = (data::text || ' ')::json where "offset" = 15`,
    expected: { code: "batch-changed", batch: 8, offset: 13, offsetLast: 15 },
  },
  {
    name: "an event's moment, by a microsecond",
    change: `update events set occurred_at = occurred_at + interval '1 microsecond'
      where "offset" = 8`,
    expected: { code: "batch-changed", batch: 3, offset: 8 },
  },
  {
    name: "an event's type",
    change: `update events set type = 'ReadingReported' where "offset" = 2`,
    expected: { code: "batch-changed", batch: 1, offset: 1 },
  },
  {
    name: "an event dropped from the middle",
    change: `delete from events where "offset" = 6`,
    expected: { code: "event-missing", offset: 6, offsetLast: 6 },
  },
  {
    name: "a whole batch's events dropped",
    change: `delete from events where "offset" between 13 and 15`,
    expected: { code: "event-missing", offset: 13, offsetLast: 15 },
  },
  {
    name: "an event dropped and the later ones moved up",
    change: `delete from events where "offset" = 3;
      update events set "offset" = "offset" - 1 where "offset" > 3`,
    expected: { code: "version-gap", offset: 4, stream: "atm-ATM-1" },
  },
  {
    name: "an event inserted beyond the end",
    change: `insert into events select partition, 16, stream, version + 1, type, schema_version,
      data, metadata, occurred_at, recorded_at from events where "offset" = 15`,
    expected: { code: "event-uncovered", offset: 16, offsetLast: 16 },
  },
  {
    name: "an event inserted before the beginning",
    change: `insert into events select partition, 0, 'atm-ATM-0', 0, type, schema_version,
      data, metadata, occurred_at, recorded_at from events where "offset" = 1`,
    expected: { code: "event-uncovered", offset: 0 },
  },
  {
    name: "an event inserted under an offset that is taken",
    change: `insert into events select partition, "offset", stream, version, type, schema_version,
      data, metadata, occurred_at, recorded_at + interval '1 second' from events where "offset" = 7`,
    expected: { code: "event-repeated", offset: 7, stream: "store-9999" },
  },
  {
    name: "two events of one stream swapped",
    change: `update events set "offset" = 100 where "offset" = 2;
      update events set "offset" = 2 where "offset" = 3;
      update events set "offset" = 3 where "offset" = 100`,
    expected: { code: "version-gap", offset: 2, stream: "atm-ATM-1" },
  },
  {
    name: "two events of different streams swapped",
    change: `update events set "offset" = 100 where "offset" = 5;
      update events set "offset" = 5 where "offset" = 6;
      update events set "offset" = 6 where "offset" = 100`,
    expected: { code: "sequence-out-of-place", offset: 6, sequence: 4 },
  },
  {
    name: "the contents of two events swapped between batches",
    change: `update events one set data = other.data from events other
      where (one."offset", other."offset") in ((2, 5), (5, 2))`,
    expected: { code: "batch-changed", batch: 1, offset: 1 },
  },
  {
    name: "the last events cut off",
    change: `delete from events where "offset" >= 14`,
    expected: { code: "event-missing", offset: 14, offsetLast: 15 },
  },
  {
    name: "the last events and batches cut off",
    change: `delete from events where "offset" >= 13; delete from quarantine where batch >= 8;
      delete from batches where batch >= 8`,
    expected: { code: "head-differs", batch: 7, offset: 13 },
  },
  {
    name: "the partition's row moved back",
    change: `update partitions set (batch, "offset", epoch, sequence, hash) =
      (select batch, last_offset, epoch, last_sequence, hash from batches where batch = 7)`,
    expected: { code: "head-differs", batch: 9, offset: 13 },
  },
  {
    name: "the end cut off consistently, behind a projection's back",
    change: `insert into checkpoints values ('devices', 1, 0, 15);
      delete from events where "offset" >= 13; delete from quarantine where batch >= 8;
      delete from batches where batch >= 8;
      update partitions set (batch, "offset", epoch, sequence, hash) =
        (select batch, last_offset, epoch, last_sequence, hash from batches where batch = 7)`,
    expected: { code: "reader-ahead", offset: 13, offsetLast: 15 },
  },
  {
    name: "a batch's row dropped",
    change: `delete from batches where batch = 6`,
    expected: { code: "batch-missing", batch: 6, offset: 10, offsetLast: 11 },
  },
  {
    name: "a batch's row forged to cover fewer events",
    change: `update batches set last_offset = 14 where batch = 8`,
    expected: { code: "event-uncovered", offset: 15, offsetLast: 15 },
  },
  {
    name: "a batch's moment",
    change: `update batches set recorded_at = recorded_at + interval '1 day' where batch = 5`,
    expected: { code: "batch-changed", batch: 5 },
  },
  {
    name: "a batch's hash",
    change: `update batches set hash = sha256('x') where batch = 5`,
    expected: { code: "batch-changed", batch: 5 },
  },
  {
    name: "the head's hash",
    change: `update partitions set hash = sha256('x')`,
    expected: { code: "head-differs", batch: 9 },
  },
  {
    name: "a repeat claimed that was none",
    change: `update batches set repeats = '{[4,6),[8,10)}' where batch = 2`,
    expected: { code: "sequence-out-of-place", batch: 2, sequence: 4 },
  },
  {
    name: "a repeat forgotten",
    change: `update batches set repeats = '{[8,10)}' where batch = 2`,
    expected: { code: "sequence-unaccounted", epoch: 0, sequence: 5 },
  },
  {
    name: "the payload of a quarantined message",
    change: `update quarantine set payload = payload || '\\x00'::bytea where batch = 2`,
    expected: { code: "batch-changed", batch: 2, offset: 5 },
  },
  {
    name: "the reason of a quarantined message",
    change: `update quarantine set reason = 'none' where sequence = 23`,
    expected: { code: "batch-changed", batch: 6, offset: 10 },
  },
  {
    name: "a quarantined message dropped",
    change: `delete from quarantine where sequence = 6`,
    expected: { code: "quarantine-missing", batch: 2 },
  },
  {
    name: "a quarantined message made up",
    change: `insert into quarantine select partition, 12, epoch, 40, subject, headers, payload,
      code, reason, received_at, recorded_at from quarantine where sequence = 6`,
    expected: { code: "quarantine-uncovered", batch: 12, sequence: 40 },
  },
  {
    name: "a recorded loss widened",
    change: `update events set data = '{"fromSequence":11,"toSequence":19}' where "offset" = 9`,
    expected: { code: "sequence-unaccounted", epoch: 0, sequence: 10 },
  },
  {
    name: "an event moved to another message",
    change: `update events set metadata = '{"sequence":3}' where "offset" = 5`,
    expected: { code: "sequence-out-of-place", batch: 2, offset: 5, sequence: 3 },
  },
  {
    name: "rows of a partition that is not there",
    change: `update events set partition = 7 where "offset" = 15`,
    expected: { code: "partition-unknown", partition: 7 },
  },
];

Deno.test("verify", async (t) => {
  const database = await freshDatabase();
  const { sql } = database;
  try {
    await t.step("believes an untouched log and accounts for every message", async () => {
      await writeLog(sql);
      const { ok, findings, events, batches, streams, accounted, heads } = await verify(sql);
      assert.deepEqual(findings, []);
      assert.ok(ok);
      assert.deepEqual({ events, batches, streams }, { events: 15, batches: 9, streams: 3 });
      assert.deepEqual(accounted, [
        { partition: 0, epoch: 0, from: 1, to: 24 },
        { partition: 0, epoch: 1, from: 5, to: 7 },
      ]);
      const [row] = await sql`select encode(hash, 'hex') as hash from partitions`;
      assert.deepEqual(heads, [{ partition: 0, batch: 9, hash: row?.hash }]);
    });

    for (const { name, change, expected } of MUTATIONS) {
      await t.step(`finds ${name}`, async () => {
        await writeLog(sql);
        await sql.unsafe(change);
        const { ok, findings } = await verify(sql);
        assert.ok(!ok, "nothing was found");
        const named = findings.some((finding) =>
          Object.entries(expected).every(([key, value]) => finding[key as keyof Finding] === value)
        );
        assert.ok(named, `expected ${JSON.stringify(expected)} in ${JSON.stringify(findings)}`);
      });
    }

    await t.step("finds a change whose batch was hashed anew, at the batch behind it", async () => {
      await writeLog(sql);
      await sql.unsafe(`update events set schema_version = 2 where "offset" = 8`);
      await forgeHashes(sql, 3, 3);
      const { findings } = await verify(sql);
      assert.deepEqual(findings.map(({ code, batch }) => ({ code, batch })), [
        { code: "batch-changed", batch: 4 },
      ]);
    });

    await t.step(
      "finds a log hashed anew from end to end by a hash written down before",
      async () => {
        await writeLog(sql);
        const { heads: witnesses } = await verify(sql);
        assert.ok((await verify(sql, { witnesses })).ok);
        await sql.unsafe(`update events set schema_version = 2 where "offset" = 8`);
        await forgeHashes(sql, 3, 9);
        assert.ok((await verify(sql)).ok, "the forgery is meant to be consistent");
        const { findings } = await verify(sql, { witnesses });
        assert.deepEqual(findings.map(({ code, batch }) => ({ code, batch })), [
          { code: "witness-differs", batch: 9 },
        ]);
      },
    );

    await t.step("counts all findings and describes the first of them", async () => {
      await writeLog(sql);
      await sql`update events set version = version * 10 + 3`;
      const { findings, findingsCount } = await verify(sql, { findingsMax: 3 });
      assert.equal(findings.length, 3);
      assert.ok(findingsCount > 15, `found ${findingsCount}`);
    });

    await t.step("reads many pages of batches, and says how far it is", async () => {
      await sql`truncate partitions, batches, events, quarantine`;
      await sql`insert into partitions (partition) values (0)`;
      const scribe = createScribe(sql);
      for (let n = 0; n < 1_001; n++) await scribe.batch([{ events: [report("atm-A", n)] }]);
      let last = { events: 0, total: 0 };
      const { ok, batches } = await verify(sql, { onProgress: (progress) => last = progress });
      assert.ok(ok);
      assert.equal(batches, 1_001);
      assert.deepEqual(last, { events: 1_001, total: 1_001 });
      await sql`delete from events where "offset" = 1001`;
      const { findings } = await verify(sql);
      assert.equal(findings[0]?.offset, 1_001);
    });

    await t.step("lays the shares of several partitions together", async () => {
      await sql`truncate partitions, batches, events, quarantine`;
      await sql`insert into partitions (partition) values (0), (1)`;
      const [even, odd] = [createScribe(sql, 0), createScribe(sql, 1)];
      for (let n = 1; n <= 6; n++) {
        const scribe = n % 2 === 0 ? even : odd;
        await scribe.batch([{ events: [report(`atm-${n % 2}`, n)] }], { sequence: n - 1 });
      }
      assert.deepEqual((await verify(sql)).accounted, [
        { partition: 0, epoch: 0, from: 1, to: 5 },
      ]);
      // Message 7 never came; only when both partitions are past it does that prove a loss.
      await even.batch([{ events: [report("atm-0", 8)] }], { sequence: 7 });
      assert.ok((await verify(sql)).ok);
      await odd.batch([{ events: [report("atm-1", 9)] }], { sequence: 8 });
      const { findings } = await verify(sql);
      assert.deepEqual(findings.map(({ code, sequence }) => ({ code, sequence })), [
        { code: "sequence-unaccounted", sequence: 7 },
      ]);
    });

    await t.step("property: no single change to any row goes unseen", () => changesAreSeen(sql));
  } finally {
    await database.close();
  }
});

/** Gives batches the hashes their present bytes call for, as somebody who covers his tracks. */
async function forgeHashes(sql: Sql, from: number, to: number): Promise<void> {
  const copy = async (query: string) => {
    const parts: Uint8Array[] = [];
    for await (const part of await sql.unsafe(`copy (${query}) to stdout`).readable()) {
      parts.push(part);
    }
    return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
  };
  for (let batch = from; batch <= to; batch++) {
    const [before] = await sql`select hash from batches where batch = ${batch - 1}`;
    const [row] = await sql`
      select first_offset as first, last_offset as last from batches where batch = ${batch}`;
    const hash = await chainHash(
      Uint8Array.from(before?.hash ?? []),
      await copy(`select partition, batch, first_offset, last_offset, epoch, first_sequence,
        last_sequence, repeats, quarantined, recorded_at from batches where batch = ${batch}`),
      await copy(`select partition, "offset", stream, version, type, schema_version, data, metadata,
        occurred_at, recorded_at from events
        where "offset" between ${row?.first} and ${row?.last} order by "offset"`),
      await copy(`select partition, batch, epoch, sequence, subject, headers, payload, code, reason,
        received_at, recorded_at from quarantine where batch = ${batch} order by sequence`),
    );
    await sql`update batches set hash = ${hash} where batch = ${batch}`;
  }
  await sql`update partitions set hash = (select hash from batches where batch = ${to})
    where batch = ${to}`;
}

/** Ways to change one value of a row, by the type of the column. */
const CHANGES = {
  number: (column: string) => `"${column}" = "${column}" + 1`,
  text: (column: string) => `"${column}" = "${column}" || 'x'`,
  json: (column: string) => `"${column}" = ("${column}"::text || ' ')::json`,
  moment: (column: string) => `"${column}" = "${column}" - interval '1 microsecond'`,
  bytes: (column: string) => `"${column}" = set_byte("${column}", 0, get_byte("${column}", 0) # 1)`,
  ranges: (column: string) => `"${column}" = "${column}" + '{[3,4)}'::int8multirange`,
};

const TABLES = {
  events: {
    rows: 15,
    numbered: `row_number() over (order by "offset")`,
    columns: {
      partition: "number",
      offset: "number",
      stream: "text",
      version: "number",
      type: "text",
      schema_version: "number",
      data: "json",
      occurred_at: "moment",
      recorded_at: "moment",
    },
  },
  batches: {
    rows: 9,
    numbered: "row_number() over (order by batch)",
    columns: {
      partition: "number",
      batch: "number",
      first_offset: "number",
      last_offset: "number",
      epoch: "number",
      first_sequence: "number",
      last_sequence: "number",
      repeats: "ranges",
      quarantined: "number",
      recorded_at: "moment",
      hash: "bytes",
    },
  },
  quarantine: {
    rows: 3,
    numbered: "row_number() over (order by batch, sequence)",
    columns: {
      partition: "number",
      batch: "number",
      epoch: "number",
      sequence: "number",
      subject: "text",
      headers: "json",
      payload: "bytes",
      code: "text",
      reason: "text",
      received_at: "moment",
      recorded_at: "moment",
    },
  },
} as const;

async function changesAreSeen(sql: Sql): Promise<void> {
  await writeLog(sql);
  const row = fc.constantFrom(...(Object.keys(TABLES) as (keyof typeof TABLES)[])).chain((table) =>
    fc.record({
      table: fc.constant(table),
      row: fc.integer({ min: 1, max: TABLES[table].rows }),
      column: fc.option(fc.constantFrom(...Object.entries(TABLES[table].columns))),
    })
  );
  await fc.assert(
    fc.asyncProperty(row, async ({ table, row, column }) => {
      const chosen = `where ctid = (select ctid from
        (select ctid, ${TABLES[table].numbered} as n from ${table}) numbered where n = ${row})
        and tableoid = '${table === "events" ? "events_default" : table}'::regclass`;
      const change = column === null
        ? `delete from ${table} ${chosen}`
        : `update ${table} set ${CHANGES[column[1]](column[0])} ${chosen}`;
      let changed: number;
      try {
        changed = (await sql.unsafe(change)).count;
      } catch (error) {
        // A key that is taken: this change cannot be made, so it need not be found.
        if ((error as { code?: string }).code === "23505") return;
        throw error;
      }
      // Adding a repeat that is there already changes nothing.
      const { ok } = await verify(sql);
      await writeLog(sql);
      assert.equal(changed, 1, change);
      assert.ok(!ok, `went unseen: ${change}`);
    }),
    { numRuns: 120 },
  );
}
