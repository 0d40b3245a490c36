/** Every process of the database is killed under load: the log goes on where it was. */
import assert from "node:assert/strict";
import { freePort, temporaryFolder } from "../support/servers.ts";
import { discardDataFolder, type RunningTelltale, startTelltale } from "../support/telltale.ts";
import { pause, startLoad } from "./load.ts";
import { ownPostgres } from "./own_postgres.ts";
import { kill } from "./processes.ts";
import { caughtUp, expectPromisesKept, withLogAtRest } from "./promises.ts";
import { faultTest, rounds } from "./seed.ts";

faultTest(
  "Telltale starts its killed database again, and goes on without being started itself",
  async (random) => {
    const dataDir = await temporaryFolder();
    const telltale = await startTelltale({ dataDir });
    try {
      const load = await startLoad(telltale.natsUrl);
      try {
        for (let round = rounds(3); round > 0; round--) {
          await pause(random.between(100, 1_500));
          assert.ok(await kill(dataDir, "database") > 1, "the database has several processes");
          await readyAgain(telltale);
        }
        await load.reach(200);
      } finally {
        await load.stop();
      }
      await caughtUp(telltale);
      assert.equal(await telltale.stop(), 0);
      await withLogAtRest({ dataDir }, (sql) => expectPromisesKept(sql, load.acknowledged));
    } finally {
      await telltale.kill9();
      await discardDataFolder(dataDir);
    }
  },
);

faultTest(
  "a database of the user's own may be killed and come back, as late as it likes",
  async (random) => {
    const postgres = await ownPostgres();
    const dataDir = await temporaryFolder();
    const env = {
      DATABASE_URL: postgres.url,
      PORT: String(freePort()),
      NATS_PORT: String(freePort()),
    };
    try {
      const telltale = await startTelltale({ dataDir, env });
      try {
        const load = await startLoad(telltale.natsUrl);
        try {
          for (let round = rounds(2); round > 0; round--) {
            await pause(random.between(100, 1_500));
            await postgres.kill();
            // Devices go on: the broker keeps what the log cannot take.
            await load.reach(random.integer(20, 300));
            await postgres.start();
            await readyAgain(telltale);
          }
          await load.reach(200);
        } finally {
          await load.stop();
        }
        await caughtUp(telltale);
        assert.equal(await telltale.stop(), 0);
        await withLogAtRest(
          { dataDir, databaseUrl: postgres.url },
          (sql) => expectPromisesKept(sql, load.acknowledged),
        );
      } finally {
        await telltale.kill9();
        await discardDataFolder(dataDir);
      }
    } finally {
      await postgres.discard();
    }
  },
);

/** Waits until it is ready again, by its own account. */
async function readyAgain({ url, output }: RunningTelltale): Promise<void> {
  const until = performance.now() + 60_000;
  for (;;) {
    try {
      const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
      const text = await response.text();
      if (response.ok) return;
      if (performance.now() > until) throw new Error(`Not ready after 60 s: ${text}`);
    } catch (error) {
      if (performance.now() > until) {
        throw new Error(`Not ready after 60 s; it printed:\n${output().slice(-4_000)}`, {
          cause: error,
        });
      }
    }
    await pause(100);
  }
}
