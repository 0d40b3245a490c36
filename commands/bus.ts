/** What simulate and import share: the bus of a Telltale that runs. */
import { connectBus, type NatsConnection } from "../events/bus/connection.ts";
import { managerOf, streamInfo } from "../events/bus/stream.ts";
import { messageOf } from "../events/errors.ts";
import { type Config, UserError } from "./command.ts";

/** Throws UserError where nobody listens, or nobody ever did. */
export async function connectToRunning(config: Config, name: string): Promise<NatsConnection> {
  const url = config.natsUrl ?? `nats://127.0.0.1:${config.natsPort}`;
  let connection: NatsConnection;
  try {
    connection = await connectBus(url, name);
  } catch (error) {
    throw new UserError(
      `Cannot reach a NATS server at ${withoutPassword(url)}: ${
        messageOf(error)
      }. Start Telltale first (./telltale start), or name your server in NATS_URL`,
      { cause: error },
    );
  }
  try {
    if (await streamInfo(await managerOf(connection))) return connection;
    throw new UserError(
      `Cannot publish to ${
        withoutPassword(url)
      }: it has no JetStream stream DEVICES. Telltale makes it when it starts (./telltale start)`,
    );
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function withoutPassword(url: string): string {
  return url.replaceAll(/\/\/[^@/]*@/g, "//");
}
