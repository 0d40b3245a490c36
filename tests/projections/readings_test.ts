/** Readings and alerts are found as a plain look through all of them would find them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  countAnomalies,
  listReadings,
  type Reading,
  type ReadingQuery,
  readings,
  readingsAfter,
} from "../../projections/readings.ts";
import { alertId, alerts, getAlert, listAlerts, parseAlertId } from "../../projections/alerts.ts";
import type { Sql } from "../../events/log/database.ts";
import type { Projection } from "../../projections/projection.ts";
import { rebuildAll } from "../../projections/rebuild.ts";
import { forgetOld, KEPT_BY_DEFAULT } from "../../projections/retention.ts";
import { freshDatabase } from "../support/servers.ts";
import { appendToLog, createRecorder, type Fact } from "./log.ts";

const START = Date.UTC(2026, 0, 31, 22);
const MINUTE = 60_000;

/** Readings of three sensors over some days: late ones, same moments, changing names. */
const storyArbitrary = fc.array(
  fc.record({
    sensor: fc.constantFrom("A", "B", "B-1", "b", "_", "C:1", "0", "Z9"),
    // Few enough that readings of several sensors share their moment.
    minutes: fc.integer({ min: 0, max: 100 }).map((steps) => steps * 40),
    micros: fc.constantFrom(0, 0, 0.001, 0.5),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }),
    type: fc.constantFrom("t", "h", undefined),
    location: fc.constantFrom("Hall|1", "", undefined),
    score: fc.integer({ min: 0, max: 10_000 }).map((score) => score / 10_000),
    anomaly: fc.boolean(),
  }),
  { minLength: 1, maxLength: 400 },
);

const queryArbitrary: fc.Arbitrary<ReadingQuery> = fc.record({
  sensorId: fc.option(fc.constantFrom("A", "B", "B-1", "none"), { nil: undefined }),
  sensorType: fc.option(fc.constantFrom("t", "h"), { nil: undefined }),
  location: fc.option(fc.constant("Hall|1"), { nil: undefined }),
  from: fc.option(fc.integer({ min: 0, max: 4_000 }).map(momentOf), { nil: undefined }),
  to: fc.option(fc.integer({ min: 0, max: 4_000 }).map(momentOf), { nil: undefined }),
  limit: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 80 })),
  offset: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 })),
});

function momentOf(minutes: number): number {
  return START + minutes * MINUTE;
}

interface Told {
  readonly sensor: string;
  readonly minutes: number;
  readonly micros: number;
  readonly value: number;
  readonly type: string | undefined;
  readonly location: string | undefined;
  readonly score: number;
  readonly anomaly: boolean;
}

async function record(sql: Sql, story: readonly Told[]): Promise<Reading[]> {
  const place = createRecorder();
  const facts = story.map((told): Fact => ({
    stream: `sensor-${told.sensor}`,
    type: "ReadingReported",
    data: { value: told.value, sensor_type: told.type, location: told.location, unit: "u" },
    occurredAt: momentOf(told.minutes) + told.micros,
    metadata: { score: told.score, ...(told.anomaly ? { anomaly: true } : {}) },
  }));
  const events = place(0, facts);
  await sql`drop table if exists readings`;
  await sql`truncate events, partitions, projections, checkpoints`;
  await appendToLog(sql, events);
  await rebuildAll(sql, [readings]);
  return events.map((event, i): Reading => ({
    sensorId: event.stream.slice("sensor-".length),
    sensorType: story[i]?.type ?? null,
    unit: "u",
    location: story[i]?.location || null,
    at: event.occurredAt,
    value: (story[i]?.value ?? 0) + 0,
    score: event.metadata.score ?? null,
    anomaly: event.metadata.anomaly ?? false,
    version: event.version,
  })).sort((a, b) =>
    b.at - a.at || (a.sensorId < b.sensorId ? 1 : a.sensorId > b.sensorId ? -1 : 0) ||
    b.version - a.version
  );
}

function matches(reading: Reading, query: ReadingQuery): boolean {
  return (query.sensorId === undefined || reading.sensorId === query.sensorId) &&
    (query.sensorType === undefined || reading.sensorType === query.sensorType) &&
    (query.location === undefined || reading.location === query.location) &&
    (query.from === undefined || reading.at >= query.from) &&
    (query.to === undefined || reading.at <= query.to);
}

Deno.test("readings are filtered, ordered and paged as a look through all of them would", async () => {
  const { sql, close } = await freshDatabase();
  try {
    await fc.assert(
      fc.asyncProperty(
        storyArbitrary,
        fc.array(queryArbitrary, { minLength: 10, maxLength: 10 }),
        async (story, queries) => {
          const all = await record(sql, story);
          for (const query of queries) {
            const { offset = 0, limit } = query;
            const expected = all.filter((reading) => matches(reading, query));
            assert.deepEqual(
              await listReadings(sql, query),
              expected.slice(offset, offset + limit),
            );
            const after = expected[Math.floor(expected.length / 2)];
            if (after === undefined) continue;
            assert.deepEqual(
              await listReadings(sql, { ...query, offset: 0, after }),
              expected.slice(Math.floor(expected.length / 2) + 1).slice(0, limit),
            );
          }
          const since = momentOf(2_000);
          const odd = all.filter(({ at, anomaly }) => anomaly && at >= since);
          assert.equal(await countAnomalies(sql, since), odd.length);
        },
      ),
      { seed: 5, numRuns: 12 },
    );
  } finally {
    await close();
  }
});

