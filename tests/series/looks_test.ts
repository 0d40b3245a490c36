/** A look at the log for new fits is asked for every answer on a node that shares it. */
import assert from "node:assert/strict";
import type { RecordedEvent } from "../../events/event.ts";
import { createSeriesModels } from "../../projections/series_models.ts";
import { freshDatabase } from "../support/servers.ts";

Deno.test("a look for new fits reads no readings, however many there are", async () => {
  const { close, connect } = await freshDatabase();
  // One connection, so that its statistics are those of the looks.
  const sql = connect("looks", 1);
  try {
    await sql`insert into partitions (partition, "offset") values (0, 100000)`;
    await sql`
      insert into events
      select 0, n, 'sensor-S1', n - 1, case when n = 500 then 'SeriesModelFitted'
        else 'ReadingReported' end, 1, '{"modelVersion":"v1"}', '{}', now(), now()
      from generate_series(1, 100000) n`;
    await sql`analyze`;
    const models = createSeriesModels({ sql, alone: false });
    await models.fresh();
    assert.equal(models.find("S1")?.modelVersion, "v1");

    const touched = async () => {
      await sql`select pg_stat_force_next_flush()`;
      const [row] = await sql`
        select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int as n from pg_stat_user_tables
        where relname like 'events%'`;
      return Number(row?.n);
    };
    const before = await touched();
    for (let i = 0; i < 20; i++) await models.fresh();
    assert.ok(await touched() - before <= 40, `${await touched() - before} rows were touched`);
  } finally {
    await sql.end();
    await close();
  }
});

Deno.test("many who ask at once share a look that began after each of them asked", async () => {
  const { sql, close } = await freshDatabase();
  try {
    await sql`insert into partitions (partition) values (0)`;
    let looks = 0;
    const counted = new Proxy(sql, {
      apply(target, self, [parts, ...values]) {
        if (String(parts[0]).includes("fits")) looks++;
        return Reflect.apply(target, self, [parts, ...values]);
      },
    });
    const models = createSeriesModels({ sql: counted, alone: false });
    await Promise.all(Array.from({ length: 1_000 }, () => models.fresh()));
    assert.equal(looks, 2, "the first one's, and one for all who came while it was under way");
  } finally {
    await close();
  }
});

Deno.test("a log that is written to all the time is still read to its end", async () => {
  const { sql, close } = await freshDatabase();
  try {
    await sql`insert into partitions (partition) values (0)`;
    const models = createSeriesModels({ sql, alone: true });
    const reading = { type: "ReadingReported" } as RecordedEvent;
    const writing = setInterval(() => models.offer([reading]), 0);
    const late = Promise.withResolvers<string>();
    const timer = setTimeout(() => late.resolve("still reading"), 5_000);
    const end = await Promise.race([models.fresh()?.then(() => "read"), late.promise]);
    clearInterval(writing);
    clearTimeout(timer);
    assert.equal(end, "read");
    assert.equal(models.fresh(), undefined, "nobody has to wait any more");
  } finally {
    await close();
  }
});
