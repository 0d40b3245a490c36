/** Two Telltales cannot write one log: the second says so and ends, the first does not notice. */
import assert from "node:assert/strict";
import { telltale as run } from "../audit/run.ts";
import { freePort, temporaryFolder } from "../support/servers.ts";
import { discardDataFolder } from "../support/telltale.ts";
import { inPlace, onOwnPostgres, type Place, takenIn } from "./place.ts";
import { expectPromisesKept, withLogAtRest } from "./promises.ts";
import { faultTest } from "./seed.ts";

faultTest(
  "a second Telltale on the same data folder names the first and ends",
  () =>
    inPlace((place) =>
      expectRefused(
        place,
        { DATA_DIR: place.dataDir },
        (pid) => new RegExp(`another Telltale \\(pid ${pid}\\) is using it`),
      )
    ),
);

faultTest("a second Telltale on the same database is fenced, says so and ends", async () => {
  const otherDir = await temporaryFolder();
  await onOwnPostgres((place, { url }) =>
    expectRefused(
      place,
      { DATA_DIR: otherDir, DATABASE_URL: url },
      () => /Another Telltale owns partition 0 of this database/,
    )
  ).finally(() => discardDataFolder(otherDir));
});

/** Starts the intruder while devices speak, and checks that the first goes on. */
async function expectRefused(
  place: Place,
  env: Readonly<Record<string, string>>,
  reason: (pid: number) => RegExp,
): Promise<void> {
  const first = await place.start();
  const load = await takenIn(first, 100, {
    async meanwhile(load) {
      await load.reach(100);
      const ports = { PORT: String(freePort()), NATS_PORT: String(freePort()) };
      const { code, stderr } = await run(["start"], { ...env, ...ports });
      assert.notEqual(code, 0);
      assert.match(stderr, reason(first.pid));
    },
  });
  await first.stop();
  await withLogAtRest(place, (sql) => expectPromisesKept(sql, load.acknowledged));
}
