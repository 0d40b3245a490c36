/** Where a fault test happens: one data folder and its ports, on which Telltale starts and ends. */
import { freePort, temporaryFolder } from "../support/servers.ts";
import { discardDataFolder, type RunningTelltale, startTelltale } from "../support/telltale.ts";
import { type Load, startLoad } from "./load.ts";
import { type OwnPostgres, ownPostgres } from "./own_postgres.ts";
import { caughtUp } from "./promises.ts";

export interface Place {
  readonly dataDir: string;
  /** Where its database is somebody else's to start. */
  readonly databaseUrl?: string;
  /** The one before has ended, by whatever end. */
  start(): Promise<RunningTelltale>;
}

export interface PlaceOptions {
  /** Added to Telltale's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** A folder made for it by the caller. */
  readonly dataDir?: string;
}

/** Whatever becomes of the test, nothing runs in the folder afterwards, and it is gone. */
export async function inPlace(
  test: (place: Place) => Promise<void>,
  options: PlaceOptions = {},
): Promise<void> {
  const dataDir = options.dataDir ?? await temporaryFolder();
  const env = { PORT: String(freePort()), NATS_PORT: String(freePort()), ...options.env };
  let telltale: RunningTelltale | undefined;
  try {
    await test({
      dataDir,
      async start() {
        return telltale = await startTelltale({ dataDir, env });
      },
    });
  } finally {
    await telltale?.kill9();
    await discardDataFolder(dataDir);
  }
}

/** The same on a database that the test starts and kills itself. */
export async function onOwnPostgres(
  test: (place: Place, postgres: OwnPostgres) => Promise<void>,
): Promise<void> {
  const postgres = await ownPostgres();
  const { url: databaseUrl } = postgres;
  await inPlace((place) => test({ ...place, databaseUrl }, postgres), {
    env: { DATABASE_URL: databaseUrl },
  }).finally(postgres.discard);
}

export interface Speaking {
  /** Happens while they speak, before the last of their messages. */
  readonly meanwhile?: (load: Load) => Promise<void>;
  /** An earlier load, to go on where that stopped. */
  readonly after?: Load;
}

/** Devices speak until, all else having happened, so many more messages are acknowledged. */
export async function underLoad(
  { natsUrl }: RunningTelltale,
  more: number,
  { meanwhile = () => Promise.resolve(), after }: Speaking = {},
): Promise<Load> {
  const load = await startLoad(natsUrl, after);
  try {
    await meanwhile(load);
    await load.reach(more);
  } finally {
    await load.stop();
  }
  return load;
}

/** The same, and then the log and its projections have it all. */
export async function takenIn(
  telltale: RunningTelltale,
  more: number,
  speaking?: Speaking,
): Promise<Load> {
  const load = await underLoad(telltale, more, speaking);
  await caughtUp(telltale);
  return load;
}
