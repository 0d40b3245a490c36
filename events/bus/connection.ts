/** The door to NATS. */
import { connect, type NatsConnection } from "@nats-io/transport-node";

export type { NatsConnection } from "@nats-io/transport-node";

/** Connects and stays connected: a broker that goes away is tried again until `close`. */
export function connectBus(url: string, name: string): Promise<NatsConnection> {
  return connect({
    servers: url.split(","),
    name: `telltale ${name}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 100,
    pingInterval: 10_000,
    maxPingOut: 3,
    // Many publishes may be under way at once; a lost connection must fail them, not queue them.
    timeout: 10_000,
  });
}

/**
 * Whether the broker answers now. What is asked while a connection is being made again is lost
 * without a word; whoever asks first waits for seconds less.
 */
export async function answers(connection: NatsConnection, withinMs: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), withinMs);
  try {
    return await Promise.race([connection.rtt().then(() => true, () => false), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
