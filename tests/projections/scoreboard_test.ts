/** What claims were worth: counted as they come, the same as looked up in the whole story. */
import assert from "node:assert/strict";
import type { Sql } from "../../events/log/database.ts";
import { calibrationError as expectedError } from "../../models/metrics.ts";
import { seeded } from "../../models/random.ts";
import { projections } from "../../projections/mod.ts";
import { rebuildAll } from "../../projections/rebuild.ts";
import { readDayCounts } from "../../projections/scoreboard.ts";
import { COUNTS, emptyCounts, type Worth, worthOf } from "../../projections/scoreboard_counts.ts";
import { freshDatabase } from "../support/servers.ts";
import { MODEL, tellerOf } from "./foretold.ts";
import { appendToLog, createRecorder, type Fact } from "./log.ts";

const START = Date.UTC(2026, 4, 1);
const DAY_MS = 86_400_000;
const FIRST_DAY = START / DAY_MS;
const A = tellerOf("atm", "A", START);

async function given(facts: readonly Fact[], then: (sql: Sql) => Promise<void>): Promise<void> {
  const database = await freshDatabase();
  try {
    await appendToLog(database.sql, createRecorder()(0, facts));
    await rebuildAll(database.sql, projections);
    await then(database.sql);
  } finally {
    await database.close();
  }
}

async function worthIn(sql: Sql, from = 0, to = 100, model = ""): Promise<Worth> {
  const query = { from: FIRST_DAY + from, to: FIRST_DAY + to, model: model || undefined };
  const sum = emptyCounts();
  for (const { counts } of await readDayCounts(sql, ["atm", "machine"], query)) {
    counts.forEach((count, i) => sum[i] = (sum[i] ?? 0) + count);
  }
  return worthOf(sum);
}

Deno.test("hits, false alarms, misses and what was serviced are counted on the day they were foretold", () =>
  given([
    ...A.predicted(0, "1"),
    A.cleared(4, "1", "failed"),
    A.hit(5, "1", 0, 3),
    ...A.predicted(24, "2"),
    A.cleared(26, "2", "risk-fell"),
    A.judged(32, "2", "false-alarm"),
    A.scored(40, 0.1),
    A.missed(45, 41),
    ...A.predicted(49, "3"),
    A.cleared(50, "3", "serviced"),
    A.judged(50, "3", "serviced"),
    ...A.predicted(72, "4"),
  ], async (sql) => {
    const worth = await worthIn(sql);
    const { predictions, hits, falseAlarms, misses, serviced, undecided, failures } = worth;
    assert.deepEqual(
      { predictions, hits, falseAlarms, misses, serviced, undecided, failures },
      {
        predictions: 4,
        hits: 1,
        falseAlarms: 1,
        misses: 1,
        serviced: 1,
        undecided: 1,
        failures: 2,
      },
    );
    assert.deepEqual([worth.precision, worth.recall], [0.5, 0.5]);
    // Scored in five hours altogether.
    assert.equal(worth.alarmsPerDeviceWeek, 4 * 168 / 5);
    assert.ok(Math.abs((worth.leadTimeHours.median ?? 0) - 3) < 0.15);
    assert.equal((await worthIn(sql, 1, 2)).falseAlarms, 1);
    assert.equal((await worthIn(sql, 1, 2)).hits, 0);
    assert.equal((await worthIn(sql, 0, 100, "another")).predictions, 0);
    assert.equal((await worthIn(sql, 50, 60)).precision, null);
  }));

Deno.test("a failure that was foretold twice is one failure; foretold and withdrawn it came unforetold", () =>
  given([
    ...A.predicted(0, "1"),
    A.cleared(1, "1", "risk-fell"),
    ...A.predicted(2, "2"),
    A.cleared(6, "2", "failed"),
    A.hit(6, "1", 0, 3),
    A.hit(6, "2", 2, 3),
    ...A.predicted(24, "3"),
    A.cleared(25, "3", "risk-fell"),
    A.hit(30, "3", 24, 27),
    A.missed(30, 27),
  ], async (sql) => {
    const { hits, misses, failures, recall } = await worthIn(sql);
    assert.deepEqual([hits, misses, failures, recall], [3, 1, 2, 0.5]);
  }));

Deno.test("a score counts once its outcome is known: after the horizon and the longest repair", () =>
  given([
    A.scored(0, 0.2),
    A.scored(1, 0.4),
    A.scored(8, 0.3),
    A.scored(8.5, 0.3),
  ], async (sql) => {
    const { scores, decidedScores, brier } = await worthIn(sql);
    assert.deepEqual([scores, decidedScores, brier], [4, 1, 0.04]);
  }));

