/**
 * Walks one partition of the log from its first batch to its last, and compares every byte with
 * the chain of hashes.
 *
 * Batches are read a page at a time, then the events of the page, then its quarantine. Each batch
 * is hashed onto the hash that is *stored* for the one before, so that one change is one finding
 * and not one for every batch that follows.
 */
import type { TransactionSql } from "../database.ts";
import type { PartitionPosition } from "../partitions.ts";
import { readBatches } from "./batches.ts";
import { hashEvents } from "./events.ts";
import { span } from "./findings.ts";
import type { BatchLine } from "./lines.ts";
import { type ChainAudit, type OpenBatch, PAGE_BATCHES } from "./page.ts";
import { hashQuarantine } from "./quarantine.ts";

/** Returns how many batches there are. Findings go where the audit says. */
export async function auditPartition(
  tx: TransactionSql,
  position: PartitionPosition,
  audit: ChainAudit,
): Promise<number> {
  const { partition } = position;
  let previous: BatchLine | undefined;
  let count = 0;
  for (let last = false; !last;) {
    audit.signal?.throwIfAborted();
    const batches = await readBatches(tx, partition, previous, audit);
    last = batches.length < PAGE_BATCHES;
    const page = { partition, batches, before: previous, last };
    await hashEvents(tx, page, audit);
    await hashQuarantine(tx, page, audit);
    for (const batch of batches) close(batch, partition, audit);
    previous = batches.at(-1) ?? previous;
    count += batches.length;
  }
  compareHead(position, previous, audit);
  return count;
}

/** Everything of the batch has been read: does it hash to what is stored? */
function close(batch: OpenBatch, partition: number, audit: ChainAudit): void {
  const { findings, accounting } = audit;
  accounting.reaches(partition, batch.epoch, batch.lastSequence);
  const about = {
    partition,
    batch: batch.batch,
    offset: batch.firstOffset,
    offsetLast: batch.lastOffset,
  };
  const where = `Partition ${partition}, batch ${batch.batch}`;
  for (const [from, to] of batch.repeats) {
    if (from < batch.firstSequence || to > batch.lastSequence) {
      findings.add({
        ...about,
        code: "sequence-out-of-place",
        epoch: batch.epoch,
        sequence: from,
        message:
          `${where}: repeats ${from}–${to} are not among its messages ${batch.firstSequence} to ${batch.lastSequence}`,
      });
      continue;
    }
    for (let sequence = from; sequence <= to; sequence++) {
      if (accounting.dealtWith(partition, batch.epoch, sequence)) continue;
      findings.add({
        ...about,
        code: "sequence-out-of-place",
        epoch: batch.epoch,
        sequence,
        message:
          `${where}: message ${sequence} is listed as a repeat, and is in the log otherwise as well`,
      });
    }
  }
  if (batch.quarantine !== batch.quarantined) {
    findings.add({
      ...about,
      code: "quarantine-missing",
      message:
        `${where}: expected ${batch.quarantined} quarantined messages, found ${batch.quarantine}`,
    });
  }
  const hash = batch.sha256.digest("hex");
  if (hash !== batch.hash) {
    findings.add({
      ...about,
      code: "batch-changed",
      message: `${where} (${
        batch.lastOffset < batch.firstOffset
          ? "no events"
          : span("offset", batch.firstOffset, batch.lastOffset)
      }): expected hash ${short(batch.hash)}, its bytes hash to ${short(hash)}`,
    });
  }
  const witnessed = audit.witnessed.get(batch.batch);
  if (witnessed !== undefined && witnessed !== batch.hash) {
    findings.add({
      ...about,
      code: "witness-differs",
      message: `${where}: expected hash ${witnessed}, as written down earlier; found ${batch.hash}`,
    });
  }
}

/** The partition's own row must stand exactly where the last batch ends. */
function compareHead(
  position: PartitionPosition,
  last: BatchLine | undefined,
  { findings }: ChainAudit,
): void {
  const { partition } = position;
  const said = {
    batch: position.batch,
    offset: position.offset,
    epoch: position.epoch,
    sequence: position.sequence,
    hash: Uint8Array.from(position.hash).toHex(),
  };
  const found = {
    batch: last?.batch ?? 0,
    offset: last?.lastOffset ?? 0,
    epoch: last?.epoch ?? 0,
    sequence: last?.lastSequence ?? 0,
    hash: last?.hash ?? "",
  };
  for (const key of Object.keys(said) as (keyof typeof said)[]) {
    if (said[key] === found[key]) continue;
    findings.add({
      code: "head-differs",
      partition,
      batch: found.batch,
      offset: Math.min(said.offset, found.offset) + 1,
      message: `Partition ${partition}: its row says ${key} ${
        said[key]
      }, the last batch of the log says ${found[key]}`,
    });
  }
}

function short(hash: string): string {
  return hash === "" ? "(none)" : `${hash.slice(0, 16)}…`;
}
