/** The rows that are kept in memory: which stay, which go, and that this changes no answer. */
import assert from "node:assert/strict";
import type { RecordedEvent } from "../../events/event.ts";
import type { Sql } from "../../events/log/database.ts";
import { ensureProjection } from "../../projections/checkpoints.ts";
import { createFolding, type Folding } from "../../projections/folding.ts";
import type { Projection } from "../../projections/projection.ts";
import { sensors } from "../../projections/sensors.ts";
import {
  readTrend,
  type Resolution,
  RESOLUTIONS,
  type TrendPoint,
  trends,
} from "../../projections/trends.ts";
import { createRandom } from "../../simulator/random.ts";
import { freshDatabase } from "../support/servers.ts";
import { createRecorder, type Fact } from "./log.ts";

const START = Date.UTC(2026, 4, 1, 12);
const MINUTE = 60_000;
const DAY = 86_400_000;
const BEARINGS = ["B0", "B1", "B2", "B3"] as const;
const FIELDS = ["rms", "peak", "crestFactor", "kurtosis"] as const;

async function withTable<Row>(
  projection: Projection<Row>,
  use: (sql: Sql) => Promise<void>,
): Promise<void> {
  const database = await freshDatabase();
  try {
    await ensureProjection(database.sql, projection as Projection);
    await use(database.sql);
  } finally {
    await database.close();
  }
}

async function write(sql: Sql, folding: Folding, now: number): Promise<void> {
  await sql.begin((tx) => folding.save(tx));
  folding.saved(now);
}

Deno.test("a row is let go when nothing touched it for a minute or two, and read again when needed", () =>
  withTable(sensors, async (sql) => {
    const looks: string[] = [];
    const watched = {
      ...sensors,
      load(...given: Parameters<NonNullable<typeof sensors.load>>) {
        looks.push(...given[2]);
        return (sensors.load as NonNullable<typeof sensors.load>)(...given);
      },
    };
    const folding = createFolding(sql, watched as Projection, { table: "sensors" });
    const record = createRecorder();
    const read = (sensor: string, value: number): RecordedEvent[] =>
      record(0, [{
        stream: `sensor-${sensor}`,
        type: "ReadingReported",
        data: { value },
        occurredAt: START + value,
      }]);

    await folding.fold([...read("seldom", 1), ...read("often", 1)]);
    await write(sql, folding, 0);
    assert.deepEqual(looks, ["sensor-seldom", "sensor-often"]);
    for (let minute = 1; minute <= 3; minute++) {
      await folding.fold(read("often", minute + 1));
      await write(sql, folding, minute * MINUTE);
    }
    await folding.fold([...read("often", 5), ...read("seldom", 5)]);
    await write(sql, folding, 4 * MINUTE);
    assert.deepEqual(looks.slice(2), ["sensor-seldom"]);
    assert.deepEqual(
      [...await sql`select stream, readings, sum from sensors order by stream`],
      [
        { stream: "sensor-often", readings: 5, sum: 15 },
        { stream: "sensor-seldom", readings: 2, sum: 6 },
      ],
    );
  }));

Deno.test("metrics that come and go, in any order and of many bearings, keep apart in every bucket", () =>
  withTable(trends, async (sql) => {
    const random = createRandom("trends");
    const facts: Fact[] = Array.from({ length: 400 }, (_, i) => {
      const fields = FIELDS.filter(() => random.chance(0.7));
      const acceleration = Object.fromEntries(fields.map((field) => [field, random.normal(0, 1)]));
      return {
        stream: "machine-M",
        type: "VibrationReported",
        data: { bearingId: random.pick(BEARINGS), acceleration },
        // Late ones among them.
        occurredAt: START + i * 1_000 - random.integer(0, 2) * MINUTE,
      };
    });
    const folding = createFolding(sql, trends as Projection, { table: "trends", rowsMax: 10 });
    const events = createRecorder()(0, facts);
    for (let i = 0; i < events.length; i += 50) {
      await folding.fold(events.slice(i, i + 50));
      await write(sql, folding, i);
    }
    let points = 0;
    for (const resolution of RESOLUTIONS) {
      for (const [bearing, field] of BEARINGS.flatMap((b) => FIELDS.map((f) => [b, f] as const))) {
        const told = await readTrend(sql, {
          kind: "machine",
          id: "M",
          metric: `${bearing}.acceleration.${field}`,
          resolution,
          from: START - DAY,
          to: START + DAY,
          limit: 1_000,
          minutesDays: 30,
        });
        points += told.length;
        assert.deepEqual(told, summed(events, bearing, field, resolution));
      }
    }
    assert.ok(points > 100, `${points} points`);
  }));

/** The same by looking at all values of a bucket at once. */
function summed(
  events: readonly RecordedEvent[],
  bearing: string,
  field: string,
  resolution: Resolution,
): TrendPoint[] {
  const buckets = new Map<number, { value: number; at: number }[]>();
  for (const { data, occurredAt: at } of events) {
    const value = (data.acceleration as Record<string, number>)[field];
    if (data.bearingId !== bearing || value === undefined) continue;
    const start = at - at % (resolution * 1_000);
    buckets.set(start, [...buckets.get(start) ?? [], { value, at }]);
  }
  return [...buckets].sort(([a], [b]) => a - b).map(([at, told]) => {
    const values = told.map(({ value }) => value);
    return {
      at,
      count: told.length,
      mean: values.reduce((sum, value) => sum + value, 0) / told.length,
      min: Math.min(...values),
      max: Math.max(...values),
      last: told.reduce((newest, one) => one.at >= newest.at ? one : newest).value,
    };
  });
}
