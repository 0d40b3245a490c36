import assert from "node:assert/strict";
import { bearingAssessments, listHealthPoints } from "../../projections/bearing_assessments.ts";
import { forgetOld, KEPT_BY_DEFAULT } from "../../projections/retention.ts";
import { rebuildAll } from "../../projections/rebuild.ts";
import { listVibration, vibration } from "../../projections/vibration.ts";
import { countStatuses } from "../../projections/vibration_counts.ts";
import { appendToLog, createRecorder, type Fact } from "../projections/log.ts";
import { projections } from "../../projections/mod.ts";
import { freshDatabase } from "../support/servers.ts";

const DAY = 86_400_000;
const START = Date.UTC(2025, 0, 1);

function reading(machine: string, day: number): Fact {
  return {
    stream: `machine-${machine}`,
    type: "VibrationReported",
    data: { bearingId: "DE", status: "Alert" },
    occurredAt: START + day * DAY,
  };
}

function assessment(machine: string, day: number): Fact {
  const data = { part: "DE", toLearn: 0, index: 0, growth: 1, alarm: false, probability: null };
  return { ...reading(machine, day), type: "BearingAssessed", data };
}

Deno.test("points of a bearing's health are let go as its readings are", async () => {
  const { sql, close } = await freshDatabase();
  try {
    await sql`insert into partitions (partition) values (0)`;
    const facts = [assessment("A", 0), assessment("A", 5), assessment("B", 0), assessment("A", 11)];
    await appendToLog(sql, createRecorder()(0, facts));
    await rebuildAll(sql, projections);
    const keep = { ...KEPT_BY_DEFAULT, readingDays: 7 };
    assert.equal(await forgetOld(sql, bearingAssessments, "bearing_assessments", keep), 1);
    const range = { part: "DE", from: 0, to: START + 100 * DAY, limit: 10 };
    const days = async (machineId: string) =>
      (await listHealthPoints(sql, { machineId, ...range })).map(({ at }) => (at - START) / DAY);
    assert.deepEqual([await days("A"), await days("B")], [[5, 11], [0]]);
  } finally {
    await close();
  }
});

Deno.test("readings long before their machine's newest are let go; what they were counts on", async () => {
  const { sql, close } = await freshDatabase();
  try {
    await sql`insert into partitions (partition) values (0)`;
    const facts = [reading("A", 0), reading("A", 5), reading("B", 0), reading("A", 11)];
    await appendToLog(sql, createRecorder()(0, facts));
    await rebuildAll(sql, projections);
    const keep = { ...KEPT_BY_DEFAULT, readingDays: 7 };
    assert.equal(await forgetOld(sql, vibration, "vibration", keep), 1);
    const left = await listVibration(sql, { limit: 10 });
    assert.deepEqual(left.map(({ stream, at }) => [stream, (at - START) / DAY]), [
      ["machine-A", 11],
      ["machine-A", 5],
      ["machine-B", 0],
    ]);
    assert.equal((await countStatuses(sql, {})).total, 4);
  } finally {
    await close();
  }
});
