/**
 * Telltale is killed at any moment, under load, alone or together with its servers: nothing the
 * broker acknowledged is lost, doubled or out of order, and read models are what the log says.
 */
import { freePort, temporaryFolder } from "../support/servers.ts";
import { discardDataFolder, startTelltale } from "../support/telltale.ts";
import { startLoad } from "./load.ts";
import { kill } from "./processes.ts";
import { caughtUp, expectPromisesKept, withLogAtRest } from "./promises.ts";
import { faultTest, rounds, tell } from "./seed.ts";

faultTest(
  "Telltale killed under load keeps every promise, whatever dies with it",
  async (random) => {
    const dataDir = await temporaryFolder();
    const env = { PORT: String(freePort()), NATS_PORT: String(freePort()) };
    const start = () => startTelltale({ dataDir, env });
    let telltale = await start();
    try {
      const load = await startLoad(telltale.natsUrl);
      try {
        for (let round = rounds(4); round > 0; round--) {
          await new Promise((resolve) => setTimeout(resolve, random.between(50, 1_500)));
          await telltale.kill9();
          const victims = random.pick(["none", "database", "broker", "both"] as const);
          if (victims === "database" || victims === "both") await kill(dataDir, "database");
          if (victims === "broker" || victims === "both") await kill(dataDir, "broker");
          tell(`  killed with ${victims}, ${load.acknowledged.size} acknowledged`);
          telltale = await start();
        }
        await load.reach(200);
      } finally {
        await load.stop();
      }
      await caughtUp(telltale);
      await telltale.stop();
      await withLogAtRest({ dataDir }, (sql) => expectPromisesKept(sql, load.acknowledged));
    } finally {
      await telltale.kill9();
      await discardDataFolder(dataDir);
    }
  },
);
