/** What verify, replay and rebuild share: a database to look at, whether Telltale runs or not. */
import type { ConnectOptions, Sql } from "../events/log/database.ts";
import { provideDatabase } from "../services/mod.ts";
import { type Config, UserError } from "./command.ts";

/**
 * Lends a connection to the log, and what a thread needs for one of its own: of the running Telltale where there is one, else of a database
 * started for as long as the work takes. An interruption ends the work, not the clean-up.
 */
export async function withLog<Result>(
  config: Config,
  name: string,
  work: (sql: Sql, signal: AbortSignal, database: ConnectOptions) => Promise<Result>,
): Promise<Result> {
  if (config.databaseUrl === undefined) await expectDataFolder(config.dataDir);
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort(new InterruptedError());
  Deno.addSignalListener("SIGINT", onSignal);
  Deno.addSignalListener("SIGTERM", onSignal);
  try {
    const database = await provideDatabase(config, { shared: true });
    try {
      const sql = database.connect(name);
      try {
        await expectLog(sql, database.description);
        interrupt.signal.throwIfAborted();
        // Work that does not look at the signal is left where it is; its transaction is undone.
        const { socket, url } = database;
        const again = { name, connectionsMax: 1, ...(socket ? { socket } : { url }) };
        const working = work(sql, interrupt.signal, again);
        return await Promise.race([working, rejectOn(interrupt.signal)]);
      } finally {
        await sql.end({ timeout: 5 });
      }
    } finally {
      await database.stop();
    }
  } finally {
    Deno.removeSignalListener("SIGINT", onSignal);
    Deno.removeSignalListener("SIGTERM", onSignal);
  }
}

/** Looking at a log must not be what makes an empty one. */
async function expectDataFolder(dataDir: string): Promise<void> {
  try {
    await Deno.stat(dataDir);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UserError(
      `There is no data folder "${dataDir}"; expected the one Telltale was started with (DATA_DIR)`,
      { cause: error },
    );
  }
}

async function expectLog(sql: Sql, description: string): Promise<void> {
  const [row] = await sql`select to_regclass('partitions') is not null as yes`;
  if (row?.yes === true) return;
  throw new UserError(`There is no log in ${description}: Telltale was never started on it`);
}

/** The user has had enough. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";

  constructor() {
    super("Interrupted before its end");
  }
}

export const INTERRUPTED = 130;

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

const encoder = new TextEncoder();

export function print(text: string): void {
  Deno.stdout.writeSync(encoder.encode(`${text}\n`));
}
