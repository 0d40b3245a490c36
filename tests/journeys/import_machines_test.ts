/** `./telltale import machines`, as a person calls it, beside a Telltale that runs. */
import assert from "node:assert/strict";
import type { Json } from "../../events/vocabulary.ts";
import { type Outcome, telltale as call } from "../audit/run.ts";
import { startMachineSource } from "../support/machine_source.ts";
import { removeFolder, temporaryFolder } from "../support/servers.ts";
import { startTelltale } from "../support/telltale.ts";

interface Stage {
  readonly folder: string;
  run(args: string[]): Promise<Outcome>;
  // deno-lint-ignore no-explicit-any -- JSON is any
  get(path: string): Promise<any>;
  /** How many events the log has. */
  events(): Promise<number>;
}

async function withTelltale(test: (stage: Stage) => Promise<void>): Promise<void> {
  const server = await startTelltale();
  const folder = await temporaryFolder();
  const env = { DATA_DIR: server.dataDir, NATS_URL: server.natsUrl };
  async function get(path: string) {
    const response = await fetch(`${server.url}${path}`);
    assert.equal(response.status, 200, path);
    return await response.json();
  }
  try {
    await test({
      folder,
      get,
      run: (args) => call(["import", "machines", ...args], env),
      events: async () => (await get("/api/v1/stats")).events,
    });
  } finally {
    await removeFolder(folder);
    await server.stop();
  }
}

const RATE = 2_560;
const DAYS = ["2026-01-30", "2026-01-31"];

function machine(id: string): Json {
  return { _id: id, machineName: `Pump ${id}`, customer: "Harbour", machineType: "Pump" };
}

/** Each axis of each day swings at a frequency of its own. */
function samples(hertz: number, count = 512): number[] {
  return Array.from({ length: count }, (_, i) => Math.sin(2 * Math.PI * hertz * i / RATE));
}

Deno.test("a plant's server is imported once, however it misbehaves, and one bad machine stops no other", () =>
  withTelltale(async ({ run, get, events }) => {
    const source = startMachineSource({
      machines: {
        [DAYS[0] ?? ""]: [machine("M1")],
        [DAYS[1] ?? ""]: [machine("M1"), { ...machine("M 2") }, machine("M3")],
      },
      bearings: { M1: [{ _id: "DE" }, { _id: "NDE" }], M3: [{ _id: "DE" }] },
      data({ machineId, bearingLocationId, Axis_Id, type }) {
        if (type === "ONLINE" || Axis_Id === "V-Axis") return undefined;
        const hertz = Axis_Id === "A-Axis" ? 40 : 80;
        const timestamp = bearingLocationId === "DE" ? "2026-01-29T08:00:00Z" : undefined;
        // Longer than a message on the bus.
        const count = machineId === "M3" ? 40_000 : 512;
        return { rawData: samples(hertz, count), SR: RATE, rpm: 1500, fMax: 1000, timestamp };
      },
    });
    try {
      source.fail("POST /Machine 2026-01-30", "error", 2);
      source.fail("GET /Bearing M1", "not-json", 1);
      source.fail("POST /Data M1 DE H-Axis", "slow", 1);
      source.fail("GET /Bearing M3", "gone", 1);
      const args = ["--source", source.url, "--date", "2026-01-31", "--backfill-days", "1"];
      const first = await run([...args, "--timeout", "1"]);
      assert.equal(first.code, 1, first.stderr);
      assert.match(first.stdout, /^8 readings: 4 new, 4 known already$/m);
      assert.match(first.stdout, /^2 could NOT be imported/m);
      assert.match(first.stdout, /machine M 2 of 2026-01-31: _id is "M 2"; expected/);
      assert.match(first.stdout, /machine M3 of 2026-01-31: GET \/Bearing\?machineId=M3: .* 410/);

      const readings = await get("/api/data/query?machine_id=M1");
      const shown = readings.map((reading: Json) => [
        reading.bearingId,
        reading.Axis_Id,
        reading.timestamp,
        Math.round((reading.fftData as { dominantFrequency: number }).dominantFrequency),
      ]);
      assert.deepEqual(shown.sort(), [
        ["DE", "A-Axis", "2026-01-29T08:00:00.000Z", 40],
        ["DE", "H-Axis", "2026-01-29T08:00:00.000Z", 80],
        // Without a time of their own they are of the first day that showed them.
        ["NDE", "A-Axis", "2026-01-30T00:00:00.000Z", 40],
        ["NDE", "H-Axis", "2026-01-30T00:00:00.000Z", 80],
      ]);

      const second = await run(args);
      assert.match(second.stdout, /: 2 new, /);
      const [long] = await get("/api/data/query?machine_id=M3&limit=1");
      assert.ok(Math.abs(long.acceleration.rms - Math.SQRT1_2) < 1e-3);
      assert.equal((await get("/api/machines/M1")).customer, "Harbour");

      const before = await events();
      const third = await run(args);
      assert.match(third.stdout, /^0 machines and bearings new or changed$/m);
      assert.match(third.stdout, /: 0 new, /);
      assert.equal(await events(), before);
    } finally {
      await source.close();
    }
  }));

Deno.test("a folder of CSV and NDJSON is imported once; wrong rows are named and harm no other", () =>
  withTelltale(async ({ run, get, events, folder }) => {
    const machines = `_id,machineName,customer\nM1,Pump,Harbour\nnot an id,x,y\n`;
    await Deno.writeTextFile(`${folder}/machines.csv`, machines);
    const bearing = { _id: "DE", machineId: "M1", bearingType: "6205" };
    await Deno.writeTextFile(`${folder}/bearings.ndjson`, `${JSON.stringify(bearing)}\n{\n`);
    const readings = [
      "machineId,bearingId,timestamp,status,velocity.rms,temperature",
      "M1,DE,2026-01-30T10:00:00Z,Alert,3.5,40",
      "M1,DE,2026-01-31T10:00:00Z,Normal,1.5,",
      "M1,DE,,Normal,1.5,",
      "M1,DE,2026-01-31T11:00:00Z,Purple,1.5,",
    ];
    await Deno.writeTextFile(`${folder}/readings.csv`, readings.join("\r\n"));
    const first = await run(["--source", folder]);
    assert.equal(first.code, 1, first.stderr);
    assert.match(first.stdout, /^2 machines and bearings new or changed\n2 readings: 2 new/m);
    for (
      const line of [
        /machines\.csv, line 3: _id is "not an id"/,
        /bearings\.ndjson, line 2: it is not JSON/,
        /readings\.csv, line 4: it has no timestamp/,
        /readings\.csv, line 5: status: /,
      ]
    ) assert.match(first.stdout, line);
    const shown = await get("/api/data/query?machine_id=M1");
    assert.deepEqual(
      shown.map(({ timestamp, status, velocity }: Json) => [
        timestamp,
        status,
        (velocity as Json).rms,
      ]),
      [["2026-01-31T10:00:00.000Z", "Normal", 1.5], ["2026-01-30T10:00:00.000Z", "Alert", 3.5]],
    );
    const before = await events();
    assert.match((await run(["--source", folder])).stdout, /: 0 new, 2 known already/);
    assert.equal(await events(), before);

    const none = await run(["--source", `${folder}/nothing`]);
    assert.deepEqual([none.code, none.stderr.includes("there is no such folder")], [1, true]);
    assert.equal((await run(["--source", folder, "--date", "soon"])).code, 2);
  }));
