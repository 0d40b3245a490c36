/** The database, wherever it is: the user's own, or the one Telltale starts. */
import { connect, type Sql } from "../events/log/database.ts";
import { DataFolderHeldError, startIn } from "./data_folder.ts";
import { messageOf, ServiceError } from "./errors.ts";
import { findPostgres, startPostgres } from "./postgres.ts";
import { DATABASE, USER } from "./postgres_cluster.ts";
import { pause } from "./process.ts";
import type { ServiceEvent } from "./supervisor.ts";

export interface DatabaseSettings {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
}

export interface ProvideOptions {
  /** Be content with the server of a Telltale that runs on the same data folder, and leave it be. */
  readonly shared?: boolean;
  readonly onEvent?: (event: ServiceEvent) => void;
}

export interface Socket {
  readonly path: string;
  readonly user: string;
  readonly database: string;
}

export interface ProvidedDatabase {
  /** For people; holds no password. */
  readonly description: string;
  /** Started, supervised and stopped by us. */
  readonly managed: boolean;
  /** Was left running by an earlier Telltale. */
  readonly adopted: boolean;
  readonly url: string | undefined;
  readonly socket: Socket | undefined;
  connect(name: string, connectionsMax?: number): Sql;
  /** Stops what we started; connections have to be closed before. */
  stop(): Promise<void>;
}

const VERSION_MIN = 15;
const SHARED_WITHIN_MS = 15_000;

/** Resolves when the database answers. Throws ServiceError. */
export async function provideDatabase(
  settings: DatabaseSettings,
  options: ProvideOptions = {},
): Promise<ProvidedDatabase> {
  if (settings.databaseUrl !== undefined) return await useOwn(settings.databaseUrl);
  try {
    return await startManaged(settings.dataDir, options.onEvent);
  } catch (error) {
    if (options.shared && error instanceof DataFolderHeldError) {
      return await shareRunning(settings.dataDir, error);
    }
    throw error;
  }
}

async function useOwn(url: string): Promise<ProvidedDatabase> {
  const sql = connect({ url, name: "check", connectionsMax: 1 });
  try {
    const [row] = await sql<{ version: number; text: string; recovering: boolean }[]>`
      select current_setting('server_version_num')::integer as version,
        current_setting('server_version') as text,
        pg_is_in_recovery() as recovering`;
    if (!row || row.version < VERSION_MIN * 10_000) {
      throw new ServiceError(
        `Cannot use the database at DATABASE_URL (${withoutPassword(url)}): it is PostgreSQL ${
          row?.text ?? "of no known version"
        }, Telltale needs ${VERSION_MIN} or newer`,
      );
    }
    if (row.recovering) {
      throw new ServiceError(
        `Cannot use the database at DATABASE_URL (${
          withoutPassword(url)
        }): it is a read-only standby`,
      );
    }
    return {
      description: `PostgreSQL ${row.text} at ${withoutPassword(url)}`,
      managed: false,
      adopted: false,
      url,
      socket: undefined,
      connect: (name, connectionsMax) =>
        connect({ url, name, ...(connectionsMax === undefined ? {} : { connectionsMax }) }),
      stop: () => Promise.resolve(),
    };
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new ServiceError(
      `Cannot reach the database at DATABASE_URL (${withoutPassword(url)}): ${reasonOf(error)}`,
      { cause: error },
    );
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function startManaged(
  dataDir: string,
  onEvent: ProvideOptions["onEvent"],
): Promise<ProvidedDatabase> {
  return startIn(dataDir, async (folder) => {
    const { socketFolder, version, adopted, stop } = await startPostgres(folder, onEvent);
    const description = `PostgreSQL ${version} in ${folder}/postgres`;
    return { ...onSocket(socketFolder), description, managed: true, adopted, stop };
  });
}

/** The other Telltale may be starting or stopping just now. */
async function shareRunning(
  dataDir: string,
  heldBy: DataFolderHeldError,
): Promise<ProvidedDatabase> {
  const deadline = performance.now() + SHARED_WITHIN_MS;
  while (performance.now() < deadline) {
    const socketFolder = await findPostgres(dataDir);
    if (socketFolder !== undefined) {
      return {
        ...onSocket(socketFolder),
        description: `PostgreSQL of the Telltale that runs on ${dataDir}`,
        managed: false,
        adopted: false,
        stop: () => Promise.resolve(),
      };
    }
    await pause(100);
  }
  throw heldBy;
}

function onSocket(
  folder: string,
): Pick<ProvidedDatabase, "url" | "socket" | "connect"> {
  const socket = { path: `${folder}/.s.PGSQL.5432`, user: USER, database: DATABASE };
  return {
    url: undefined,
    socket,
    connect: (name, connectionsMax) =>
      connect({ socket, name, ...(connectionsMax === undefined ? {} : { connectionsMax }) }),
  };
}

/** A URL that can be shown. One that cannot be read may hold its password anywhere. */
export function withoutPassword(url: string): string {
  try {
    const { protocol, username, host, pathname } = new URL(url);
    return `${protocol}//${username ? `${username}@` : ""}${host}${pathname}`;
  } catch {
    return "unreadable";
  }
}

function reasonOf(error: unknown): string {
  const code = (error as { code?: string }).code;
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "ENOTFOUND") return "no such host";
  if (code === "CONNECT_TIMEOUT") return "no answer within 10 s";
  return messageOf(error);
}
