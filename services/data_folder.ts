/**
 * The data folder belongs to one Telltale at a time.
 *
 * The lock is the operating system's, so it goes with the process that held it, however that
 * ended. Within one process whoever needs the folder holds it, and the last to release it lets go.
 */
import { join } from "node:path";
import { messageOf, ServiceError } from "./errors.ts";

/** Another process holds the folder. */
export class DataFolderHeldError extends ServiceError {}

export interface DataFolder {
  readonly path: string;
  release(): void;
}

const held = new Map<string, { file: Deno.FsFile; holders: number }>();

/** Makes the folder where there is none, and takes it. Throws ServiceError; never waits. */
export function lockDataFolder(folder: string): DataFolder {
  const path = makeFolder(folder);
  const known = held.get(path);
  if (known) known.holders++;
  else held.set(path, { file: lock(path), holders: 1 });

  let released = false;
  return {
    path,
    release() {
      if (released) return;
      released = true;
      const holding = held.get(path);
      if (!holding || --holding.holders > 0) return;
      held.delete(path);
      holding.file.close();
    },
  };
}

/** Starts a server in the data folder, which is held for as long as that runs. */
export async function startIn<Server extends { stop(): Promise<void> }>(
  dataDir: string,
  start: (path: string) => Promise<Server>,
): Promise<Server> {
  const folder = lockDataFolder(dataDir);
  try {
    const server = await start(folder.path);
    return {
      ...server,
      async stop() {
        await server.stop();
        folder.release();
      },
    };
  } catch (error) {
    folder.release();
    throw error;
  }
}

function makeFolder(folder: string): string {
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o755 });
    return Deno.realPathSync(folder);
  } catch (error) {
    throw unusable(folder, error);
  }
}

function lock(path: string): Deno.FsFile {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(join(path, "lock"), { read: true, write: true, create: true });
  } catch (error) {
    throw unusable(path, error);
  }
  if (file.tryLockSync(true)) {
    file.truncateSync();
    file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
    return file;
  }
  file.close();
  const pid = Deno.readTextFileSync(join(path, "lock")).trim();
  throw new DataFolderHeldError(
    `Cannot use the data folder "${path}": another Telltale (pid ${
      pid || "unknown"
    }) is using it. Stop that one, or set DATA_DIR to another folder`,
  );
}

function unusable(path: string, error: unknown): ServiceError {
  return new ServiceError(
    `Cannot write to the data folder "${path}": ${
      messageOf(error)
    }. Set DATA_DIR to a folder that can be written to`,
    { cause: error },
  );
}
