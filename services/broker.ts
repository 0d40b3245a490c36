/** The broker, wherever it is: the user's own, or the one Telltale starts. */
import { connectBus } from "../events/bus/connection.ts";
import { managerOf, serverVersion } from "../events/bus/stream.ts";
import { startIn } from "./data_folder.ts";
import { withoutPassword } from "./database.ts";
import { messageOf, ServiceError } from "./errors.ts";
import { startNats } from "./nats_server.ts";
import type { ServiceEvent } from "./supervisor.ts";

export interface BrokerSettings {
  readonly dataDir: string;
  readonly natsUrl: string | undefined;
  readonly natsPort: number;
}

export interface ProvidedBroker {
  readonly url: string;
  /** For people; holds no password. */
  readonly description: string;
  readonly version: string;
  /** Started, supervised and stopped by us. */
  readonly managed: boolean;
  /** Was left running by an earlier Telltale. */
  readonly adopted: boolean;
  /** Stops what we started. */
  stop(): Promise<void>;
}

/** Resolves when the broker answers. Throws ServiceError. */
export async function provideBroker(
  settings: BrokerSettings,
  onEvent?: (event: ServiceEvent) => void,
): Promise<ProvidedBroker> {
  if (settings.natsUrl !== undefined) return await useOwn(settings.natsUrl);
  return await startIn(settings.dataDir, async (folder) => {
    const { url, version, adopted, stop } = await startNats(folder, settings.natsPort, onEvent);
    const description = `nats-server ${version} at ${url}`;
    return { url, description, version, managed: true, adopted, stop };
  });
}

async function useOwn(url: string): Promise<ProvidedBroker> {
  const shown = url.split(",").map(withoutPassword).join(",");
  const version = await check(url, shown);
  return {
    url,
    description: `nats-server ${version} at ${shown}`,
    version,
    managed: false,
    adopted: false,
    stop: () => Promise.resolve(),
  };
}

async function check(url: string, shown: string): Promise<string> {
  let connection;
  try {
    connection = await connectBus(url, "check");
  } catch (error) {
    throw new ServiceError(`Cannot reach the broker at NATS_URL (${shown}): ${messageOf(error)}`, {
      cause: error,
    });
  }
  try {
    await (await managerOf(connection)).getAccountInfo();
    return serverVersion(connection);
  } catch (error) {
    throw new ServiceError(
      `Cannot use the broker at NATS_URL (${shown}): JetStream does not answer (${
        messageOf(error)
      }). Start nats-server with --jetstream`,
      { cause: error },
    );
  } finally {
    await connection.close();
  }
}
