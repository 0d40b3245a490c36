import assert from "node:assert/strict";
import { readTextsBetween } from "../../events/log/query.ts";
import { appendToLog, createRecorder, type Fact } from "../projections/log.ts";
import { freshDatabase } from "../support/servers.ts";

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 4, 1, 12);

function told(n: number, occurredAt: number, recordedAt = occurredAt, type = "Told"): Fact {
  return { stream: "atm-A", type, data: { n }, occurredAt, recordedAt };
}

Deno.test("texts of a stream are read from its end, newest first, late ones where they belong", async () => {
  const database = await freshDatabase();
  const { sql } = database;
  try {
    // More than are read at once, every other of another type, one a second.
    const many = Array.from(
      { length: 10_000 },
      (_, i) => told(i, NOON + i * 1_000, undefined, i % 2 === 0 ? "Told" : "Other"),
    );
    const end = NOON + 10_000 * 1_000;
    await appendToLog(
      sql,
      createRecorder()(0, [
        told(-1, NOON - 48 * HOUR),
        ...many,
        told(10_001, NOON + 500, end), // Late.
        told(10_002, end + 20 * HOUR, end), // By a clock that is ahead.
        { ...told(7, end), stream: "atm-B" },
      ]),
    );
    const read = async (from: number, to: number, limit = 50_000) =>
      (await readTextsBetween(sql, "atm-A", { type: "Told", from, to, limit }))
        .map((text) => JSON.parse(text).n);

    const all = await read(NOON - HOUR, end);
    assert.equal(all.length, 5_001);
    assert.deepEqual([all[0], all.at(-2), all.at(-1)], [9_998, 10_001, 0]);
    assert.deepEqual(await read(end, end + 24 * HOUR), [10_002]);
    assert.deepEqual(await read(NOON - 72 * HOUR, NOON), [-1]);
    assert.deepEqual(await read(NOON, NOON + 2_500), [2, 10_001, 0]);
    assert.deepEqual(await read(NOON, end, 2), [9_998, 10_001], "those recorded last");
    assert.deepEqual(
      await readTextsBetween(sql, "atm-C", {
        type: "Told",
        from: 0,
        to: end,
        limit: 10,
      }),
      [],
    );
  } finally {
    await database.close();
  }
});
