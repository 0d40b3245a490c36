/** Every process of the database is killed under load: the log goes on where it was. */
import assert from "node:assert/strict";
import type { RunningTelltale } from "../support/telltale.ts";
import { pause } from "./load.ts";
import { inPlace, onOwnPostgres, takenIn } from "./place.ts";
import { kill } from "./processes.ts";
import { expectPromisesKept, withLogAtRest } from "./promises.ts";
import { faultTest, rounds } from "./seed.ts";

faultTest(
  "Telltale starts its killed database again, and goes on without being started itself",
  (random) =>
    inPlace(async (place) => {
      const telltale = await place.start();
      const load = await takenIn(telltale, 200, {
        async meanwhile() {
          for (let round = rounds(3); round > 0; round--) {
            await pause(random.between(100, 1_500));
            const killed = await kill(place.dataDir, "database");
            assert.ok(killed > 1, "the database has several processes");
            await readyAgain(telltale);
          }
        },
      });
      assert.equal(await telltale.stop(), 0);
      await withLogAtRest(place, (sql) => expectPromisesKept(sql, load.acknowledged));
    }),
);

faultTest(
  "a database of the user's own may be killed and come back, as late as it likes",
  (random) =>
    onOwnPostgres(async (place, postgres) => {
      const telltale = await place.start();
      const load = await takenIn(telltale, 200, {
        async meanwhile(load) {
          for (let round = rounds(2); round > 0; round--) {
            await pause(random.between(100, 1_500));
            await postgres.kill();
            // Devices go on: the broker keeps what the log cannot take.
            await load.reach(random.integer(20, 300));
            await postgres.start();
            await readyAgain(telltale);
          }
        },
      });
      assert.equal(await telltale.stop(), 0);
      await withLogAtRest(place, (sql) => expectPromisesKept(sql, load.acknowledged));
    }),
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