Deno.test("readings that came in no order at all are listed in order all the same", async () => {
  const { sql, close } = await freshDatabase();
  try {
    // Sent by the minute, each chunk spread over the whole day.
    const story = Array.from({ length: 1_300 }, (_, i) => ({
      sensor: "A",
      minutes: 120 + (i * 617) % 1_300,
      micros: 0,
      value: i,
      type: undefined,
      location: undefined,
      score: 0,
      anomaly: false,
    }));
    const all = await record(sql, story);
    for (const [limit, offset] of [[1, 0], [10, 0], [100, 50], [1_300, 0]] as const) {
      const page = await listReadings(sql, { sensorId: "A", limit, offset });
      assert.deepEqual(page, all.slice(offset, offset + limit));
    }
  } finally {
    await close();
  }
});

Deno.test("the readings after a moment come in order of time", async () => {
  const { sql, close } = await freshDatabase();
  try {
    const story = Array.from({ length: 300 }, (_, minutes) => ({
      sensor: "A",
      minutes,
      micros: 0,
      value: minutes,
      type: undefined,
      location: undefined,
      score: 0,
      anomaly: false,
    }));
    await record(sql, story);
    const after = await readingsAfter(sql, "A", momentOf(100), 70);
    assert.deepEqual(
      after.map(({ value }) => value),
      Array.from({ length: 70 }, (_, i) => 101 + i),
    );
  } finally {
    await close();
  }
});

Deno.test("readings of long ago are let go of, the log keeps them", async () => {
  const { sql, close } = await freshDatabase();
  try {
    const reading = { sensor: "A", micros: 0, value: 1, type: undefined, location: undefined };
    const story = [0, 4_000].map((minutes) => ({ ...reading, minutes, score: 0, anomaly: false }));
    await record(sql, story);
    const keep = { ...KEPT_BY_DEFAULT, readingDays: 1 };
    assert.equal(await forgetOld(sql, readings as Projection, "readings", keep), 1);
    const left = await listReadings(sql, { sensorId: "A", limit: 10 });
    assert.deepEqual(left.map(({ at }) => at), [momentOf(4_000)]);
    const [row] = await sql`select count(*)::int as count from events`;
    assert.equal(row?.count, 2);
  } finally {
    await close();
  }
});

function finding(episode: number, score: number, startedAt: number, severity = "low") {
  const what = {
    value: score * 100,
    threshold: 0.5,
    expected: 1,
    lower: 0,
    upper: 2,
    reason: "odd",
  };
  const detectors = [{ name: "spike", score, reason: "odd" }];
  return {
    ...what,
    episode,
    startedAt: new Date(startedAt).toISOString(),
    score,
    severity,
    detectors,
  };
}

Deno.test("an alert has its beginning, its peak and its end, and is resolved once", async () => {
  const { sql, close } = await freshDatabase();
  try {
    const place = createRecorder();
    const fact = (type: string, minutes: number, data: Fact["data"]): Fact => ({
      stream: "sensor-A",
      type,
      data,
      occurredAt: momentOf(minutes),
    });
    const startedAt = momentOf(10);
    await appendToLog(
      sql,
      place(0, [
        fact("AnomalyDetected", 10, finding(1, 0.55, startedAt)),
        fact("AnomalyWorsened", 12, finding(1, 0.85, startedAt, "high")),
        fact("AnomalyDetected", 112, finding(1, 0.6, startedAt, "medium")),
        fact("AnomalyEnded", 130, {
          episode: 1,
          startedAt: new Date(startedAt).toISOString(),
          peakAt: new Date(momentOf(13)).toISOString(),
          peakScore: 0.88,
          peakValue: 91,
          lastAt: new Date(momentOf(115)).toISOString(),
        }),
        fact("AnomalyResolved", 140, { episode: 1, by: "Ada\0" }),
        fact("AnomalyResolved", 150, { episode: 1, by: "Bob" }),
        fact("AnomalyDetected", 200, finding(2, 0.95, momentOf(200), "critical")),
      ]),
    );
    await rebuildAll(sql, [alerts]);
    const alert = await getAlert(sql, { sensorId: "A", episode: 1 });
    assert.ok(alert);
    const { peak, ...rest } = alert;
    assert.deepEqual([peak.score, peak.value, peak.severity], [0.88, 91, "high"]);
    assert.deepEqual(rest, {
      sensorId: "A",
      episode: 1,
      startedAt,
      lastAt: momentOf(115),
      endedAt: momentOf(115),
      detections: 2,
      peakAt: momentOf(13),
      resolvedAt: momentOf(140),
      resolvedBy: "Ada\ufffd",
    });
    const ids = async (query: Partial<Parameters<typeof listAlerts>[1]>) =>
      (await listAlerts(sql, { limit: 10, ...query })).map(alertId);
    assert.deepEqual(await ids({}), ["A.2", "A.1"]);
    assert.deepEqual(await ids({ offset: 1 }), ["A.1"]);
    assert.deepEqual(await ids({ severity: "critical" }), ["A.2"]);
    assert.deepEqual(await ids({ resolved: true }), ["A.1"]);
    assert.deepEqual(await ids({ resolved: false, sensorId: "A" }), ["A.2"]);
    assert.deepEqual(await ids({ sensorId: "B" }), []);
  } finally {
    await close();
  }
});

Deno.test("an alert's id names a sensor and a number, and nothing else is one", () => {
  assert.deepEqual(parseAlertId("S:1-x.12"), { sensorId: "S:1-x", episode: 12 });
  for (
    const id of ["", "S", "S.", "S.0", "S.-1", "S.1e3", ".1", "a b.1", "S.1.2", "S.9999999999"]
  ) {
    assert.equal(parseAlertId(id), undefined, id);
  }
});
