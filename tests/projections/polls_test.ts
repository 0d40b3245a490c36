/** The same polls one by one or many together: the same answers. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { formatInstant } from "../../events/instant.ts";
import type { Sql } from "../../events/log/database.ts";
import { activityStats } from "../../projections/activity.ts";
import { deviceAvailability } from "../../projections/availability.ts";
import { getDevice } from "../../projections/devices.ts";
import { projections } from "../../projections/mod.ts";
import { rebuildAll } from "../../projections/rebuild.ts";
import { freshDatabase } from "../support/servers.ts";
import { appendToLog, createRecorder, type Fact } from "./log.ts";

const START = Date.UTC(2026, 0, 1);
const WEEK_MS = 7 * 86_400_000;

interface Told {
  readonly at: number;
  readonly status: string;
}

function alone({ at, status }: Told): Fact {
  const data = { timestamp: formatInstant(at), status };
  return { stream: "store-1", type: "PollReported", data, occurredAt: at };
}

function together(polls: readonly Told[]): Fact {
  return {
    stream: "store-1",
    type: "PollsReported",
    data: { polls: polls.map(({ at, status }) => [formatInstant(at), status]) },
    occurredAt: Math.max(...polls.map(({ at }) => at)),
  };
}

async function answers(sql: Sql, facts: readonly Fact[], at: readonly number[]) {
  for (const { name } of projections) await sql`drop table if exists ${sql(name)}`;
  await sql`truncate events, partitions, projections, checkpoints`;
  const recordedAt = START + 5 * WEEK_MS;
  const recorded = facts.map((fact) => ({ ...fact, recordedAt }));
  await appendToLog(sql, createRecorder()(0, recorded));
  await rebuildAll(sql, projections);
  const to = START + 4 * WEEK_MS;
  const windows = [[START - WEEK_MS, to], ...at.map((from) => [from, to])];
  return {
    availability: await Promise.all(
      windows.map(([from = 0, to = 0]) =>
        deviceAvailability(sql, { kind: "store", id: "1", from, to, now: to })
      ),
    ),
    activity: await activityStats(sql, "store", to),
    chunks: await sql`select * from availability order by stream, chunk_start`,
    device: await getDevice(sql, "store", "1"),
  };
}

Deno.test("the same polls give the same answers, whichever way and in whichever order they came", async () => {
  const polls = fc.uniqueArray(
    fc.record({
      at: fc.integer({ min: 0, max: 3 * WEEK_MS * 1000 }).map((us) => START + us / 1000),
      status: fc.constantFrom("active", "inactive"),
    }),
    { selector: ({ at, status }) => `${at} ${status}`, minLength: 1, maxLength: 60 },
  ).map((list) => {
    // Some at the very same moment as another, with the other status.
    const twins = list.slice(0, list.length >> 2).map(({ at, status }) => ({
      at,
      status: status === "active" ? "inactive" : "active",
    }));
    return [...list, ...twins];
  });
  const database = await freshDatabase();
  try {
    await fc.assert(
      fc.asyncProperty(polls, fc.infiniteStream(fc.nat()), async (polls, random) => {
        const shuffled = polls.map((poll) => ({ poll, order: random.next().value }))
          .sort((a, b) => a.order - b.order).map(({ poll }) => poll);
        const at = shuffled.slice(0, 3).map((poll) => poll.at);
        const half = shuffled.length >> 1;
        const ascending = [...polls].sort((a, b) => a.at - b.at);
        const one = await answers(database.sql, ascending.map(alone), at);
        const many = await answers(database.sql, [together(shuffled)], at);
        const mixed = await answers(database.sql, [
          ...shuffled.slice(0, half).map(alone),
          ...(half < shuffled.length ? [together(shuffled.slice(half))] : []),
        ], at);
        for (const other of [many, mixed]) {
          assert.deepEqual(other.availability, one.availability);
          assert.deepEqual(other.chunks, one.chunks);
          assert.deepEqual(other.activity, one.activity);
          assert.equal(other.device?.reports, one.device?.reports);
          assert.equal(other.device?.lastAt, one.device?.lastAt);
        }
      }),
      { seed: 8, numRuns: 6 },
    );
  } finally {
    await database.close();
  }
});
