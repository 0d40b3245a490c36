/**
 * Brings a database to the shape this build expects: each numbered file once, in order.
 *
 * A file that has been applied somewhere is never edited; a change is a new file. Both that and a
 * database that is newer than the build are noticed here, before anything is touched.
 */
import { messageOf } from "../events/errors.ts";
import type { Sql } from "../events/log/database.ts";

/** The database and this build disagree about its shape. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

interface Migration {
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

/** Any number, as long as every process migrating the same database takes the same. */
const LOCK = 7_353_117;

/** Resolves with the names of the files it applied. Several processes may call it at once. */
export async function migrate(sql: Sql): Promise<string[]> {
  const migrations = await readMigrations();
  const connection = await sql.reserve();
  try {
    await connection`select pg_advisory_lock(${LOCK})`;
    await connection`
      create table if not exists migrations (
        name text primary key,
        checksum text not null,
        applied_at timestamptz not null default now()
      )`;
    const applied = await connection<{ name: string; checksum: string }[]>`
      select name, checksum from migrations`;
    refuseStrangers(migrations, new Map(applied.map((row) => [row.name, row.checksum])));

    const done = new Set(applied.map((row) => row.name));
    const due = migrations.filter(({ name }) => !done.has(name));
    for (const migration of due) await apply(connection, migration);
    return due.map(({ name }) => name);
  } finally {
    await connection`select pg_advisory_unlock(${LOCK})`.catch(() => {
      // The connection is gone, and the lock with it; the error that ended it is on its way up.
    });
    connection.release();
  }
}

async function apply(connection: Sql, { name, text, checksum }: Migration): Promise<void> {
  await connection`begin`;
  try {
    await connection.unsafe(text);
    await connection`insert into migrations (name, checksum) values (${name}, ${checksum})`;
    await connection`commit`;
  } catch (error) {
    await connection`rollback`;
    throw new MigrationError(
      `Cannot apply migration ${name}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function refuseStrangers(known: readonly Migration[], applied: ReadonlyMap<string, string>): void {
  for (const [name, checksum] of applied) {
    const migration = known.find((candidate) => candidate.name === name);
    if (!migration) {
      throw new MigrationError(
        `Cannot use this database: a newer Telltale applied migration ${name}, which this build does not know. Use that version or newer`,
      );
    }
    if (migration.checksum !== checksum) {
      throw new MigrationError(
        `Cannot use this database: migration ${name} was changed after it was applied. Put the file back and write the change as a new one`,
      );
    }
  }
}

async function readMigrations(): Promise<Migration[]> {
  const folder = new URL("./", import.meta.url);
  const names = (await Array.fromAsync(Deno.readDir(folder)))
    .map(({ name }) => name)
    .filter((name) => /^\d{4}_\w+\.sql$/.test(name))
    .sort();
  return await Promise.all(names.map(async (name) => {
    const text = await Deno.readTextFile(new URL(name, folder));
    return { name, text, checksum: await sha256(text) };
  }));
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
