/**
 * Where a managed PostgreSQL keeps its data, and as whom it runs.
 *
 * PostgreSQL refuses to run as root. Where Telltale is root, the server and its folder belong to
 * an account without rights; everybody else runs it as themselves.
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { messageOf, ServiceError } from "./errors.ts";
import type { PostgresPrograms } from "./postgres_binaries.ts";
import { type Account, run } from "./process.ts";

export interface Cluster {
  /** PostgreSQL's data directory. */
  readonly folder: string;
  readonly socketFolder: string;
  readonly logFile: string;
  readonly account: Account | undefined;
}

export const USER = "telltale";
export const DATABASE = "postgres";

/** `nobody` on Debian, Alpine and macOS. */
const NOBODY: Record<string, Account> = {
  linux: { uid: 65534, gid: 65534 },
  darwin: { uid: 4294967294, gid: 4294967294 },
};

/** What a socket's address holds is 108 bytes on Linux and 104 on macOS, with a closing zero. */
const SOCKET_PATH_MAX = Deno.build.os === "darwin" ? 103 : 107;

/** Makes the cluster where there is none. `base` is the data folder, held by us. */
export async function prepareCluster(base: string, programs: PostgresPrograms): Promise<Cluster> {
  const home = join(base, "postgres");
  const account = await makeHome(home);
  const cluster = {
    folder: join(home, "cluster"),
    socketFolder: await makeSocketFolder(home, account),
    logFile: join(home, "log"),
    account,
  };
  if (await isThere(cluster.folder)) await checkVersion(cluster.folder, programs.version);
  else await initialise(cluster, programs);
  return cluster;
}

async function initialise(cluster: Cluster, programs: PostgresPrograms): Promise<void> {
  // Complete or absent: what an interrupted initdb left has another name.
  const home = dirname(cluster.folder);
  for await (const { name } of Deno.readDir(home)) {
    if (name.endsWith(".initialising")) await Deno.remove(join(home, name), { recursive: true });
  }
  const half = `${cluster.folder}.${Deno.pid}.initialising`;
  const options = ["--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C"];
  try {
    await run(programs.initdb, ["--pgdata", half, ...options], cluster.account);
  } catch (error) {
    throw new ServiceError(
      `Cannot create a database in "${cluster.folder}": ${messageOf(error)}`,
      { cause: error },
    );
  }
  await Deno.rename(half, cluster.folder);
}

async function makeHome(home: string): Promise<Account | undefined> {
  try {
    await Deno.mkdir(home, { recursive: true, mode: 0o700 });
    const account = await chooseAccount(home);
    if (account) {
      await Deno.chown(home, account.uid, account.gid);
      await requireReach(home, account);
    }
    await Deno.readDir(home)[Symbol.asyncIterator]().next();
    return account;
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new ServiceError(
      `Cannot use the database folder "${home}": ${
        messageOf(error)
      }. Run Telltale as the user it belongs to, or set DATA_DIR to another folder`,
      { cause: error },
    );
  }
}

/** A folder that a user made stays that user's, also when root starts Telltale on it. */
async function chooseAccount(home: string): Promise<Account | undefined> {
  if (Deno.uid() !== 0) return undefined;
  const { uid, gid } = await Deno.stat(home);
  if (uid) return { uid, gid: gid ?? uid };
  return NOBODY[Deno.build.os];
}

async function requireReach(home: string, account: Account): Promise<void> {
  try {
    await run("/bin/sh", ["-c", 'cd "$0" && test -w .', home], account);
  } catch (error) {
    throw new ServiceError(
      `Cannot run PostgreSQL in "${home}": it does not run as root, and the account it runs as instead (uid ${account.uid}) cannot reach that folder. Set DATA_DIR to a folder everybody may pass to, such as /var/lib/telltale`,
      { cause: error },
    );
  }
}

async function makeSocketFolder(home: string, account: Account | undefined): Promise<string> {
  const near = join(home, "socket");
  const fits = new TextEncoder().encode(join(near, ".s.PGSQL.5432")).length <= SOCKET_PATH_MAX;
  const name = createHash("sha256").update(home).digest("hex").slice(0, 16);
  const folder = fits ? near : `/tmp/telltale-${name}`;
  const owner = account?.uid ?? Deno.uid();

  await Deno.mkdir(folder, { mode: 0o700 }).catch((error) => {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  });
  const found = await Deno.lstat(folder);
  // In /tmp anybody may have been there first, to listen in our place.
  if (!found.isDirectory || (found.uid !== owner && found.uid !== Deno.uid())) {
    throw new ServiceError(
      `Cannot use "${folder}" for PostgreSQL's socket: it belongs to somebody else. Set DATA_DIR to a shorter path`,
    );
  }
  if (account) await Deno.chown(folder, account.uid, account.gid);
  await Deno.chmod(folder, 0o700);
  return folder;
}

async function checkVersion(folder: string, version: string): Promise<void> {
  const found = (await Deno.readTextFile(join(folder, "PG_VERSION"))).trim();
  if (found === version.split(".")[0]) return;
  throw new ServiceError(
    `Cannot open the database in "${folder}": it was made by PostgreSQL ${found}, and this Telltale brings ${version}. Use the Telltale that made it, or move its data with pg_dump`,
  );
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => (ignoreAbsent(error), false));
}

function ignoreAbsent(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
