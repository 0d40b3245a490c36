/** The projector from outside: what is committed can be asked for soon, and one failure stays one. */
import assert from "node:assert/strict";
import { activity } from "../../projections/activity.ts";
import { devices } from "../../projections/devices.ts";
import type { Projection } from "../../projections/projection.ts";
import type { Problem } from "../../projections/follower.ts";
import { startProjector } from "../../projections/projector.ts";
import { rebuild } from "../../projections/rebuild.ts";
import { vibration } from "../../projections/vibration.ts";
import { type FreshDatabase, freshDatabase } from "../support/servers.ts";
import { appendToLog, createRecorder, type Fact } from "./log.ts";

const START = Date.UTC(2026, 4, 1);

function report(i: number): Fact {
  return {
    stream: `sensor-${i % 7}`,
    type: "ReadingReported",
    data: { value: i },
    occurredAt: START + i * 1000,
  };
}

async function withDatabase(test: (database: FreshDatabase) => Promise<void>): Promise<void> {
  const database = await freshDatabase();
  try {
    await database.sql`insert into partitions (partition) values (0)`;
    await test(database);
  } finally {
    await database.close();
  }
}

const plain = [devices, activity] as readonly Projection[];

/** Activity that cannot stand one event. */
function poisoned(offset: number): Projection {
  return {
    ...activity as Projection,
    fold(row, event, key) {
      if (event.offset === offset) throw new Error("no reading is that odd");
      return (activity as Projection).fold(row, event, key);
    },
  };
}

Deno.test("a lone event can be asked for within a moment, and a waiter need not poll", () =>
  withDatabase(async ({ sql }) => {
    const record = createRecorder();
    const projector = await startProjector({ sql, projections: plain, partitions: [0] });
    for (let i = 0; i < 3; i++) {
      // Longer than the interval between flushes: the projector is idle.
      await new Promise((resolve) => setTimeout(resolve, 300));
      const events = record(0, [report(i)]);
      await appendToLog(sql, events);
      const offered = performance.now();
      projector.offer(events);
      assert.equal(await projector.waitFor(new Map([[0, i + 1]]), 5_000), true);
      assert.ok(performance.now() - offered < 200, `took ${performance.now() - offered} ms`);
    }
    assert.equal(await projector.waitFor(new Map([[0, 99]]), 50), false);
    assert.deepEqual([...projector.lag()], [["devices", 0], ["activity", 0]]);
    await projector.stop();
  }));

Deno.test("a projection that cannot apply an event stops and says which, and the others go on", () =>
  withDatabase(async ({ sql }) => {
    const problems: Problem[] = [];
    const events = createRecorder()(0, Array.from({ length: 3_000 }, (_, i) => report(i)));
    const projector = await startProjector({
      sql,
      projections: [devices as Projection, poisoned(1_500)],
      partitions: [0],
      onProblem: (problem) => problems.push(problem),
    });
    await appendToLog(sql, events);
    projector.offer(events);
    assert.equal(await projector.waitFor(new Map([[0, 3_000]]), 5_000), true);
    while (projector.errors().size === 0) await new Promise((resolve) => setTimeout(resolve, 10));

    const message = 'Projection "activity" cannot apply event ReadingReported at offset 1500 ' +
      "of partition 0: no reading is that odd";
    assert.deepEqual([...projector.errors()], [["activity", message]]);
    assert.deepEqual(problems, [{ projection: "activity", message, stopped: true }]);
    const [row] = await sql`select sum(reports)::bigint as n from devices`;
    assert.equal(row?.n, 3_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const [stored] = await sql`select error from projections where name = 'activity'`;
    assert.equal(stored?.error, message);

    // Another process with the right code rebuilds it: this one goes on behind the bad event.
    await rebuild(sql, activity as Projection);
    const until = Date.now() + 5_000;
    while (projector.errors().size > 0 && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual([...projector.errors()], []);
    await projector.stop();
    const [count] = await sql`select count from activity where bucket = 'ever'`;
    assert.equal(count?.count, 3_000);
  }));

Deno.test("events nobody offered are read from the log, and two projectors never count one twice", () =>
  withDatabase(async ({ sql, connect }) => {
    const record = createRecorder();
    const second = connect("second");
    const one = await startProjector({ sql, projections: plain, partitions: [0] });
    const two = await startProjector({ sql: second, projections: plain, partitions: [0] });
    for (let from = 0; from < 12_000; from += 1_000) {
      const events = record(0, Array.from({ length: 1_000 }, (_, i) => report(from + i)));
      await appendToLog(sql, events);
      // Each hears of some batches only.
      if (from % 2_000 === 0) one.offer(events);
      if (from % 3_000 === 0 || from === 11_000) two.offer(events);
    }
    assert.equal(await two.waitFor(new Map([[0, 12_000]]), 15_000), true);
    await Promise.all([one.stop(), two.stop()]);
    const [row] = await sql`select sum(reports)::bigint as n from devices`;
    assert.equal(row?.n, 12_000);
    await second.end();
  }));

Deno.test("two projectors that both write rows nobody may write twice: each is there once, neither stops", () =>
  withDatabase(async ({ sql, connect }) => {
    const record = createRecorder();
    const second = connect("second");
    const problems: Problem[] = [];
    const started = [sql, second].map((sql) =>
      startProjector({
        sql,
        projections: [vibration as Projection],
        partitions: [0],
        onProblem: (problem) => problems.push(problem),
      })
    );
    const both = await Promise.all(started);
    for (let from = 0; from < 6_000; from += 500) {
      const readings = Array.from({ length: 500 }, (_, i): Fact => ({
        stream: `machine-${i % 5}`,
        type: "VibrationReported",
        data: { bearingId: "DE", Axis_Id: "a\tb\\", velocity: { rms: from + i } },
        occurredAt: START + (from + i) * 1000,
      }));
      const events = record(0, readings);
      await appendToLog(sql, events);
      for (const projector of both) projector.offer(events);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    for (const projector of both) {
      assert.equal(await projector.waitFor(new Map([[0, 6_000]]), 15_000), true);
      assert.deepEqual([...projector.errors()], []);
      await projector.stop();
    }
    assert.deepEqual(problems, []);
    const [row] = await sql`
      select count(*) as n, sum(velocity_rms)::bigint as sum, min(axis) as axis from vibration`;
    assert.deepEqual({ ...row }, { n: 6_000, sum: 5_999 * 3_000, axis: "a\tb\\" });
    await second.end();
  }));
