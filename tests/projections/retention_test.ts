/** What is too old goes, the same whichever way the rows were made; the rest stays as it was. */
import assert from "node:assert/strict";
import type { Sql } from "../../events/log/database.ts";
import { projections } from "../../projections/mod.ts";
import type { Projection } from "../../projections/projection.ts";
import { startProjector } from "../../projections/projector.ts";
import { rebuildAll } from "../../projections/rebuild.ts";
import { forgetOld } from "../../projections/retention.ts";
import { readTrend, trends } from "../../projections/trends.ts";
import { freshDatabase } from "../support/servers.ts";
import { listScores } from "../../projections/risk_scores.ts";
import { tellerOf } from "./foretold.ts";
import { appendToLog, createRecorder, type Fact } from "./log.ts";

const DAY = 86_400_000;
const START = Date.UTC(2014, 0, 1);
const KEEP = { trendMinutesDays: 3, readingDays: 5 };

/** Three readings an hour for ten days, of two sensors: S's days are past when T's begin. */
const STORY: readonly Fact[] = ["S", "T"].flatMap((sensor, i) =>
  Array.from({ length: 720 }, (_, n) => reading(sensor, START + i * 100 * DAY + n * 1_200_000, n))
);

function reading(sensor: string, occurredAt: number, value: number): Fact {
  return { stream: `sensor-${sensor}`, type: "ReadingReported", data: { value }, occurredAt };
}

async function forgetAll(sql: Sql): Promise<number> {
  let rows = 0;
  for (const projection of projections) {
    rows += await forgetOld(sql, projection, projection.name, KEEP);
  }
  return rows;
}

async function rowsOf(sql: Sql): Promise<string[]> {
  const rows = await sql<{ text: string }[]>`
    select t::text as text from trends t union all select r::text from readings r order by 1`;
  return rows.map(({ text }) => text);
}

Deno.test("what is swept from a live table, a rebuild leaves out; late reports change nothing", async () => {
  const { sql, close } = await freshDatabase();
  try {
    await sql`insert into partitions (partition) values (0)`;
    const record = createRecorder();
    const projector = await startProjector({ sql, projections, partitions: [0] });
    // The second half reaches back into days that were swept, and into days that are kept.
    const late = [reading("S", START + DAY, -1), reading("S", START + 9 * DAY, -2)];
    for (const facts of [STORY.slice(0, 720), late, STORY.slice(720)]) {
      const events = record(0, facts);
      await appendToLog(sql, events);
      projector.offer(events);
      const end = events.at(-1)?.offset ?? 0;
      assert.equal(await projector.waitFor(new Map([[0, end]]), 10_000), true);
      assert.ok(await forgetAll(sql) > 0);
    }
    await projector.stop();
    const swept = await rowsOf(sql);
    await rebuildAll(sql, projections, { keep: KEEP });
    assert.deepEqual(await rowsOf(sql), swept);
    assert.equal(await forgetAll(sql), 0);
  } finally {
    await close();
  }
});

Deno.test("minutes go, counted from their device's newest; hours and days stay", async () => {
  const { sql, close } = await freshDatabase();
  try {
    await appendToLog(sql, createRecorder()(0, STORY));
    await rebuildAll(sql, [trends as Projection], { keep: KEEP });
    const counts = await sql`
      select stream, resolution, count(*)::int as rows, min(bucket) as first
      from trends group by 1, 2 order by 1, 2`;
    const newest = START + 719 * 1_200_000;
    const of = (stream: string, start: number) => [
      { stream, resolution: 60, rows: 3 * 72 + 1, first: newest + start - START - 3 * DAY },
      { stream, resolution: 3_600, rows: 240, first: start },
      { stream, resolution: 86_400, rows: 10, first: start },
    ];
    assert.deepEqual([...counts], [
      ...of("sensor-S", START),
      ...of("sensor-T", START + 100 * DAY),
    ]);
  } finally {
    await close();
  }
});

Deno.test("a minute too old to be kept is not told before it is swept, either", async () => {
  const { sql, close } = await freshDatabase();
  try {
    await appendToLog(sql, createRecorder()(0, STORY));
    await rebuildAll(sql, [trends as Projection], { keep: { ...KEEP, trendMinutesDays: 100 } });
    const ask = () =>
      readTrend(sql, {
        kind: "sensor",
        id: "S",
        metric: "value",
        resolution: 60,
        from: 0,
        to: START + 100 * DAY,
        limit: 10_000,
        minutesDays: KEEP.trendMinutesDays,
      });
    const before = await ask();
    assert.equal(before.length, 3 * 72 + 1);
    assert.ok(await forgetOld(sql, trends as Projection, "trends", KEEP) > 0);
    assert.deepEqual(await ask(), before);
  } finally {
    await close();
  }
});

Deno.test("more rows than a step takes go as well, and a stop ends between two steps", async () => {
  const { sql, close } = await freshDatabase();
  try {
    await rebuildAll(sql, [trends as Projection]);
    await sql`
      insert into trends select 'atm-' || device, 60, to_timestamp(minute * 60), '{}'
      from generate_series(1, 300) device, generate_series(1, 10000, 100) minute`;
    await sql`
      insert into trends select 'atm-0', 60, to_timestamp(minute * 60), '{}'
      from generate_series(1, 12000) minute`;
    const count = async () => (await sql`select count(*)::int as n from trends`)[0]?.n;
    await forgetOld(sql, trends as Projection, "trends", KEEP, AbortSignal.abort());
    assert.equal(await count(), 42_000);
    const forgotten = await forgetOld(sql, trends as Projection, "trends", KEEP);
    // Newest minute 9901 of most, 12000 of one: three days are 4320 minutes.
    assert.equal(forgotten, 300 * 56 + 7_679);
    assert.equal(await count(), 42_000 - forgotten);
  } finally {
    await close();
  }
});

Deno.test("scores of a device's risk go by the day, counted from its newest", async () => {
  const { sql, close } = await freshDatabase();
  try {
    const { scored } = tellerOf("atm", "A", START);
    const scores = Array.from({ length: 40 }, (_, i) => scored(i * 6, i / 100));
    await appendToLog(sql, createRecorder()(0, scores));
    await rebuildAll(sql, projections, { keep: KEEP });
    const range = { kind: "atm", id: "A", from: 0, to: START + 100 * DAY, limit: 100 };
    const kept = await listScores(sql, range);
    // Ten days, of which the five before the last are kept with it.
    assert.deepEqual([kept.length, kept[0]?.at], [24, START + 4 * DAY]);
  } finally {
    await close();
  }
});