Deno.test("what would have come of a device that was serviced nobody knows", () =>
  given([
    A.scored(0, 0.2),
    ...A.predicted(3, "1"),
    A.cleared(4.5, "1", "serviced"),
    A.judged(4.5, "1", "serviced"),
    A.scored(20, 0.1),
  ], async (sql) => {
    // The first had seen its horizon by then; the last is too young.
    const { scores, decidedScores } = await worthIn(sql);
    assert.deepEqual([scores, decidedScores], [3, 1]);
  }));

Deno.test("what was scored of a device that had begun to fail is no claim about a failure to come", () =>
  given([
    A.scored(0, 0.2),
    A.scored(2, 0.6),
    A.missed(4, 1),
    A.scored(5, 0.1),
    A.scored(20, 0.1),
  ], async (sql) => {
    const { scores, decidedScores, brier } = await worthIn(sql);
    // The first is followed by a failure, the second left out, the third by none.
    assert.deepEqual([scores, decidedScores], [4, 2]);
    assert.ok(Math.abs((brier ?? NaN) - (0.8 ** 2 + 0.1 ** 2) / 2) < 1e-9);
  }));

Deno.test("calibration is that of the scores held against all failures, whatever order they come in", () => {
  const random = seeded(7);
  const failures = [30, 77.3, 78.1, 150, 201.6];
  const scores = Array.from({ length: 900 }, (_, i) => ({
    at: i / 4,
    probability: Math.round(random() ** 4 * 10_000) / 10_000,
  }));
  const facts: Fact[] = [
    ...scores.map(({ at, probability }) => A.scored(at, probability)),
    ...failures.map((failedAt) => A.missed(failedAt + 3, failedAt)),
  ].sort((a, b) => a.occurredAt - b.occurredAt);
  return given(facts, async (sql) => {
    const isDown = (at: number) => failures.some((failed) => failed <= at && at <= failed + 3);
    const known = scores.filter(({ at }) => at + 8 < 899 / 4 && !isDown(at));
    const labels = known.map(({ at }) => Number(failures.some((f) => f > at && f <= at + 4)));
    const squares = known.map(({ probability }, i) => (probability - (labels[i] ?? 0)) ** 2);
    const worth = await worthIn(sql);
    assert.equal(worth.decidedScores, known.length);
    const mean = squares.reduce((sum, square) => sum + square, 0) / known.length;
    assert.ok(Math.abs((worth.brier ?? NaN) - mean) < 1e-9);
    const failed = worth.calibration.reduce(
      (sum, { count, shareFailed }) => sum + count * (shareFailed ?? 0),
      0,
    );
    assert.equal(Math.round(failed), labels.reduce((sum, label) => sum + label, 0));
    const claims = known.map(({ probability }) => probability);
    // Over other bins it is another figure, but not far off.
    assert.ok(Math.abs((worth.calibrationError ?? NaN) - expectedError(claims, labels)) < 0.05);
  });
});

Deno.test("a device that is scored far too often costs no more room than one that is scored often", () =>
  given(
    Array.from({ length: 3_000 }, (_, i) => A.scored(i / 3_600, 0.5, i % 7 ? MODEL : `m${i % 9}`)),
    async (sql) => {
      const [row] = await sql<{ bytes: number }[]>`
        select max(length(watched::text)) as bytes from scoreboard`;
      assert.ok((row?.bytes ?? Infinity) < 10_000);
      const { scores } = await worthIn(sql);
      assert.ok(scores > 20 && scores < 300, String(scores));
    },
  ));

Deno.test("a year of days by four models is summed up in well under a tenth of a second", () =>
  given([], async (sql) => {
    await sql`
      insert into scoreboard (owner, part, model, day, counts)
      select 'atm', '', 'model ' || model, ${FIRST_DAY} + day, array_fill(3::bigint, array[${COUNTS}::integer])
      from generate_series(0, 364) day, generate_series(1, 4) model`;
    const times: number[] = [];
    for (let i = 0; i < 11; i++) {
      const began = performance.now();
      const { predictions } = await worthIn(sql, 0, 365);
      times.push(performance.now() - began);
      assert.equal(predictions, 3 * 365 * 4);
    }
    const median = times.sort((a, b) => a - b)[5] ?? Infinity;
    assert.ok(median < 100, `took ${median} ms`);
  }));
