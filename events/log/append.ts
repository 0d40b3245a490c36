/**
 * Appends one batch of one partition: all of it or none, and only by its owner.
 *
 * One transaction moves the partition's row from the batch the writer believes in to the next
 * (compare-and-set), and writes the events and the quarantine. Whoever was replaced as the owner
 * changes no row there, and so writes nothing at all. That single comparison gives exactly-once
 * effects, gapless offsets and consistent versions.
 */
import { copyIn } from "./copy.ts";
import type { Sql, TransactionSql } from "./database.ts";
import { sqlInstant } from "./database.ts";
import {
  batchLine,
  type BatchRow,
  chainHash,
  EVENT_COLUMNS,
  multirange,
  QUARANTINE_COLUMNS,
  quarantineLine,
  type QuarantineRow,
} from "./rows.ts";

/** A batch as it will be stored, and where the partition stands after it. */
export interface PreparedBatch {
  readonly row: BatchRow;
  /** The events' COPY lines (`rows.ts`), in order of offset; empty for none. Given away. */
  readonly events: Uint8Array<ArrayBuffer>;
  readonly quarantine: readonly QuarantineRow[];
  /** The broker's timestamp of the message at `row.lastSequence`, microseconds. */
  readonly sequenceTimeUs: number;
  readonly streamCreated: string;
}

/** Somebody else has appended to this partition: this writer owns it no longer. */
export class PartitionLostError extends Error {
  override readonly name = "PartitionLostError";

  constructor(readonly partition: number, readonly batch: number) {
    super(
      `Cannot append batch ${batch} to partition ${partition}: another writer has moved it on; this one stops`,
    );
  }
}

const encoder = new TextEncoder();

/** The batch as the bytes that are hashed and stored. Made where it was decided, to be handed over. */
export interface EncodedBatch extends Omit<PreparedBatch, "quarantine"> {
  readonly quarantine: Uint8Array<ArrayBuffer>;
}

export function encode({ quarantine, ...rest }: PreparedBatch): EncodedBatch {
  return {
    ...rest,
    quarantine: encoder.encode(quarantine.map(quarantineLine).join("")),
  };
}

/** The batch, hashed onto the one before it. */
export interface SealedBatch extends EncodedBatch {
  readonly hash: Uint8Array;
}

export async function seal(previousHash: Uint8Array, batch: EncodedBatch): Promise<SealedBatch> {
  const line = encoder.encode(batchLine(batch.row));
  return { ...batch, hash: await chainHash(previousHash, line, batch.events, batch.quarantine) };
}

/** Resolves when the batch is on disk. Throws PartitionLostError. */
export async function append(sql: Sql, batch: SealedBatch): Promise<void> {
  const { row } = batch;
  await sql.begin(async (tx) => {
    if (!await advance(tx, batch)) throw new PartitionLostError(row.partition, row.batch);
    if (batch.events.length > 0) await copyIn(tx, "events", EVENT_COLUMNS, batch.events);
    if (batch.quarantine.length > 0) {
      await copyIn(tx, "quarantine", QUARANTINE_COLUMNS, batch.quarantine);
    }
  });
}

/** Moves the partition and records the batch, in one statement; false if it was not ours to move. */
async function advance(tx: TransactionSql, batch: SealedBatch): Promise<boolean> {
  const { row, sequenceTimeUs, streamCreated, hash } = batch;
  const moved = await tx`
    with moved as (
      update partitions set
        batch = ${row.batch},
        "offset" = ${row.lastOffset},
        epoch = ${row.epoch},
        sequence = ${row.lastSequence},
        sequence_time_us = ${sequenceTimeUs},
        stream_created = ${streamCreated},
        hash = ${hash}
      where partition = ${row.partition} and batch = ${row.batch - 1}
      returning partition
    )
    insert into batches
      (partition, batch, first_offset, last_offset, epoch, first_sequence, last_sequence,
       repeats, quarantined, recorded_at, hash)
    select ${row.partition}::integer, ${row.batch}::bigint, ${row.firstOffset}::bigint,
      ${row.lastOffset}::bigint, ${row.epoch}::integer, ${row.firstSequence}::bigint,
      ${row.lastSequence}::bigint, ${multirange(row.repeats)}::int8multirange,
      ${row.quarantined}::integer, ${sqlInstant(row.recordedAt)}::timestamptz, ${hash}::bytea
    from moved`;
  return moved.count === 1;
}
