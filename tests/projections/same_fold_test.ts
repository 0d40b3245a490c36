/** Live, catching up and rebuilt: three ways to the same rows, to the last bit. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Metadata } from "../../events/event.ts";
import type { Sql } from "../../events/log/database.ts";
import { formatInstant } from "../../events/instant.ts";
import { projections } from "../../projections/mod.ts";
import { startProjector } from "../../projections/projector.ts";
import { rebuildAll } from "../../projections/rebuild.ts";
import { freshDatabase } from "../support/servers.ts";
import { tellerOf } from "./foretold.ts";
import { appendToLog, createRecorder, type Fact } from "./log.ts";

const START = Date.UTC(2026, 0, 31, 23, 50);

/** Devices that report late, repeat moments, wander over chunk and day borders, and raise alarms. */
const factsArbitrary: fc.Arbitrary<Fact[]> = fc.array(
  fc.record({
    device: fc.constantFrom("atm-A", "atm-B", "store-1", "store-2", "sensor-s_1", "machine-m:1"),
    seconds: fc.integer({ min: 0, max: 3_000 }),
    micros: fc.constantFrom(0, 1, 500, 999_999),
    value: fc.double({ noDefaultInfinity: true, noNaN: true }),
    bad: fc.boolean(),
    name: fc.string({ unit: "binary", maxLength: 8 }),
  }),
  { minLength: 1, maxLength: 120 },
).map((steps) => {
  const open = new Map<string, string>();
  const told = steps.flatMap(({ device, seconds, micros, value, bad, name }): Fact[] => {
    const occurredAt = START + seconds * 1000 + micros / 1000;
    const stream = device;
    const fact = (type: string, data: Fact["data"]) => ({ stream, type, data, occurredAt });
    const raisedAt = open.get(stream);
    const alarm: Fact[] = [];
    if (bad && raisedAt === undefined) {
      open.set(stream, formatInstant(occurredAt));
      alarm.push(fact("AlarmRaised", { reason: "error", severity: "high", message: name }));
    } else if (!bad && raisedAt !== undefined) {
      open.delete(stream);
      alarm.push(fact("AlarmCleared", { reason: "error", raisedAt }));
    }
    const report = {
      ...fact(...reportOf(device, value, bad, name)),
      metadata: notedOf(device, bad),
    };
    return [
      report,
      ...alarm,
      ...anomalyOf(device, bad, value, name).map((one) => fact(...one)),
      ...foretellingOf(device, bad, seconds),
      ...healthOf(device, bad, value, name).map((one) => fact(...one)),
    ];
  });
  // The next batch begins with no alarm open.
  const closing = [...open].map(([stream, raisedAt]): Fact => ({
    stream,
    type: "AlarmCleared",
    data: { reason: "error", raisedAt },
    occurredAt: START + 4_000_000,
  }));
  return [...told, ...closing];
});

function reportOf(
  device: string,
  value: number,
  bad: boolean,
  name: string,
): [string, Fact["data"]] {
  if (device === "store-1") return ["PollReported", { status: bad ? "inactive" : "active" }];
  if (device === "store-2") return ["PollsReported", { polls: pollsAround(value, bad) }];
  if (device.startsWith("sensor")) return ["ReadingReported", { value, location: name }];
  if (device.startsWith("machine")) {
    return bad ? ["BearingDescribed", { _id: name, bearingType: name }] : ["VibrationReported", {
      bearingId: name,
      status: "Alert",
      temperature: value,
      fftData: {},
    }];
  }
  return ["TelemetryReported", {
    status: bad ? "error" : "online",
    cash_level_percent: value,
    error_message: name,
  }];
}

/** Several in one message, over the borders of chunks and out of order. */
function pollsAround(value: number, bad: boolean): [string, string][] {
  return [3, 0, 2, 3].map((weeks) => [
    formatInstant(START - weeks * 7 * 86_400_000 + Math.trunc(value % 1000)),
    bad && weeks === 3 ? "inactive" : "active",
  ]);
}

function notedOf(device: string, bad: boolean): Metadata {
  if (!device.startsWith("sensor")) return {};
  return bad ? { score: 0.9876, anomaly: true } : { score: 0.1234 };
}

