import assert from "node:assert/strict";
import { join } from "node:path";
import { connect, type Sql } from "../../events/log/database.ts";
import { ServiceError } from "../../services/errors.ts";
import { type ManagedPostgres, startPostgres } from "../../services/postgres.ts";
import { exists, isWorkedIn, pause } from "../../services/process.ts";
import { removeFolder, temporaryFolder } from "../support/servers.ts";

function open(server: ManagedPostgres): Sql {
  const path = `${server.socketFolder}/.s.PGSQL.5432`;
  return connect({
    socket: { path, user: "telltale", database: "postgres" },
    name: "test",
    connectionsMax: 1,
  });
}

async function query<T>(server: ManagedPostgres, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = open(server);
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
}

/** Runs the body on a folder of its own, and proves that no process of it is left. */
async function onFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await temporaryFolder();
  try {
    await body(folder);
    assert.equal(await isWorkedIn(join(folder, "postgres", "cluster")), false);
  } finally {
    await removeFolder(folder);
  }
}

Deno.test("a database is made in an empty folder, durable, reachable by its socket alone", () =>
  onFolder(async (folder) => {
    const server = await startPostgres(folder);
    const [row] = await query(
      server,
      (sql) =>
        sql`select current_setting('fsync') as fsync, current_setting('listen_addresses') as tcp,
          current_setting('synchronous_commit') as commit, current_setting('full_page_writes') as pages,
          current_setting('server_encoding') as encoding, version() as version`,
    );
    await server.stop();
    const { version, ...settings } = row ?? {};
    assert.deepEqual(settings, {
      fsync: "on",
      tcp: "",
      commit: "on",
      pages: "on",
      encoding: "UTF8",
    });
    assert.match(version, new RegExp(`^PostgreSQL ${server.version.replace(".", "\\.")} `));
    assert.equal(((await Deno.stat(join(folder, "postgres"))).mode ?? 0o777) & 0o077, 0);
  }));

Deno.test("what was committed is there after a stop and a start", () =>
  onFolder(async (folder) => {
    const first = await startPostgres(folder);
    await query(first, (sql) => sql`create table kept as select 42 as value`);
    await first.stop();

    const second = await startPostgres(folder);
    const [row] = await query(second, (sql) => sql`select value from kept`);
    await second.stop();
    assert.deepEqual([second.adopted, row?.value], [false, 42]);
  }));

Deno.test("a server whose every process was killed is started again, and recovers", () =>
  onFolder(async (folder) => {
    const messages: string[] = [];
    const server = await startPostgres(folder, (event) => messages.push(event.message));
    await query(server, (sql) => sql`create table kept as select 42 as value`);
    const pid = server.pid();
    await killAllOf(join(folder, "postgres", "cluster"));
    while (server.pid() === pid) await pause(20);

    const [row] = await query(server, (sql) => sql`select value from kept`);
    await server.stop();
    assert.equal(row?.value, 42);
    assert.deepEqual(messages, [
      `PostgreSQL (pid ${pid}) has died; starting it again`,
      `PostgreSQL runs again (pid ${server.pid()})`,
    ]);
  }));

Deno.test("a server whose postmaster alone was killed is started again", () =>
  onFolder(async (folder) => {
    const server = await startPostgres(folder);
    const pid = server.pid();
    Deno.kill(pid, "SIGKILL");
    while (server.pid() === pid) await pause(20);
    assert.equal(await query(server, async (sql) => (await sql`select 1`).length), 1);
    await server.stop();
  }));

Deno.test("a pid file that names another living program is no obstacle", () =>
  onFolder(async (folder) => {
    const first = await startPostgres(folder);
    await first.stop();
    const cluster = join(folder, "postgres", "cluster");
    // A number given to somebody else since: here, as the account of the database, to `sleep`.
    const sleeper = new Deno.Command("sleep", {
      args: ["60"],
      cwd: "/",
      ...(Deno.uid() === 0 ? { uid: 65534, gid: 65534 } : {}),
    }).spawn();
    const lines = [sleeper.pid, cluster, 1, 5432, first.socketFolder, "", "  1 1", "ready"];
    await Deno.writeTextFile(join(cluster, "postmaster.pid"), `${lines.join("\n")}\n`);
    await Deno.writeTextFile(join(first.socketFolder, ".s.PGSQL.5432.lock"), `${sleeper.pid}\n`);

    const second = await startPostgres(folder);
    assert.equal(second.adopted, false);
    await second.stop();
    assert.ok(exists(sleeper.pid));
    sleeper.kill("SIGKILL");
    await sleeper.status;
  }));

Deno.test("an unpacking and an initdb that were cut off are done again", () =>
  onFolder(async (folder) => {
    const halves = [
      join(folder, "postgres-bin", "18.4.1.unpacking"),
      join(folder, "postgres", "cluster.1.initialising"),
    ];
    for (const half of halves) {
      await Deno.mkdir(half, { recursive: true });
      await Deno.writeTextFile(join(half, "PG_VERSION"), "18\n");
    }
    if (Deno.uid() === 0) await Deno.chown(join(folder, "postgres"), 65534, 65534);
    const server = await startPostgres(folder);
    await server.stop();
    for (const half of halves) await assert.rejects(Deno.stat(half), Deno.errors.NotFound);
  }));

Deno.test("a data folder with a long path gets a short socket", () =>
  onFolder(async (folder) => {
    const deep = join(folder, "a".repeat(60), "b".repeat(60));
    await Deno.mkdir(deep, { recursive: true });
    const server = await startPostgres(deep);
    assert.equal(await query(server, async (sql) => (await sql`select 1`).length), 1);
    await server.stop();
    assert.ok(server.socketFolder.startsWith("/tmp/telltale-"));
    await Deno.remove(server.socketFolder, { recursive: true });
  }));

Deno.test("a database of another PostgreSQL is refused by name", () =>
  onFolder(async (folder) => {
    const server = await startPostgres(folder);
    await server.stop();
    await Deno.writeTextFile(join(folder, "postgres", "cluster", "PG_VERSION"), "17\n");
    await assert.rejects(startPostgres(folder), (error: Error) => {
      assert.ok(error instanceof ServiceError);
      assert.match(error.message, /made by PostgreSQL 17, and this Telltale brings 18/);
      return true;
    });
  }));

Deno.test({
  name: "root is told when the account of the database cannot reach the data folder",
  ignore: Deno.uid() !== 0,
  fn: () =>
    onFolder(async (folder) => {
      await Deno.chmod(folder, 0o700);
      await assert.rejects(startPostgres(folder), (error: Error) => {
        assert.ok(error instanceof ServiceError);
        assert.match(error.message, /does not run as root.*Set DATA_DIR to a folder everybody/);
        return true;
      });
    }),
});

/** As `kill -9` of the whole process tree: nobody gets to tidy up. */
async function killAllOf(cluster: string): Promise<void> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const works = await Deno.readLink(`/proc/${name}/cwd`).catch(() => undefined);
    if (works === cluster) Deno.kill(Number(name), "SIGKILL");
  }
}
