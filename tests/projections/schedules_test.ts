import assert from "node:assert/strict";
import { rebuildAll } from "../../projections/rebuild.ts";
import { readSchedules, type Schedule, schedules } from "../../projections/schedules.ts";
import type { Json } from "../../events/vocabulary.ts";
import type { Projection } from "../../projections/projection.ts";
import { freshDatabase } from "../support/servers.ts";
import { appendToLog, createRecorder } from "./log.ts";

const START = Date.UTC(2026, 0, 1);
const NINE_TO_FIVE = { day: 0, start_time_local: "09:00:00", end_time_local: "17:00:00" };

/** What is known of store 1 after these messages, each a minute after the one before. */
async function after(...told: readonly (Json & { atMinute?: number })[]): Promise<Schedule> {
  const database = await freshDatabase();
  try {
    const facts = told.map(({ atMinute, ...data }, i) => ({
      stream: "store-1",
      type: "ScheduleSet",
      data,
      occurredAt: START + (atMinute ?? i) * 60_000,
    }));
    await appendToLog(database.sql, createRecorder()(0, facts));
    await rebuildAll(database.sql, [schedules as Projection]);
    const found = await readSchedules(database.sql, ["1", "2"]);
    assert.deepEqual([...found.keys()], ["1"]);
    assert.deepEqual(await readSchedules(database.sql), found);
    return found.get("1") as Schedule;
  } finally {
    await database.close();
  }
}

Deno.test("hours without a zone leave the zone, and a zone without hours the hours", async () => {
  const expected = {
    hours: [{ day: 0, start: "09:00:00", end: "17:00:00" }],
    zone: "Asia/Beirut",
  };
  const hours = { hours: [NINE_TO_FIVE] };
  const zone = { timezone_str: "Asia/Beirut" };
  assert.deepEqual(await after(hours, zone), expected);
  assert.deepEqual(await after(zone, hours), expected);
  assert.deepEqual(await after({ ...zone, ...hours }), expected);
});

Deno.test("null takes back what was said, and no hours are hours around the clock", async () => {
  const both = { hours: [NINE_TO_FIVE], timezone: "Asia/Beirut" };
  assert.deepEqual(await after(both, { hours: null, timezone: null }), { hours: null, zone: null });
  assert.deepEqual(await after(both, { hours: [] }), { hours: null, zone: "Asia/Beirut" });
});

Deno.test("a schedule that comes late does not replace a later one", async () => {
  const { zone, hours } = await after(
    { timezone_str: "Asia/Beirut", atMinute: 5 },
    { timezone_str: "America/Boise", hours: [{ ...NINE_TO_FIVE, dayOfWeek: 3 }], atMinute: 1 },
  );
  assert.equal(zone, "Asia/Beirut");
  assert.equal(hours?.length, 1);
});
