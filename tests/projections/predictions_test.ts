/** What was foretold and what came of it, asked of small histories told in full. */
import assert from "node:assert/strict";
import type { Sql } from "../../events/log/database.ts";
import { formatInstant } from "../../events/instant.ts";
import { CursorError } from "../../projections/cursor.ts";
import { getMaintenance, listMaintenance } from "../../projections/maintenance.ts";
import { projections } from "../../projections/mod.ts";
import { getPrediction, listPredictions } from "../../projections/predictions.ts";
import { rebuildAll } from "../../projections/rebuild.ts";
import { listScores } from "../../projections/risk_scores.ts";
import { currentRisks, highestRisks } from "../../projections/risks.ts";
import { freshDatabase } from "../support/servers.ts";
import { FACTORS, MODEL, tellerOf } from "./foretold.ts";
import { appendToLog, createRecorder, type Fact } from "./log.ts";

const START = Date.UTC(2026, 4, 1, 12);
const HOUR = 3_600_000;
const A = tellerOf("atm", "A", START);
const B = tellerOf("atm", "B", START);
const BEARING = tellerOf("machine", "M-1", START, "DE");

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

function order(type: string, hours: number, data: Fact["data"], stream = "atm-A"): Fact {
  return { stream, type, data, occurredAt: START + hours * HOUR };
}

Deno.test("a prediction is kept with its reasons, what was recommended and what came of it", () =>
  given([
    ...A.predicted(0, "atm-A.1"),
    A.recommended(0, "atm-A.1"),
    A.cleared(5, "atm-A.1", "failed"),
    A.hit(5, "atm-A.1", 0, 3),
  ], async (sql) => {
    assert.deepEqual(await getPrediction(sql, "atm-A.1"), {
      prediction: "atm-A.1",
      stream: "atm-A",
      part: "",
      at: START,
      model: MODEL,
      claim: {
        probability: 0.7,
        horizonHours: 4,
        threshold: 0.5,
        factors: FACTORS,
        remaining: null,
      },
      action: "Look at the dispenser",
      actBy: START + 4 * HOUR,
      clearedAt: START + 5 * HOUR,
      why: "failed",
      outcome: "hit",
      leadTimeHours: 3,
      failureAt: START + 3 * HOUR,
      code: "E002",
    });
    assert.equal(await getPrediction(sql, "atm-A.2"), undefined);
  }));

Deno.test("predictions are listed newest first, by state, outcome and device; misses only by name", () =>
  given([
    ...A.predicted(0, "atm-A.1"),
    A.cleared(1, "atm-A.1", "risk-fell"),
    A.judged(8, "atm-A.1", "false-alarm"),
    ...A.predicted(9, "atm-A.2"),
    B.scored(5, 0.1),
    B.missed(9, 6),
    ...B.predicted(10, "atm-B.1"),
    ...BEARING.predicted(11, "machine-M-1.1"),
    BEARING.cleared(12, "machine-M-1.1", "serviced"),
    BEARING.judged(12, "machine-M-1.1", "serviced"),
  ], async (sql) => {
    const found = async (query: Partial<Parameters<typeof listPredictions>[1]>) => {
      const page = await listPredictions(sql, { limit: 10, ...query });
      return page.predictions.map(({ prediction }) => prediction);
    };
    assert.deepEqual(await found({}), ["machine-M-1.1", "atm-B.1", "atm-A.2", "atm-A.1"]);
    assert.deepEqual(await found({ state: "open" }), ["atm-B.1", "atm-A.2"]);
    assert.deepEqual(await found({ state: "cleared", kind: "atm" }), ["atm-A.1"]);
    assert.deepEqual(await found({ kind: "atm", id: "A" }), ["atm-A.2", "atm-A.1"]);
    assert.deepEqual(await found({ outcome: "undecided" }), ["atm-B.1", "atm-A.2"]);
    assert.deepEqual(await found({ outcome: "false-alarm" }), ["atm-A.1"]);
    assert.deepEqual(await found({ model: "another" }), []);
    assert.deepEqual(await found({ from: START + HOUR, to: START + 10 * HOUR }), ["atm-A.2"]);
    const { predictions: [missed], next } = await listPredictions(sql, {
      outcome: "miss",
      limit: 1,
    });
    assert.deepEqual([missed?.stream, missed?.at, missed?.claim, missed?.code, next], [
      "atm-B",
      START + 6 * HOUR,
      null,
      "E007",
      undefined,
    ]);
    const first = await listPredictions(sql, { limit: 3 });
    const rest = await listPredictions(sql, { limit: 3, cursor: first.next });
    assert.deepEqual(rest.predictions.map(({ prediction }) => prediction), ["atm-A.1"]);
    await assert.rejects(() => listPredictions(sql, { limit: 1, cursor: "x" }), CursorError);
  }));