/** A sensor's trouble: detected, worse, over and dealt with, all at once. */
function anomalyOf(
  device: string,
  bad: boolean,
  value: number,
  reason: string,
): [string, Fact["data"]][] {
  if (!device.startsWith("sensor") || !bad) return [];
  const moment = formatInstant(START);
  const found = { episode: 1, startedAt: moment, value, score: 0.6, severity: "medium", reason };
  return [
    ["AnomalyDetected", found],
    ["AnomalyWorsened", { ...found, score: 0.95, severity: "critical" }],
    ["AnomalyEnded", {
      episode: 1,
      startedAt: moment,
      peakAt: moment,
      peakScore: 0.97,
      peakValue: value,
      lastAt: moment,
    }],
    ["AnomalyResolved", { episode: 1, by: reason }],
  ];
}

/** A bearing's wear; where it is bad it has failed, and some are renewed. */
function healthOf(
  device: string,
  bad: boolean,
  value: number,
  part: string,
): [string, Fact["data"]][] {
  if (!device.startsWith("machine")) return [];
  const assessed = { part, toLearn: 0, index: 0.5, growth: value, alarm: bad, probability: null };
  const beganAt = formatInstant(START);
  return [
    ["BearingAssessed", assessed],
    ...bad ? [["FailureObserved", { part, beganAt, code: "worn-out" }] as const] : [],
    ...value < 0 ? [["PartRenewed", { part, by: part }] as const] : [],
  ].map(([type, data]) => [type, data] as [string, Fact["data"]]);
}

let foretold = 0;

/** An ATM is scored with every report; when it is bad a failure is foretold, and one comes unforetold. */
function foretellingOf(device: string, bad: boolean, seconds: number): Fact[] {
  if (!device.startsWith("atm")) return [];
  const hours = seconds / 60;
  const { scored, predicted, recommended, cleared, hit, missed } = tellerOf(
    "atm",
    device.slice("atm-".length),
    START,
  );
  if (!bad) return [scored(hours, seconds / 3_000, `model ${seconds % 3}`)];
  const name = `${device}.${++foretold}`;
  return [
    ...predicted(hours, name),
    recommended(hours, name),
    cleared(hours + 3, name, "failed"),
    hit(hours + 3, name, hours, hours + 1),
    ...(seconds % 2 ? [missed(hours + 3, hours + 1.5)] : []),
    {
      stream: device,
      type: seconds % 3 ? "MaintenanceScheduled" : "MaintenanceDone",
      // Two devices may name the same.
      data: { entry: `entry ${seconds % 5}`, action: "Look at it", by: name },
      occurredAt: START + hours * 3_600_000,
    },
  ];
}

async function dump(sql: Sql): Promise<Record<string, string[]>> {
  const tables: Record<string, string[]> = {};
  for (const { name } of projections) {
    const rows = await sql<{ text: string }[]>`select t::text as text from ${sql(name)} t`;
    tables[name] = rows.map(({ text }) => text).sort();
  }
  return tables;
}

async function empty(sql: Sql): Promise<void> {
  for (const { name } of projections) await sql`drop table if exists ${sql(name)}`;
  await sql`truncate events, partitions, projections, checkpoints`;
}

Deno.test("live, caught up and rebuilt tables are the same to the last bit, however events were cut", async () => {
  const database = await freshDatabase();
  const { sql } = database;
  const partitions = [0, 1];
  const arrivals = fc.array(
    fc.record({
      partition: fc.constantFrom(0, 1),
      facts: factsArbitrary,
      pauseMs: fc.constantFrom(0, 0, 30, 300),
      // A restarted projector knows only what its tables hold.
      restart: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
  );
  try {
    await fc.assert(
      fc.asyncProperty(arrivals, async (batches) => {
        await empty(sql);
        await sql`insert into partitions (partition) values (0), (1)`;
        const record = createRecorder();
        let live = await startProjector({ sql, projections, partitions });
        for (const { partition, facts, pauseMs, restart } of batches) {
          // A device belongs to one partition.
          const own = facts.map((fact) => ({ ...fact, stream: `${fact.stream}${partition}` }));
          const events = record(partition, own);
          await appendToLog(sql, events);
          live.offer(events);
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
          if (!restart) continue;
          await live.stop();
          live = await startProjector({ sql, projections, partitions });
        }
        await live.stop();
        assert.deepEqual([...live.errors()], []);
        const followed = await dump(sql);

        await rebuildAll(sql, projections);
        assert.deepEqual(await dump(sql), followed);

        for (const { name } of projections) await sql`drop table ${sql(name)}`;
        await sql`truncate projections, checkpoints`;
        const late = await startProjector({ sql, projections, partitions });
        await late.stop();
        assert.deepEqual(await dump(sql), followed);
      }),
      { seed: 11, numRuns: 12 },
    );
  } finally {
    await database.close();
  }
});
