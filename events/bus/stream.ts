/** The JetStream stream all devices speak into: made once, never throwing away what is unread. */
import {
  DiscardPolicy,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import { messageOf } from "../errors.ts";
import { parseInstant } from "../instant.ts";
import type { NatsConnection } from "./connection.ts";
import { ALL_SUBJECTS, STREAM_NAME } from "./subjects.ts";

/** How much may wait for the log before publishers are told to come back later. */
const BYTES_MAX = 2 * 1024 ** 3;
/**
 * And how many messages. Before 2.10, nats-server forgets its own 50 bytes a message when it looks
 * whether one more fits, and throws old ones away for it, small ones for ever; this limit is exact.
 */
const MESSAGES_MAX = BYTES_MAX / 256;

/** JetStream drops a repeated Nats-Msg-Id inside this window; the actors recognise later ones. */
const DUPLICATE_WINDOW_NS = 120 * 1_000_000_000;

/** `subject_transform` appeared in this version. */
const TRANSFORM_SINCE = [2, 10];

/** The broker cannot do what the configuration asks. The message is for the user. */
export class BrokerUnsuitableError extends Error {
  override readonly name = "BrokerUnsuitableError";
}

export function serverVersion(connection: NatsConnection): string {
  return connection.info?.version ?? "unknown";
}

export function managerOf(connection: NatsConnection): Promise<JetStreamManager> {
  return jetstreamManager(connection, { timeout: 10_000 });
}

/** Makes the stream where there is none, and checks one that is there. */
export async function ensureStream(
  connection: NatsConnection,
  manager: JetStreamManager,
  partitions: number,
): Promise<StreamInfo> {
  if (partitions > 1) requireTransform(connection, partitions);
  const found = await streamInfo(manager);
  if (found) return check(found, partitions);

  const config: Partial<StreamConfig> & { name: string } = {
    name: STREAM_NAME,
    subjects: [ALL_SUBJECTS],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_bytes: BYTES_MAX,
    max_msgs: MESSAGES_MAX,
    duplicate_window: DUPLICATE_WINDOW_NS,
    ...(partitions > 1 ? { subject_transform: transformOf(partitions) } : {}),
  };
  try {
    return await manager.streams.add(config);
  } catch (error) {
    throw new BrokerUnsuitableError(
      `Cannot create JetStream stream "${STREAM_NAME}" (${
        BYTES_MAX / 1024 ** 3
      } GiB, file storage): ${messageOf(error)}`,
      { cause: error },
    );
  }
}

export async function streamInfo(manager: JetStreamManager): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(STREAM_NAME);
  } catch (error) {
    if (error instanceof Error && /stream not found/i.test(error.message)) return undefined;
    throw error;
  }
}

function check(info: StreamInfo, partitions: number): StreamInfo {
  const { config } = info;
  if (config.discard !== DiscardPolicy.New) {
    throw new BrokerUnsuitableError(
      `JetStream stream "${STREAM_NAME}" discards old messages when full; Telltale needs "discard: new", or unread messages could be lost`,
    );
  }
  const wanted = partitions > 1 ? transformOf(partitions).dest : undefined;
  if (config.subject_transform?.dest !== wanted) {
    throw new BrokerUnsuitableError(
      `JetStream stream "${STREAM_NAME}" was made for another number of partitions than PARTITIONS=${partitions}`,
    );
  }
  return info;
}

function transformOf(partitions: number): { src: string; dest: string } {
  return {
    src: "devices.*.*.*",
    dest:
      `p.{{partition(${partitions},1,2)}}.devices.{{wildcard(1)}}.{{wildcard(2)}}.{{wildcard(3)}}`,
  };
}

function requireTransform(connection: NatsConnection, partitions: number): void {
  const [major = 0, minor = 0] = serverVersion(connection).split(".").map(Number);
  const [needMajor = 0, needMinor = 0] = TRANSFORM_SINCE;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  throw new BrokerUnsuitableError(
    `PARTITIONS=${partitions} needs nats-server 2.10 or newer (subject_transform); this one is ${
      serverVersion(connection)
    }. Use PARTITIONS=1 or a newer server`,
  );
}

/** How full the stream is, from 0 to 1, by bytes or by messages; 0 where it has no limit. */
export function fullness({ state, config }: StreamInfo): number {
  const { max_bytes, max_msgs } = config;
  return Math.max(
    max_bytes > 0 ? state.bytes / max_bytes : 0,
    max_msgs > 0 ? state.messages / max_msgs : 0,
  );
}

/** Forgets messages below a sequence: they are in the log. */
export async function trimBelow(manager: JetStreamManager, sequence: number): Promise<number> {
  const { purged } = await manager.streams.purge(STREAM_NAME, { seq: sequence });
  return purged;
}

/**
 * The first stored message from a sequence on that a filter matches; undefined where there is none.
 * For several partitions only: it needs a broker that can have them.
 */
export async function nextSequence(
  manager: JetStreamManager,
  from: number,
  filter: string,
): Promise<number | undefined> {
  const query = { seq: from, next_by_subj: filter };
  return (await manager.streams.getMessage(STREAM_NAME, query))?.seq;
}

/** The broker's timestamp of a stored message, in microseconds; undefined where it is gone. */
export async function messageTimeUs(
  manager: JetStreamManager,
  sequence: number,
): Promise<number | undefined> {
  if (sequence < 1) return undefined;
  const message = await manager.streams.getMessage(STREAM_NAME, { seq: sequence });
  const ms = message ? parseInstant(message.timestamp) : undefined;
  return ms === undefined ? undefined : Math.round(ms * 1000);
}
