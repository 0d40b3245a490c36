/** A PostgreSQL that is not Telltale's to start: by hand it is started, killed and started again. */
import { unpackPostgres } from "../../services/postgres_binaries.ts";
import { launch, run } from "../../services/process.ts";
import { connect } from "../../events/log/database.ts";
import { freePort, removeFolder, temporaryFolder } from "../support/servers.ts";
import { pause } from "./load.ts";
import { killTree } from "./processes.ts";

export interface OwnPostgres {
  readonly url: string;
  /** `kill -9` of every one of its processes. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Kills it, and removes what it stored. */
  discard(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;

export async function ownPostgres(): Promise<OwnPostgres> {
  const home = await temporaryFolder();
  const programs = await unpackPostgres(home);
  const account = Deno.uid() === 0 ? { uid: 65534, gid: 65534 } : undefined;
  if (account) await Deno.chown(home, account.uid, account.gid);
  const cluster = `${home}/cluster`;
  await run(programs.initdb, ["-D", cluster, "-U", "telltale", "-A", "trust"], account);
  const port = String(freePort());
  const url = `postgres://telltale@127.0.0.1:${port}/postgres`;
  let child: Deno.ChildProcess | undefined;

  async function start(): Promise<void> {
    child = await launch({
      path: programs.postgres,
      args: ["-D", cluster, "-k", home, "-h", "127.0.0.1", "-p", port],
      logFile: `${home}/log`,
      account,
    });
    await ready(url);
  }

  async function kill(): Promise<void> {
    if (!child) return;
    await killTree(child.pid);
    await child.status;
    child = undefined;
  }

  await start();
  return {
    url,
    kill,
    start,
    async discard() {
      await kill();
      await removeFolder(home);
    },
  };
}

async function ready(url: string): Promise<void> {
  const until = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const sql = connect({ url, name: "test", connectionsMax: 1 });
    try {
      await sql`select 1`;
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await pause(50);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
}
