/** `./telltale evaluate failure` from outside, on machines of the test's own. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createRandom } from "../../../simulator/random.ts";
import { removeFolder, temporaryFolder } from "../../support/servers.ts";

const LAUNCHER = fileURLToPath(new URL("../../../telltale", import.meta.url));
const HOUR_MS = 3_600_000;
const START = Date.UTC(2015, 0, 1);

async function evaluate(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(LAUNCHER, {
    args: ["evaluate", "failure", ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

function moment(hour: number): string {
  return new Date(START + hour * HOUR_MS).toISOString().slice(0, 19).replace("T", " ");
}

/** Machines that fail each 100 hours or so, a day after an error and six hours after they shake. */
async function writeMachines(folder: string, ids: readonly number[], days: number): Promise<void> {
  const telemetry = ["datetime,machineID,volt,rotate,pressure,vibration"];
  const errors = ["datetime,machineID,errorID"];
  const failures = ["datetime,machineID,failure"];
  for (const id of ids) {
    const random = createRandom(`machine ${id}`);
    const isFailure = (hour: number) => hour % 97 === (13 * id) % 97 && hour > 48;
    for (let hour = 0; hour < 24 * days; hour++) {
      const shakes = [1, 2, 3, 4, 5, 6].some((ahead) => isFailure(hour + ahead));
      const values = [170, 450, 100, shakes ? 70 : 40].map((mean) =>
        random.normal(mean, 5).toFixed(2)
      );
      telemetry.push(`${moment(hour)},${id},${values.join(",")}`);
      if (isFailure(hour + 24)) errors.push(`${moment(hour)},${id},error1`);
      if (isFailure(hour)) failures.push(`${moment(hour)},${id},comp1`);
    }
  }
  const files = {
    "PdM_telemetry.csv": telemetry,
    "PdM_errors.csv": errors,
    "PdM_failures.csv": failures,
    "PdM_maint.csv": ["datetime,machineID,comp"],
    "PdM_machines.csv": ["machineID,model,age", ...ids.map((id) => `${id},model1,7`)],
  };
  await Deno.mkdir(folder);
  for (const [name, lines] of Object.entries(files)) {
    await Deno.writeTextFile(`${folder}/${name}`, [...lines, ""].join("\n"));
  }
}

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await temporaryFolder();
  try {
    await test(folder);
  } finally {
    await removeFolder(folder);
  }
}

Deno.test("evaluate failure learns from one folder, is judged by another, and scores anchors in their order", async () => {
  await withFolder(async (folder) => {
    await writeMachines(`${folder}/old`, [1, 2, 3, 4], 25);
    await writeMachines(`${folder}/new`, [5, 6], 65);
    // Machine 5 fails at hour 65 + 97 n, machine 6 at hour 78 + 97 n.
    const anchors = [["6", 78 + 97 - 2], ["5", 100], ["5", 65 + 97 - 1], ["6", 30]] as const;
    const rows = anchors.map(([machine, hour]) => `${moment(hour)},${machine}`);
    await Deno.writeTextFile(`${folder}/anchors.csv`, ["Timestamp,machine_id", ...rows].join("\n"));
    const { code, out, err } = await evaluate(
      ...["--data", `${folder}/new`, "--train", `${folder}/old`, "--trials", "0"],
      ...["--anchors", `${folder}/anchors.csv`, "--scores", `${folder}/scores.csv`],
      ...["--card", `${folder}/card.json`],
    );
    assert.equal(code, 0, err);
    const [header, ...lines] = (await Deno.readTextFile(`${folder}/scores.csv`)).trim().split("\n");
    assert.equal(header, "machineID,datetime,score");
    assert.deepEqual(
      lines.map((line) => line.split(",").slice(0, 2)),
      anchors.map(([machine, hour]) => [machine, moment(hour)]),
    );
    const [before = NaN, calm = NaN, right = NaN, early = NaN] = lines.map((line) =>
      Number(line.split(",")[2])
    );
    assert.ok(Math.min(before, right) > 0.5 && Math.max(calm, early) < 0.1, lines.join("\n"));

    assert.match(out, /^Learned from .*old: 4 machines/);
    for (const name of ["model", "model of telemetry alone", "one-line rule", "persistence"]) {
      assert.equal(out.split("\n").filter((line) => line.startsWith(`${name}  `)).length, 2, out);
    }
    assert.match(out, /new, contiguous machines: [\d,]+ rows, 4\.\d\d % of them/);
    assert.match(out, /Model, with a threshold that allows as many: 3[12] of 32 failures caught/);
    const card = JSON.parse(await Deno.readTextFile(`${folder}/card.json`));
    assert.equal(card.kind, "failure");
    assert.match(card.sha256, /^[0-9a-f]{64}$/);
    assert.ok(card.judged.data.prAuc > 0.9, `${card.judged.data.prAuc}`);
    assert.ok(card.judged.data.calibrationError < 0.02, `${card.judged.data.calibrationError}`);
  });
});

Deno.test("evaluate failure says in one line what is wrong with folders and anchors, and where", async () => {
  await withFolder(async (folder) => {
    await writeMachines(`${folder}/calm`, [1], 3);
    await writeMachines(`${folder}/blind`, [1], 3);
    await Deno.remove(`${folder}/blind/PdM_failures.csv`);
    await Deno.writeTextFile(
      `${folder}/anchors.csv`,
      "machineID,datetime\n\n9,2015-01-02 00:00:00\n",
    );
    await Deno.writeTextFile(`${folder}/when.csv`, "machineID,datetime\n1,soon\n");
    const scores = ["--scores", `${folder}/scores.csv`];
    for (
      const [args, expected] of [
        [["--data", `${folder}/none`], /Cannot read folder/],
        [["--data", `${folder}/blind`], /it has no PdM_failures\.csv; say --train DIR/],
        [["--data", `${folder}/calm`], /Cannot learn from 0 of \d+ rows before a failure/],
        [
          ["--data", `${folder}/calm`, "--anchors", `${folder}/anchors.csv`, ...scores],
          /anchors\.csv, line 3: machine "9" is not in/,
        ],
        [
          ["--data", `${folder}/calm`, "--anchors", `${folder}/when.csv`, ...scores],
          /when\.csv, line 2: expected a moment, found "soon"/,
        ],
      ] as const
    ) {
      const { code, err } = await evaluate(...args);
      assert.equal(code, 1, err);
      assert.match(err, expected);
      assert.equal(err.trim().split("\n").length, 1, err);
    }
  });
});

Deno.test("evaluate failure answers wrong usage, and --help with all it can do", async () => {
  for (
    const [args, expected] of [
      [["--train", "x"], /Say where the data is: --data DIR/],
      [["--data", "x", "--anchors", "y"], /Say both what to score and where to write it/],
      [["--trials", "many"], /Cannot use --trials "many": expected a whole number, 0 to 1000/],
      [["--what"], /what/],
    ] as const
  ) {
    const { code, err } = await evaluate(...args);
    assert.equal(code, 2);
    assert.match(err, expected);
  }
  const { code, out } = await evaluate("--help");
  assert.equal(code, 0);
  for (const option of ["--data", "--train", "--anchors", "--scores", "--card"]) {
    assert.ok(out.includes(`  ${option} `), option);
  }
});