Deno.test("the highest risks are those of devices whose latest score still says something", () =>
  given([
    A.scored(0, 0.2),
    A.scored(1, 0.9),
    ...B.predicted(1, "atm-B.1", 0.95),
    B.cleared(2, "atm-B.1", "serviced"),
    tellerOf("atm", "C", START).scored(1, 0.5),
    tellerOf("atm", "D", START).scored(1, 0.92),
    tellerOf("atm", "D", START).missed(1.9, 1.5),
    BEARING.scored(1, 0.8),
  ], async (sql) => {
    const ask = async (now: number, kind?: string) => {
      const rows = await highestRisks(sql, { threshold: 0.5, limit: 9, now: START + now, kind });
      return rows.map(({ stream, probability }) => [stream, probability]);
    };
    const others = [["machine-M-1", 0.8], ["atm-C", 0.5]];
    assert.deepEqual(await ask(2 * HOUR), [["atm-A", 0.9], ...others]);
    assert.deepEqual(await ask(2 * HOUR, "machine"), [["machine-M-1", 0.8]]);
    assert.deepEqual(await ask(1.5 * HOUR, "store"), []);
    assert.deepEqual(await ask(5 * HOUR), [], "the horizon of all is over");
    const [risk] = await currentRisks(sql, "machine", "M-1", START + 2 * HOUR);
    assert.deepEqual([risk?.part, risk?.at, risk?.model], ["DE", START + HOUR, MODEL]);
  }));

Deno.test("scores of a device are told over days, parts and models, the newest where there are many", () => {
  const other = tellerOf("machine", "M-1", START, "NDE");
  const hours = Array.from({ length: 60 }, (_, i) => i * 6);
  return given(
    hours.flatMap((at, i) => [
      BEARING.scored(at, i / 100, i < 30 ? "old" : "new"),
      other.scored(at, 0.5),
    ]),
    async (sql) => {
      const query = { kind: "machine", id: "M-1", from: START, to: START + 400 * HOUR };
      const all = await listScores(sql, { ...query, limit: 1_000 });
      assert.equal(all.length, 120);
      assert.deepEqual(all[59], {
        at: START + 29 * 6 * HOUR,
        part: "NDE",
        probability: 0.5,
        model: MODEL,
      });
      const drive = await listScores(sql, { ...query, part: "DE", limit: 1_000 });
      assert.deepEqual(drive.map(({ probability }) => probability), hours.map((_, i) => i / 100));
      assert.deepEqual([drive[29]?.model, drive[30]?.model], ["old", "new"]);
      assert.deepEqual(await listScores(sql, { ...query, part: "DE", limit: 7 }), drive.slice(-7));
      const range = { ...query, from: START + 6 * HOUR, to: START + 12 * HOUR };
      assert.deepEqual((await listScores(sql, { ...range, limit: 9 })).map(({ part }) => part), [
        "DE",
        "NDE",
      ]);
      assert.deepEqual(await listScores(sql, { ...query, id: "nobody", limit: 9 }), []);
    },
  );
});

Deno.test("what was recommended is closed by what happens, what a person scheduled stays", () => {
  const scheduled = {
    entry: "atm-A.2",
    action: "Change the dispenser",
    scheduledFor: formatInstant(START + 30 * HOUR),
    assignee: "Ann",
    by: "desk",
  };
  return given([
    ...A.predicted(0, "atm-A.1"),
    A.recommended(0, "atm-A.1"),
    A.cleared(1, "atm-A.1", "risk-fell"),
    A.judged(8, "atm-A.1", "false-alarm"),
    ...A.predicted(9, "atm-A.2"),
    A.recommended(9, "atm-A.2"),
    order("MaintenanceScheduled", 10, scheduled),
    A.cleared(13, "atm-A.2", "expired"),
    A.judged(17, "atm-A.2", "false-alarm"),
    order("MaintenanceScheduled", 18, {
      ...scheduled,
      entry: "own",
      dueBy: scheduled.scheduledFor,
    }),
    order("MaintenanceDone", 19, { entry: "own", note: "done well", by: "Ann" }),
    ...A.predicted(20, "atm-A.3"),
    A.recommended(20, "atm-A.3"),
    A.cleared(24, "atm-A.3", "failed"),
    A.hit(24, "atm-A.3", 20, 22),
    B.scored(20, 0.1),
    B.missed(24, 22),
    order("MaintenanceCancelled", 25, { entry: "atm-A.2", by: "B's" }, "atm-B"),
  ], async (sql) => {
    const of = async (entry: string) => {
      const found = await getMaintenance(sql, entry);
      return [found?.state, found?.why, found?.outcome, found?.closedAt];
    };
    const at = (hours: number) => START + hours * HOUR;
    assert.deepEqual(await of("atm-A.1"), ["closed", "risk-fell", "false-alarm", at(1)]);
    assert.deepEqual(await of("atm-A.2"), ["scheduled", null, "false-alarm", null]);
    assert.deepEqual(await of("own"), ["done", "Ann", null, at(19)]);
    assert.deepEqual(await of("atm-A.3"), ["closed", "hit", "hit", at(24)]);
    const others = await listMaintenance(sql, { kind: "atm", id: "B", limit: 5 });
    assert.deepEqual(others.entries.map(({ state }) => state), ["cancelled"]);
    const open = await listMaintenance(sql, { state: "open", limit: 5 });
    assert.deepEqual(open.entries, [{
      entry: "atm-A.2",
      stream: "atm-A",
      part: "",
      state: "scheduled",
      action: "Change the dispenser",
      dueBy: at(13),
      scheduledFor: at(30),
      assignee: "Ann",
      note: null,
      prediction: "atm-A.2",
      outcome: "false-alarm",
      openedAt: at(9),
      closedAt: null,
      why: null,
    }]);
    const own = { kind: "atm", id: "A", limit: 3 };
    const first = await listMaintenance(sql, own);
    const rest = await listMaintenance(sql, { ...own, cursor: first.next });
    assert.deepEqual([first.entries.length, rest.entries[0]?.entry, rest.next], [
      3,
      "atm-A.1",
      undefined,
    ]);
  });
});
