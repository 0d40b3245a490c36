/** The batches of a page: each row against its neighbour, and the beginning of its hash. */
import { createHash } from "node:crypto";
import type { TransactionSql } from "../database.ts";
import { BATCH_COLUMNS } from "../rows.ts";
import { copyLines } from "./copy_lines.ts";
import { span } from "./findings.ts";
import { type BatchLine, readBatch } from "./lines.ts";
import { type ChainAudit, type OpenBatch, PAGE_BATCHES } from "./page.ts";

export async function readBatches(
  tx: TransactionSql,
  partition: number,
  before: BatchLine | undefined,
  audit: ChainAudit,
): Promise<OpenBatch[]> {
  const page: OpenBatch[] = [];
  let previous = before;
  await copyLines(
    tx,
    `select ${BATCH_COLUMNS}, hash from batches
     where partition = ${partition} and batch > ${previous?.batch ?? "-9223372036854775808"}
     order by batch limit ${PAGE_BATCHES}`,
    (line) => {
      const batch = readBatch(line);
      compareNeighbours(batch, previous, partition, audit);
      const sha256 = createHash("sha256");
      sha256.update(previous?.hash ?? "", "hex");
      sha256.update(batch.bytes);
      page.push({ ...batch, sha256, events: 0, quarantine: 0, sequence: undefined });
      previous = batch;
    },
  );
  return page;
}

/** What a batch's own row must say, given the row before it. */
function compareNeighbours(
  batch: BatchLine,
  previous: BatchLine | undefined,
  partition: number,
  { findings }: ChainAudit,
): void {
  const expected = (previous?.batch ?? 0) + 1;
  const firstOffset = (previous?.lastOffset ?? 0) + 1;
  const where = `Partition ${partition}, batch ${batch.batch}`;
  if (batch.batch !== expected) {
    findings.add({
      code: "batch-missing",
      partition,
      batch: expected,
      offset: firstOffset,
      offsetLast: batch.firstOffset - 1,
      message: `Partition ${partition}: expected batch ${expected}, found ${batch.batch}${
        batch.firstOffset > firstOffset
          ? ` (${span("offset", firstOffset, batch.firstOffset - 1)} belong to what is missing)`
          : ""
      }`,
    });
  }
  const outOfLine = (what: string) =>
    findings.add({
      code: "batch-out-of-line",
      partition,
      batch: batch.batch,
      offset: batch.firstOffset,
      offsetLast: batch.lastOffset,
      message: `${where}: ${what}`,
    });
  if (batch.firstOffset !== firstOffset && batch.batch === expected) {
    outOfLine(`expected first offset ${firstOffset}, found ${batch.firstOffset}`);
  }
  if (batch.lastOffset < batch.firstOffset - 1) {
    outOfLine(`ends at offset ${batch.lastOffset}, before it begins at ${batch.firstOffset}`);
  }
  if (batch.epoch < (previous?.epoch ?? 0)) {
    outOfLine(`expected epoch ${previous?.epoch} or later, found ${batch.epoch}`);
  }
  if (batch.epoch === previous?.epoch && batch.firstSequence <= previous.lastSequence) {
    outOfLine(
      `expected messages after ${previous.lastSequence}, found ${batch.firstSequence} to ${batch.lastSequence}`,
    );
  }
}
