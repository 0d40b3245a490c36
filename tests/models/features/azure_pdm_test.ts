import assert from "node:assert/strict";
import fc from "fast-check";
import { readAnchors, readMachines } from "../../../commands/evaluate/azure_pdm_data.ts";
import {
  COMPONENTS,
  ERRORS,
  type Logged,
  type Machine,
  oneLineRule,
  PDM_FEATURE_NAMES,
  pdmFeatures,
  pdmLabel,
  pdmRows,
} from "../../../models/features/azure_pdm.ts";
import { dataFolder, skipped } from "../../support/data.ts";

const HOUR_MS = 3_600_000;
const START = Date.UTC(2015, 0, 1);
const HOURS = 120;

function logOf(words: readonly string[]): fc.Arbitrary<Logged[]> {
  const logged = fc.record({
    at: fc.nat(HOURS).map((hour) => START + hour * HOUR_MS),
    what: fc.constantFrom(...words),
  });
  return fc.array(logged, { maxLength: 20 }).map((log) => log.toSorted((a, b) => a.at - b.at));
}

const machines: fc.Arbitrary<Machine> = fc.record({
  id: fc.constant("1"),
  model: fc.constantFrom("model1", "model4"),
  age: fc.nat(20),
  readings: fc.array(fc.option(fc.tuple(...Array(4).fill(fc.nat(500))), { freq: 5 }), {
    minLength: HOURS,
    maxLength: HOURS,
  }),
  errors: logOf(ERRORS),
  failures: logOf(COMPONENTS),
  maintenance: logOf(COMPONENTS),
}).map(({ readings, ...rest }) => {
  const rows = readings.flatMap((values, hour) =>
    values ? [{ at: START + hour * HOUR_MS, values }] : []
  );
  return {
    ...rest,
    times: Float64Array.from(rows, ({ at }) => at),
    telemetry: Float64Array.from(rows.flatMap(({ values }) => values)),
  };
});
const moments = fc.nat(HOURS).map((hour) => START + hour * HOUR_MS);

/** The machine as it was known right before a moment, and then something else. */
function otherwiseFrom(machine: Machine, at: number): Machine {
  const known = machine.times.filter((time) => time < at).length;
  const otherwise = (log: readonly Logged[], words: readonly string[]) => [
    ...log.filter((logged) => logged.at < at),
    ...words.map((what) => ({ at, what })),
  ];
  return {
    ...machine,
    telemetry: machine.telemetry.map((value, index) => index < 4 * known ? value : -9 - value),
    errors: otherwise(machine.errors, ERRORS),
    failures: otherwise(machine.failures, COMPONENTS),
    maintenance: otherwise(machine.maintenance, COMPONENTS),
  };
}

function shifted(machine: Machine, byMs: number): Machine {
  const log = (logged: readonly Logged[]) =>
    logged.map(({ at, what }) => ({ at: at + byMs, what }));
  return {
    ...machine,
    times: machine.times.map((at) => at + byMs),
    errors: log(machine.errors),
    failures: log(machine.failures),
    maintenance: log(machine.maintenance),
  };
}

Deno.test("features of a machine know nothing of the moment itself, nor of what comes after", () => {
  fc.assert(fc.property(machines, moments, (machine, at) => {
    assert.deepEqual([...pdmFeatures(otherwiseFrom(machine, at), at)], [
      ...pdmFeatures(machine, at),
    ]);
  }));
});

Deno.test("features of a machine know no hour of day", () => {
  fc.assert(fc.property(machines, moments, fc.integer(), (machine, at, hours) => {
    const byMs = hours % 1000 * HOUR_MS;
    assert.deepEqual([...pdmFeatures(shifted(machine, byMs), at + byMs)], [
      ...pdmFeatures(machine, at),
    ]);
  }));
});

