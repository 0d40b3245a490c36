/**
 * A run of the tests in a temporary folder of its own, gone when the run is, however that ended.
 *
 * Servers live in sessions of their own, so the Ctrl-C that ends the tests does not end them. What
 * still runs is found by the pid files in the run's folder.
 */
import { join } from "node:path";
import { commandLine, end, exists, pause } from "../services/process.ts";
import { ROOT, runDeno } from "./deno.ts";

/** Runs `deno` with these arguments; resolves with its exit code. */
export async function runTests(args: readonly string[]): Promise<number> {
  // Short, because the path of a Unix socket below it may have 103 bytes on macOS.
  const folder = await Deno.makeTempDir({ prefix: "tt-" });
  // A second Ctrl-C finds us cleaning up, and must not end that.
  const goOn = () => {};
  Deno.addSignalListener("SIGINT", goOn);
  Deno.addSignalListener("SIGTERM", goOn);
  try {
    // PostgreSQL of root's tests runs as nobody, who has to pass through.
    await Deno.chmod(folder, 0o755);
    return await runDeno(args, ROOT, { TMPDIR: folder });
  } finally {
    await removeWithServers(folder);
    Deno.removeSignalListener("SIGINT", goOn);
    Deno.removeSignalListener("SIGTERM", goOn);
  }
}

/** Ends what runs inside the folder, by its pid files, and removes it. */
async function removeWithServers(folder: string): Promise<void> {
  const files = await Array.fromAsync(pidFiles(folder));
  // A Telltale first: it would start again the servers that end.
  for (const path of files.filter((path) => path.endsWith("/lock"))) {
    if (isHeld(path)) await endNamedBy(path, "SIGKILL");
  }
  for (const path of files.filter((path) => path.endsWith(".pid"))) {
    const words = await commandLine(await pidIn(path));
    if (words.some((word) => word.includes(folder))) await endNamedBy(path, "SIGQUIT");
  }
  await remove(folder);
}

/** Whatever has no pid file (an initdb) may write for a moment longer, until its folder is gone. */
async function remove(folder: string, attempts = 5): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    if (attempts === 1) throw error;
    await pause(200);
    await remove(folder, attempts - 1);
  }
}

async function* pidFiles(folder: string): AsyncGenerator<string> {
  for (const { name, isDirectory } of await entriesOf(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* pidFiles(path);
    else if (name === "lock" || name.endsWith(".pid")) yield path;
  }
}

/** A server that runs may remove a folder while we look. */
async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Whether a process holds this data folder; the pid in the file may be somebody else's by now. */
function isHeld(path: string): boolean {
  using file = Deno.openSync(path, { read: true, write: true });
  return !file.tryLockSync(true);
}

async function pidIn(path: string): Promise<number> {
  return Number.parseInt(await Deno.readTextFile(path));
}

const PATIENCE_MS = 5_000;

async function endNamedBy(path: string, signal: Deno.Signal): Promise<void> {
  const pid = await pidIn(path);
  if (!(pid > 1) || !exists(pid)) return;
  await end(pid, [
    { signal, waitMs: PATIENCE_MS },
    { signal: "SIGKILL", waitMs: PATIENCE_MS },
  ]);
}
