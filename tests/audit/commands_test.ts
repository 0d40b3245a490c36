/** verify, replay and rebuild as commands, on a log at rest: what they print and how they exit. */
import assert from "node:assert/strict";
import { formatInstant } from "../../events/instant.ts";
import type { Sql } from "../../events/log/database.ts";
import { migrate } from "../../migrations/migrate.ts";
import { projections } from "../../projections/mod.ts";
import { provideDatabase } from "../../services/mod.ts";
import { writeLog } from "../log/scribe.ts";
import { removeFolder, temporaryFolder } from "../support/servers.ts";
import { telltale } from "./run.ts";

Deno.test("the audit commands on a log at rest", async (t) => {
  const dataDir = await temporaryFolder();
  const env = { DATA_DIR: dataDir };

  /** Starts the folder's database, as nobody does meanwhile, and stops it again. */
  async function withDatabase(work: (sql: Sql) => Promise<void>): Promise<void> {
    const database = await provideDatabase({ dataDir, databaseUrl: undefined });
    const sql = database.connect("test");
    try {
      await work(sql);
    } finally {
      await sql.end({ timeout: 5 });
      await database.stop();
    }
  }

  try {
    await withDatabase(async (sql) => {
      await migrate(sql);
      await writeLog(sql);
    });

    let witness = "";
    await t.step("verify proves it whole, and prints a hash to write down", async () => {
      const { code, stdout } = await telltale(["verify"], env);
      assert.equal(code, 0, stdout);
      assert.match(stdout, /^15 events of 3 streams in 9 batches/);
      assert.match(stdout, /The log is whole\./);
      assert.match(stdout, /Messages 1 to 24 of the broker's history 0/);
      witness = /^ {2}(0:9:[0-9a-f]{64})$/m.exec(stdout)?.[1] ?? "";
      assert.notEqual(witness, "");
    });

    await t.step("verify holds the log against a hash written down", async () => {
      assert.equal((await telltale(["verify", "--witness", witness], env)).code, 0);
      const other = witness.slice(0, -1) + (witness.endsWith("0") ? "1" : "0");
      const { code, stdout } = await telltale(["verify", "--witness", other], env);
      assert.equal(code, 1);
      assert.match(stdout, /witness-differs: Partition 0, batch 9/);
    });

    await t.step("replay tells the story of a stream and its state", async () => {
      const { code, stdout, stderr } = await telltale(["replay", "--stream", "atm-ATM-1"], env);
      assert.equal(code, 0, stderr);
      const lines = stdout.split("\n");
      assert.match(
        lines[0] ?? "",
        /^ {5}0 {2}2026-05-01T12:00:00\.\S+Z {2}DeviceRegistered .*kind=atm/,
      );
      assert.equal(lines.filter((line) => line.includes("TelemetryReported")).length, 6);
      assert.match(stdout, /^State of atm-ATM-1 at version 7, as of 2026-05-01T12:00:08/m);
    });

    await t.step("replay stops at a moment, by the order of recording", async () => {
      const to = formatInstant(Date.UTC(2026, 4, 1, 12, 0, 2, 500));
      const { stdout } = await telltale(
        ["replay", "--stream", "atm-ATM-1", "--to", to, "--json", "--limit", "2"],
        env,
      );
      const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
      assert.deepEqual(lines.map(({ version }) => version), [2, 3, 3]);
      assert.equal(lines[1].data.note, 'a\tb\n"c" \\ d é 漢 🏧');
      assert.ok(lines[2].state);
    });

    await t.step("replay of a stream that is not there names the near ones", async () => {
      const { code, stderr } = await telltale(["replay", "--stream", "atm-ATM-l"], env);
      assert.equal(code, 1);
      assert.match(stderr, /^telltale: Cannot replay "atm-ATM-l": .* nearest are atm-ATM-1/);
    });

    await t.step("replay before anything happened says so", async () => {
      const { code, stderr } = await telltale(
        ["replay", "--stream", "store-9999", "--to", "2020-01-01"],
        env,
      );
      assert.equal(code, 1);
      assert.match(stderr, /nothing was recorded of it by 2020-01-01T00:00:00\.000Z/);
    });

    await t.step("rebuild lists what there is to rebuild", async () => {
      const { code, stdout } = await telltale(["rebuild", "--list"], env);
      assert.equal(code, 0);
      for (const { name } of projections) assert.ok(stdout.includes(name), name);
    });

    await t.step("rebuild all folds the whole log", async () => {
      const { code, stdout, stderr } = await telltale(["rebuild", "all"], env);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^Rebuilt .* from 15 events/);
    });

    await t.step("wrong usage is exit code 2, with what was expected", async () => {
      for (
        const [args, expected] of [
          [["verify", "--witness", "0:9"], /expected PARTITION:BATCH:HASH/],
          [["verify", "--fast"], /--fast/],
          [["replay"], /--stream/],
          [["replay", "--stream", "atm-1", "--to", "soon"], /expected an ISO 8601 instant/],
          [["replay", "--stream", "atm-1", "--limit", "-1"], /limit/],
          [["rebuild"], /all, or one of/],
          [["rebuild", "everything"], /no such projection/],
        ] as const
      ) {
        const { code, stdout, stderr } = await telltale(args, env);
        assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
        assert.match(stderr, expected);
        assert.equal(stdout, "");
      }
    });

    await t.step("verify names the place of a change, and exits with 1", async () => {
      await withDatabase(async (sql) => {
        await sql`delete from events where "offset" = 6`;
      });
      const { code, stdout } = await telltale(["verify"], env);
      assert.equal(code, 1);
      assert.match(stdout, /event-missing: Partition 0, offset 6/);
      assert.match(stdout, /batch-changed: Partition 0, batch 2 \(offsets 5–7\)/);
    });

    await t.step("a folder that is not there is not made", async () => {
      const missing = `${dataDir}/elsewhere`;
      const { code, stderr } = await telltale(["verify"], { DATA_DIR: missing });
      assert.equal(code, 2);
      assert.match(stderr, /There is no data folder/);
      await assert.rejects(Deno.stat(missing), Deno.errors.NotFound);
    });
  } finally {
    await removeFolder(dataDir);
  }
});
