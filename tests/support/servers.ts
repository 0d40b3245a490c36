/**
 * Real servers for tests: their own, on free ports and sockets, gone when the test is.
 *
 * One PostgreSQL serves a test file; every `freshDatabase` is a database of its own in it.
 */
import { join } from "node:path";
import { connect, type Sql } from "../../events/log/database.ts";
import { migrate } from "../../migrations/migrate.ts";
import { startNats } from "../../services/nats_server.ts";
import { type ManagedPostgres, startPostgres } from "../../services/postgres.ts";
import { USER } from "../../services/postgres_cluster.ts";

export interface FreshDatabase {
  readonly sql: Sql;
  readonly socket: { path: string; user: string; database: string } | undefined;
  readonly url: string | undefined;
  connect(name: string, connectionsMax?: number): Sql;
  close(): Promise<void>;
}

const OWN_SERVER = "TELLTALE_TEST_DATABASE_URL";

interface Server {
  connect(database: string, name: string, connectionsMax?: number): Sql;
  address(database: string): Pick<FreshDatabase, "socket" | "url">;
  release(): Promise<void>;
}

/** A migrated database of its own. With TELLTALE_TEST_DATABASE_URL set, on that server. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const url = Deno.env.get(OWN_SERVER);
  const server = url ? serverAt(url) : await embeddedServer();
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  const admin = server.connect("postgres", "test admin", 1);
  await admin.unsafe(`create database ${name}`);
  const sql = server.connect(name, "test", 4);
  await migrate(sql);
  return {
    sql,
    ...server.address(name),
    connect: (application, connectionsMax) => server.connect(name, application, connectionsMax),
    async close() {
      await sql.end({ timeout: 5 });
      await admin.unsafe(`drop database ${name} with (force)`);
      await admin.end({ timeout: 5 });
      await server.release();
    },
  };
}

function serverAt(url: string): Server {
  function urlOf(database: string): string {
    const address = new URL(url);
    address.pathname = `/${database}`;
    return address.href;
  }
  return {
    connect: (database, name, connectionsMax = 4) =>
      connect({ url: urlOf(database), name, connectionsMax }),
    address: (database) => ({ url: urlOf(database), socket: undefined }),
    release: () => Promise.resolve(),
  };
}

let running: Promise<ManagedPostgres> | undefined;
let users = 0;
let folder: string | undefined;

/** Starts with the first who needs it, stops with the last; its folder serves the whole file. */
async function embeddedServer(): Promise<Server> {
  users++;
  folder ??= await temporaryFolder();
  running ??= startPostgres(folder);
  const { socketFolder } = await running;
  const socket = (database: string) => ({
    path: `${socketFolder}/.s.PGSQL.5432`,
    user: USER,
    database,
  });
  return {
    connect: (database, name, connectionsMax = 4) =>
      connect({ socket: socket(database), name, connectionsMax }),
    address: (database) => ({ socket: socket(database), url: undefined }),
    async release() {
      if (--users > 0) return;
      const stopping = running;
      running = undefined;
      await (await stopping)?.stop();
    },
  };
}

export interface FreshBroker {
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now: one that a test kills is started again. */
  readonly pid: number;
  /** Holds `nats/store`, JetStream's files. */
  readonly dataDir: string;
  stop(): Promise<void>;
}

/**
 * A broker of its own with JetStream. Given a folder, it starts on what that holds, and leaves it
 * to the caller; so a test can stop it, change its files, and start it again on the same port.
 */
export async function freshBroker(
  options: { readonly port?: number; readonly dataDir?: string } = {},
): Promise<FreshBroker> {
  const port = options.port ?? freePort();
  const dataDir = options.dataDir ?? await temporaryFolder();
  const server = await startNats(dataDir, port);
  return {
    url: server.url,
    port,
    get pid() {
      return server.pid();
    },
    dataDir,
    async stop() {
      await server.stop();
      if (options.dataDir === undefined) await removeFolder(dataDir);
    },
  };
}

/** A port that was free a moment ago, on loopback. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

const temporary = new Set<string>();

/** A folder every account can reach, as PostgreSQL's may have to. */
export async function temporaryFolder(): Promise<string> {
  const path = await Deno.makeTempDir({ prefix: "telltale-test-" });
  await Deno.chmod(path, 0o755);
  temporary.add(path);
  return path;
}

export async function removeFolder(path: string): Promise<void> {
  temporary.delete(path);
  await Deno.remove(path, { recursive: true });
}

// A test that failed before it could stop its servers leaves nothing behind either.
globalThis.addEventListener("unload", () => {
  for (const folder of temporary) {
    for (const file of ["postgres/cluster/postmaster.pid", "nats/nats-server.pid"]) {
      killNamedBy(join(folder, file));
    }
    Deno.removeSync(folder, { recursive: true });
  }
});

function killNamedBy(pidFile: string): void {
  try {
    Deno.kill(Number.parseInt(Deno.readTextFileSync(pidFile)), "SIGKILL");
  } catch (error) {
    // Stopped as it should be: no file, or nobody of that number.
    if (!(error instanceof Deno.errors.NotFound) && !/ESRCH/.test(String(error))) throw error;
  }
}
