/** Ctrl-C twice: Telltale ends at once, leaves no server behind, and forgets nothing. */
import assert from "node:assert/strict";
import { freePort, temporaryFolder } from "../support/servers.ts";
import { discardDataFolder } from "../support/telltale.ts";
import { pause } from "./load.ts";
import { inPlace, underLoad } from "./place.ts";
import { processesOf } from "./processes.ts";
import { caughtUp, expectPromisesKept, withLogAtRest } from "./promises.ts";
import { faultTest, rounds } from "./seed.ts";

/** Servers get two seconds to end by themselves; the rest is for a machine that is busy. */
const AT_ONCE_MS = 6_000;

faultTest(
  "a second Ctrl-C under load ends Telltale and its servers at once, and loses nothing",
  (random) =>
    inPlace(async (place) => {
      let telltale = await place.start();
      const load = await underLoad(telltale, 200, {
        async meanwhile(load) {
          for (let round = rounds(2); round > 0; round--) {
            await load.reach(random.integer(20, 300));
            const asked = performance.now();
            Deno.kill(telltale.pid, "SIGINT");
            await pause(random.between(5, 50));
            const code = await telltale.stop("SIGINT");
            // Two signals that meet while it is busy are one to the system; then it ends as asked.
            assert.ok(code === 130 || code === 0, `exit code ${code}`);
            const tookMs = performance.now() - asked;
            assert.ok(tookMs < AT_ONCE_MS, `it took ${Math.round(tookMs)} ms`);
            await expectNobodyLeft(place.dataDir);
            telltale = await place.start();
          }
        },
      });
      await caughtUp(telltale);
      assert.equal(await telltale.stop(), 0);
      await expectNobodyLeft(place.dataDir);
      await withLogAtRest(place, (sql) => expectPromisesKept(sql, load.acknowledged));
    }),
);

faultTest("Ctrl-C while Telltale is starting leaves no server behind", async (random) => {
  const dataDir = await temporaryFolder();
  try {
    for (let round = rounds(4); round > 0; round--) {
      const child = new Deno.Command(new URL("../../telltale", import.meta.url), {
        args: ["start"],
        env: { DATA_DIR: dataDir, PORT: String(freePort()), NATS_PORT: String(freePort()) },
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      await pause(random.between(100, 2_500));
      child.kill("SIGINT");
      // Before Telltale listens, the signal ends it as it ends any program.
      const { code } = await child.status;
      assert.ok(code === 0 || code === 130, `exit code ${code}`);
      await expectNobodyLeft(dataDir);
    }
  } finally {
    await discardDataFolder(dataDir);
  }
});

async function expectNobodyLeft(dataDir: string): Promise<void> {
  assert.deepEqual(await processesOf(dataDir, "database"), []);
  assert.deepEqual(await processesOf(dataDir, "broker"), []);
}
