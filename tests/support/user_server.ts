/** A PostgreSQL as a user may bring one: the distribution's, on TCP, in no way made by Telltale. */
import { join } from "node:path";
import { end, launch, run } from "../../services/process.ts";
import { connect } from "../../events/log/database.ts";
import { freePort, removeFolder, temporaryFolder } from "./servers.ts";

export interface UserServer {
  readonly url: string;
  readonly version: string;
  stop(): Promise<void>;
}

/** Where Debian, Fedora and Homebrew keep them; newest first. */
const FOLDERS = [
  ...[18, 17, 16, 15].map((version) => `/usr/lib/postgresql/${version}/bin`),
  ...[18, 17, 16, 15].map((version) => `/opt/homebrew/opt/postgresql@${version}/bin`),
  "/usr/bin",
];

/** Undefined where none is installed. */
export async function userServer(): Promise<UserServer | undefined> {
  const programs = await findPrograms();
  if (!programs) return undefined;
  const home = await temporaryFolder();
  const account = Deno.uid() === 0 ? { uid: 65534, gid: 65534 } : undefined;
  if (account) await Deno.chown(home, account.uid, account.gid);
  const folder = join(home, "cluster");
  const port = freePort();
  await run(join(programs, "initdb"), ["-D", folder, "-U", "telltale", "-A", "trust"], account);
  const child = await launch({
    path: join(programs, "postgres"),
    args: ["-D", folder, "-k", home, "-h", "127.0.0.1", "-p", String(port)],
    logFile: join(home, "log"),
    account,
  });
  const url = `postgres://telltale@127.0.0.1:${port}/postgres`;
  try {
    const version = await waitUntilReady(url);
    return { url, version, stop: () => stop(child, home) };
  } catch (error) {
    const log = await Deno.readTextFile(join(home, "log"));
    await stop(child, home);
    throw new Error(`Cannot start ${programs}/postgres: ${log}`, { cause: error });
  }
}

async function findPrograms(): Promise<string | undefined> {
  for (const folder of FOLDERS) {
    const info = await Deno.stat(join(folder, "initdb")).catch(() => undefined);
    if (info?.isFile) return folder;
  }
  return undefined;
}

async function waitUntilReady(url: string): Promise<string> {
  for (let attempt = 1;; attempt++) {
    const sql = connect({ url, name: "test", connectionsMax: 1 });
    try {
      const [row] = await sql<{ version: string }[]>`
        select current_setting('server_version') as version`;
      return row?.version ?? "unknown";
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
}

async function stop(child: Deno.ChildProcess, home: string): Promise<void> {
  await end(child.pid, [{ signal: "SIGINT", waitMs: 20_000 }, {
    signal: "SIGKILL",
    waitMs: 5_000,
  }]);
  await child.status;
  await removeFolder(home);
}
