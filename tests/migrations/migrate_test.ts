import assert from "node:assert/strict";
import { migrate, MigrationError } from "../../migrations/migrate.ts";
import { freshDatabase } from "../support/servers.ts";

Deno.test("migrations are applied once, also when several processes start together", async () => {
  const database = await freshDatabase();
  const before = await database.sql`select count(*) as applied from migrations`;
  await database.sql`drop schema public cascade`;
  await database.sql`create schema public`;
  const clients = [1, 2, 3].map((number) => database.connect(`starter ${number}`, 1));
  const applied = await Promise.all(clients.map((sql) => migrate(sql)));
  assert.deepEqual(
    applied.map(({ length }) => length).toSorted((a, b) => a - b),
    [0, 0, before[0]?.applied],
  );
  for (const sql of clients) await sql.end();
  await database.close();
});

Deno.test("a database of a newer build is refused", async () => {
  const database = await freshDatabase();
  await database.sql`insert into migrations (name, checksum) values ('9999_future.sql', '')`;
  await assert.rejects(migrate(database.sql), (error: Error) => {
    assert.ok(error instanceof MigrationError);
    assert.match(error.message, /a newer Telltale applied migration 9999_future\.sql/);
    return true;
  });
  await database.close();
});

Deno.test("a migration that was changed after it was applied is refused", async () => {
  const database = await freshDatabase();
  await database.sql`update migrations set checksum = 'another' where name = '0001_log.sql'`;
  await assert.rejects(migrate(database.sql), (error: Error) => {
    assert.ok(error instanceof MigrationError);
    assert.match(error.message, /migration 0001_log\.sql was changed after it was applied/);
    return true;
  });
  await database.close();
});
