/**
 * Telltale is killed at any moment, under load, alone or together with its servers: nothing the
 * broker acknowledged is lost, doubled or out of order, and read models are what the log says.
 */
import { pause } from "./load.ts";
import { inPlace, underLoad } from "./place.ts";
import { kill } from "./processes.ts";
import { caughtUp, expectPromisesKept, withLogAtRest } from "./promises.ts";
import { faultTest, rounds, tell } from "./seed.ts";

faultTest(
  "Telltale killed under load keeps every promise, whatever dies with it",
  (random) =>
    inPlace(async (place) => {
      const { dataDir } = place;
      let telltale = await place.start();
      const load = await underLoad(telltale, 200, {
        async meanwhile({ acknowledged }) {
          for (let round = rounds(4); round > 0; round--) {
            await pause(random.between(50, 1_500));
            await telltale.kill9();
            const victims = random.pick(["none", "database", "broker", "both"] as const);
            if (victims === "database" || victims === "both") await kill(dataDir, "database");
            if (victims === "broker" || victims === "both") await kill(dataDir, "broker");
            tell(`  killed with ${victims}, ${acknowledged.size} acknowledged`);
            telltale = await place.start();
          }
        },
      });
      await caughtUp(telltale);
      await telltale.stop();
      await withLogAtRest(place, (sql) => expectPromisesKept(sql, load.acknowledged));
    }),
);
