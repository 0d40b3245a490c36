import assert from "node:assert/strict";
import { readReadings } from "../../events/log/readings.ts";
import { listModels, readModelInForce, streamsWithModel } from "../../projections/models.ts";
import { freshDatabase } from "../support/servers.ts";

const NEWER = "b".repeat(64);

Deno.test("a sensor's models and readings are found among a hundred thousand events by an index", async () => {
  const { close, connect } = await freshDatabase();
  const sql = connect("models", 1); // One connection: its statistics are those of its questions.
  try {
    await sql`
      insert into events
      select 0, n, 'sensor-S' || n % 100, n / 100, 'ReadingReported', 1,
        json_build_object('value', n), '{}', to_timestamp(n), to_timestamp(n)
      from generate_series(0, 99999) n`;
    await sql`
      insert into events
      select 0, 100000 + n, 'sensor-S7', 1000 + n,
        case when n % 2 = 0 then 'ModelTrained' else 'ModelPromoted' end, 1,
        json_build_object('kind', 'lstm', 'by', 'x', 'card', '{}'::json,
          'model', case when n < 2 then repeat('a', 64) else repeat('b', 64) end),
        '{}', to_timestamp(n), to_timestamp(n)
      from generate_series(0, 3) n`;
    await sql`analyze`;
    const scans = async () => {
      await sql`select pg_stat_force_next_flush()`;
      const [row] = await sql`
        select seq_scan as n from pg_stat_user_tables where relname = 'events_default'`;
      return Number(row?.n);
    };
    const before = await scans();
    const models = await listModels(sql, "sensor-S7");
    assert.deepEqual(models.map(({ inForce }) => inForce), [true, false]);
    assert.equal((await readModelInForce(sql, "sensor-S7", "lstm"))?.sha256, NEWER);
    assert.equal(await readModelInForce(sql, "sensor-S7", "other"), undefined);
    assert.deepEqual(await streamsWithModel(sql, "lstm"), ["sensor-S7"]);
    const readings = await readReadings(sql, "S7", 10);
    assert.deepEqual(readings.map(({ value }) => value).slice(-2), [99_807, 99_907]);
    assert.equal(await scans() - before, 0);
  } finally {
    await sql.end();
    await close();
  }
});
