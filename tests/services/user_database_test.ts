/** A PostgreSQL of the user's own, here the distribution's. */
import assert from "node:assert/strict";
import { migrate } from "../../migrations/migrate.ts";
import { provideDatabase, ServiceError } from "../../services/mod.ts";
import { freePort } from "../support/servers.ts";
import { userServer } from "../support/user_server.ts";

const server = await userServer();
if (!server) console.warn("No PostgreSQL of the distribution here: its tests are skipped");
const ignore = server === undefined;

Deno.test({
  name: "DATABASE_URL switches to the user's server, which is migrated and left running",
  ignore,
  async fn() {
    const database = await provideDatabase({ dataDir: "", databaseUrl: server?.url });
    assert.equal(database.managed, false);
    assert.ok(database.description.startsWith(`PostgreSQL ${server?.version} at `));
    const sql = database.connect("test", 2);
    assert.deepEqual((await migrate(sql)).slice(0, 1), ["0001_log.sql"]);
    await sql.end();
    await database.stop();
    await (await provideDatabase({ dataDir: "", databaseUrl: server?.url })).stop();
  },
});

Deno.test("an unreachable DATABASE_URL is named, without its password", async () => {
  const databaseUrl = `postgres://someone:secret@127.0.0.1:${freePort()}/fleet`;
  await assert.rejects(provideDatabase({ dataDir: "", databaseUrl }), (error: Error) => {
    assert.ok(error instanceof ServiceError);
    assert.match(
      error.message,
      /^Cannot reach the database at DATABASE_URL \(postgres:\/\/someone@127\.0\.0\.1:\d+\/fleet\): nothing listens there$/,
    );
    return true;
  });
});

Deno.test({
  name: "the user's server is stopped by the test alone",
  ignore,
  fn: () => server?.stop(),
});
