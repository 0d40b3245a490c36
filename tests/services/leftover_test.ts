/** What a killed Telltale leaves behind, and who may use a data folder. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { provideBroker, provideDatabase, ServiceError } from "../../services/mod.ts";
import { exists, exited } from "../../services/process.ts";
import { freePort, removeFolder, temporaryFolder } from "../support/servers.ts";

interface Holder {
  readonly pid: number;
  readonly postgres: number;
  readonly nats: number;
  kill9(): Promise<void>;
}

async function hold(dataDir: string, port: number): Promise<Holder> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "-A",
      fileURLToPath(new URL("holder.ts", import.meta.url)),
      dataDir,
      `${port}`,
    ],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  return {
    pid: child.pid,
    ...JSON.parse(value),
    async kill9() {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
    },
  };
}

Deno.test("the servers of a killed Telltale are taken over, and stopped in the end", async () => {
  const dataDir = await temporaryFolder();
  const natsPort = freePort();
  const holder = await hold(dataDir, natsPort);
  await holder.kill9();
  assert.deepEqual([exists(holder.postgres), exists(holder.nats)], [true, true]);

  const database = await provideDatabase({ dataDir, databaseUrl: undefined });
  const broker = await provideBroker({ dataDir, natsUrl: undefined, natsPort });
  assert.deepEqual([database.adopted, broker.adopted], [true, true]);
  const sql = database.connect("test", 1);
  assert.equal((await sql`select 1 as one`)[0]?.one, 1);
  await sql.end();

  await broker.stop();
  await database.stop();
  assert.ok(await exited(holder.postgres, 1_000) && await exited(holder.nats, 1_000));
  await removeFolder(dataDir);
});

Deno.test("a broker left behind on another port is replaced", async () => {
  const dataDir = await temporaryFolder();
  const holder = await hold(dataDir, freePort());
  await holder.kill9();

  const natsPort = freePort();
  const broker = await provideBroker({ dataDir, natsUrl: undefined, natsPort });
  assert.equal(broker.adopted, false);
  assert.ok(await exited(holder.nats, 1_000));
  assert.equal(broker.url, `nats://127.0.0.1:${natsPort}`);
  await broker.stop();
  await (await provideDatabase({ dataDir, databaseUrl: undefined })).stop();
  await removeFolder(dataDir);
});

Deno.test("a second Telltale on the same folder is refused with the pid of the first", async () => {
  const dataDir = await temporaryFolder();
  const holder = await hold(dataDir, freePort());
  await assert.rejects(provideDatabase({ dataDir, databaseUrl: undefined }), (error: Error) => {
    assert.ok(error instanceof ServiceError);
    assert.match(error.message, new RegExp(`another Telltale \\(pid ${holder.pid}\\) is using it`));
    return true;
  });
  await holder.kill9();
  await (await provideDatabase({ dataDir, databaseUrl: undefined })).stop();
  Deno.kill(holder.nats, "SIGKILL");
  await removeFolder(dataDir);
});

Deno.test("a command that only reads shares the database of a running Telltale", async () => {
  const dataDir = await temporaryFolder();
  const holder = await hold(dataDir, freePort());
  const database = await provideDatabase({ dataDir, databaseUrl: undefined }, { shared: true });
  assert.equal(database.managed, false);
  const sql = database.connect("test", 1);
  assert.equal((await sql`select 1 as one`)[0]?.one, 1);
  await sql.end();
  await database.stop();
  assert.ok(exists(holder.postgres));

  await holder.kill9();
  await (await provideDatabase({ dataDir, databaseUrl: undefined })).stop();
  Deno.kill(holder.nats, "SIGKILL");
  await removeFolder(dataDir);
});

Deno.test("a data folder that cannot be made is refused by name", async () => {
  const folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder}/file`, "");
  const dataDir = `${folder}/file/data`;
  await assert.rejects(provideDatabase({ dataDir, databaseUrl: undefined }), (error: Error) => {
    assert.ok(error instanceof ServiceError);
    assert.match(error.message, /Cannot write to the data folder ".*file\/data".*Set DATA_DIR/);
    return true;
  });
  await removeFolder(folder);
});
