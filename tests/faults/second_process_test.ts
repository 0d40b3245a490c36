/** Two Telltales cannot write one log: the second says so and ends, the first does not notice. */
import assert from "node:assert/strict";
import { telltale as run } from "../audit/run.ts";
import { freePort, temporaryFolder } from "../support/servers.ts";
import { discardDataFolder, type RunningTelltale, startTelltale } from "../support/telltale.ts";
import { startLoad } from "./load.ts";
import { ownPostgres } from "./own_postgres.ts";
import { caughtUp, expectPromisesKept, withLogAtRest } from "./promises.ts";
import { faultTest } from "./seed.ts";

function secondPorts(): Record<string, string> {
  return { PORT: String(freePort()), NATS_PORT: String(freePort()) };
}

faultTest("a second Telltale on the same data folder names the first and ends", async () => {
  const dataDir = await temporaryFolder();
  const first = await startTelltale({ dataDir });
  try {
    const load = await underLoad(first, async () => {
      const { code, stderr } = await run(["start"], { DATA_DIR: dataDir, ...secondPorts() });
      assert.notEqual(code, 0);
      assert.match(stderr, new RegExp(`another Telltale \\(pid ${first.pid}\\) is using it`));
    });
    await first.stop();
    await withLogAtRest({ dataDir }, (sql) => expectPromisesKept(sql, load));
  } finally {
    await first.kill9();
    await discardDataFolder(dataDir);
  }
});

faultTest("a second Telltale on the same database is fenced, says so and ends", async () => {
  const postgres = await ownPostgres();
  const dataDir = await temporaryFolder();
  const otherDir = await temporaryFolder();
  const env = { DATABASE_URL: postgres.url };
  try {
    const first = await startTelltale({ dataDir, env });
    try {
      const load = await underLoad(first, async () => {
        const { code, stderr } = await run(["start"], {
          DATA_DIR: otherDir,
          ...env,
          ...secondPorts(),
        });
        assert.notEqual(code, 0);
        assert.match(stderr, /Another Telltale owns partition 0 of this database/);
      });
      await first.stop();
      await withLogAtRest(
        { dataDir, databaseUrl: postgres.url },
        (sql) => expectPromisesKept(sql, load),
      );
    } finally {
      await first.kill9();
      await discardDataFolder(dataDir);
      await discardDataFolder(otherDir);
    }
  } finally {
    await postgres.discard();
  }
});

/** Runs the intruder while devices speak, and checks that the first goes on. */
async function underLoad(
  first: RunningTelltale,
  intrude: () => Promise<void>,
): Promise<ReadonlySet<number>> {
  const load = await startLoad(first.natsUrl);
  try {
    await load.reach(100);
    await intrude();
    await load.reach(100);
  } finally {
    await load.stop();
  }
  await caughtUp(first);
  return load.acknowledged;
}