Deno.test("a machine's label is yes in the four hours before a failure, not at it", () => {
  const at = START + 50 * HOUR_MS;
  const machine: Machine = {
    id: "1",
    model: "model1",
    age: 3,
    times: Float64Array.from({ length: HOURS }, (_, hour) => START + hour * HOUR_MS),
    telemetry: new Float64Array(4 * HOURS).fill(7),
    errors: [{ at: at - 24 * HOUR_MS, what: "error1" }],
    failures: [{ at, what: "comp1" }],
    maintenance: [{ at, what: "comp1" }],
  };
  const positive = [-5, -4, -3, -2, -1, 0].filter((hour) => pdmLabel(machine, at + hour * HOUR_MS));
  assert.deepEqual(positive, [-4, -3, -2, -1]);

  const row = pdmFeatures(machine, at - HOUR_MS);
  const value = (name: string) => row[PDM_FEATURE_NAMES.indexOf(name)];
  assert.equal(value("hours_since_error1"), 23);
  assert.equal(value("error1_24h"), 1);
  assert.ok(Number.isNaN(value("days_since_comp1")), "maintenance is logged with the failure");
  assert.equal(value("volt_mean_24h"), 7);
  assert.equal(value("volt_sd_24h"), 0);
  assert.equal(value("volt_slope_24h"), 0);
  // At two in the morning of the second day the error says nothing to the rule.
  assert.equal(oneLineRule(machine, at - HOUR_MS), false);
  assert.equal(oneLineRule(shifted(machine, 4 * HOUR_MS), at + 3 * HOUR_MS), true);
});

const FOLDER = "failures/azure_pdm";

Deno.test("of the real set, the rule and the base rate are what they are known to be", async () => {
  const folder = await dataFolder(FOLDER);
  if (folder === undefined) return skipped(FOLDER);
  const { machines, failuresKnown } = await readMachines(folder);
  assert.ok(failuresKnown);
  const { labels, rule, contiguous, persistence } = pdmRows(machines);
  const rows = [...labels.keys()].filter((row) => contiguous[row]);
  const count = (is: (row: number) => unknown) => rows.filter(is).length;
  assert.ok(Math.abs(count((row) => labels[row]) / rows.length - 0.0033) < 0.0002);
  assert.equal(count((row) => labels[row] && !rule[row]), 0, "the rule catches every failure");
  const precision = count((row) => labels[row] && rule[row]) / count((row) => rule[row]);
  assert.ok(precision > 0.8 && precision < 0.95, `precision ${precision}`);
  assert.equal(count((row) => persistence[row] && labels[row]), 0, "failures do not come in rows");
});

Deno.test("what cannot be read in a folder of machines is named with its file and line", async () => {
  const folder = await Deno.makeTempDir();
  const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}`, text);
  try {
    await assert.rejects(readMachines(folder), /it has no PdM_telemetry\.csv/);
    await write("PdM_telemetry.csv", "datetime,machineID,volt,rotate,pressure,vibration\n");
    await write("PdM_machines.csv", "machineID,model,age\n1,model1,18\n");
    await write("PdM_errors.csv", "datetime,machineID,errorID\n2015-01-03 07:00:00,1,error9\n");
    await assert.rejects(readMachines(folder), /PdM_errors\.csv, line 2: .* found "error9"/);
    await write("PdM_errors.csv", "datetime,machineID,errorID\n2015-01-03 07:00:00,2,error1\n");
    await assert.rejects(readMachines(folder), /line 2: machine "2" is not in/);
    await write("PdM_errors.csv", "datetime,machineID,errorID\n");
    await assert.rejects(readMachines(folder), /PdM_maint\.csv/);
    await write("PdM_maint.csv", "datetime,machineID,comp\n");
    const { machines, failuresKnown } = await readMachines(folder);
    assert.deepEqual(machines.map(({ id, model, age }) => [id, model, age]), [["1", "model1", 18]]);
    assert.equal(failuresKnown, false);
    await write("PdM_failures.csv", "datetime,machine\n");
    await assert.rejects(readMachines(folder), /no column machineID, failure/);
    await write("anchors.csv", "Timestamp,label,machine_id\n2015-01-03 07:00:00,?,1\n");
    assert.deepEqual(await readAnchors(`${folder}/anchors.csv`), [
      { machine: "1", at: Date.UTC(2015, 0, 3, 7), timestamp: "2015-01-03 07:00:00", line: 2 },
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
