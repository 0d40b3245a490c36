/**
 * Joins a partition's checkpoint to what the broker shows now (`events/bus/resume.ts` decides),
 * and says in the log what is missing or has changed.
 */
import type { JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "../../events/bus/connection.ts";
import type { StartAt } from "../../events/bus/follower.ts";
import { type MissingRange, type Resume, resumeFrom } from "../../events/bus/resume.ts";
import { ensureStream, messageTimeUs, streamInfo } from "../../events/bus/stream.ts";
import type { PartitionPosition } from "../../events/log/partitions.ts";
import type { BatchBuilder } from "./batch.ts";
import { type Registry, systemStream } from "./registry.ts";

export interface Bus {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly partitions: number;
}

export interface Joint {
  readonly resume: Resume;
  /** Where to begin reading. */
  readonly start: StartAt;
  /** When the broker says it created the stream. */
  readonly created: string;
}

export async function joinHistory(bus: Bus, at: PartitionPosition): Promise<Joint> {
  // Somebody may have deleted the stream; what comes next must have a place to go.
  const info = await streamInfo(bus.manager) ??
    await ensureStream(bus.connection, bus.manager, bus.partitions);
  const resume = resumeFrom(at, {
    created: info.created,
    firstSequence: info.state.first_seq,
    lastSequence: info.state.last_seq,
    timeAtCheckpointUs: await messageTimeUs(bus.manager, at.sequence),
  });
  const start = resume.from === "sequence"
    ? { sequence: resume.sequence }
    : { afterUs: resume.afterUs };
  return { resume, start, created: info.created };
}

export interface Rebased {
  /** The checkpoint in the broker's present history. */
  readonly position: PartitionPosition;
  /** Records what changed; absent where nothing did. */
  readonly record?: (builder: BatchBuilder, actors: Registry, now: number) => void;
}

/** `startsAfter`: the sequence before the first one the follower delivers. */
export async function rebase(
  { manager }: Bus,
  at: PartitionPosition,
  { resume, created }: Joint,
  startsAfter: number,
): Promise<Rebased> {
  if (resume.from === "sequence") {
    const { sequence, missing } = resume;
    if (!missing) return { position: at };
    return {
      position: { ...at, sequence: sequence - 1, sequenceTimeUs: 0 },
      record: (builder, actors, now) => recordMissing(builder, actors, at.partition, missing, now),
    };
  }
  const position = {
    ...at,
    epoch: at.epoch + 1,
    sequence: startsAfter,
    sequenceTimeUs: await messageTimeUs(manager, startsAfter) ?? 0,
  };
  const data = {
    why: resume.why,
    sequenceBefore: at.sequence,
    streamCreatedBefore: at.streamCreated,
    epoch: position.epoch,
    sequence: startsAfter,
    streamCreated: created,
  };
  return {
    position,
    record: (builder, actors, now) => {
      const actor = actors.actor(systemStream(at.partition));
      builder.record(actor, { type: "BrokerHistoryChanged", data, occurredAt: now }, {});
    },
  };
}

export function recordMissing(
  builder: BatchBuilder,
  actors: Registry,
  partition: number,
  missing: MissingRange,
  now: number,
): void {
  const actor = actors.actor(systemStream(partition));
  builder.record(actor, { type: "MessagesMissing", data: { ...missing }, occurredAt: now }, {});
}
