/**
 * Proves the log whole: nothing changed, nothing missing, nothing added, nothing in another order.
 *
 * Everything is read in one repeatable-read transaction, so a running server may go on writing.
 * What a thief who may write everything could still do is to cut the end off consistently, or to
 * compute every hash anew: against that, compare with a hash that was written down elsewhere
 * (`witnesses`).
 */
import { auditPartition } from "./audit/chain.ts";
import { type Accounted, createAccounting } from "./audit/accounting.ts";
import { collectFindings, type Finding, type Findings } from "./audit/findings.ts";
import type { Sql, TransactionSql } from "./database.ts";
import type { PartitionPosition } from "./partitions.ts";

export type { Accounted } from "./audit/accounting.ts";
export type { Finding, FindingCode } from "./audit/findings.ts";

/** The hash of a batch, as somebody wrote it down when it was the last. */
export interface Witness {
  readonly partition: number;
  readonly batch: number;
  readonly hash: string;
}

export interface VerifyProgress {
  readonly events: number;
  /** Events the log says it has. */
  readonly total: number;
}

export interface VerifyOptions {
  readonly onProgress?: (progress: VerifyProgress) => void;
  readonly signal?: AbortSignal;
  readonly witnesses?: readonly Witness[];
  /** How many findings to describe; all are counted. @default 20 */
  readonly findingsMax?: number;
}

export interface Verification {
  readonly ok: boolean;
  readonly events: number;
  readonly batches: number;
  readonly streams: number;
  readonly seconds: number;
  /** Where each partition ends: what an auditor may write down. */
  readonly heads: readonly Witness[];
  /** The messages proved to be accounted for; undefined where no claim can be made. */
  readonly accounted: readonly Accounted[] | undefined;
  readonly findings: readonly Finding[];
  readonly findingsCount: number;
}

export async function verify(sql: Sql, options: VerifyOptions = {}): Promise<Verification> {
  const started = performance.now();
  const findings = collectFindings(options.findingsMax ?? 20);
  const versions = new Map<string, number>();
  const proved = await sql.begin("isolation level repeatable read read only", async (tx) => {
    await tx`set local timezone = 'UTC'`;
    await tx`set local datestyle = 'ISO'`;
    await tx`set local bytea_output = 'hex'`;
    // Read once in order: plans that gather and sort everything first would need disk and time.
    await tx`set local enable_sort = off`;
    const positions = await readPositions(tx);
    const accounting = createAccounting(positions.map(({ partition }) => partition));
    const total = positions.reduce((sum, { offset }) => sum + offset, 0);
    let events = 0;
    let batches = 0;
    for (const position of positions) {
      batches += await auditPartition(tx, position, {
        findings,
        accounting,
        versions,
        witnessed: witnessedOf(position.partition, options.witnesses ?? []),
        onEvents(more) {
          events += more;
          options.onProgress?.({ events, total });
        },
        signal: options.signal,
      });
    }
    await findUnknownPartitions(tx, positions, findings);
    await findReadersAhead(tx, findings);
    findUnheardWitnesses(positions, options.witnesses ?? [], findings);
    return { events, batches, positions, accounted: accounting.conclude(findings) };
  });
  return {
    ok: findings.count === 0,
    events: proved.events,
    batches: proved.batches,
    streams: versions.size,
    seconds: (performance.now() - started) / 1000,
    heads: proved.positions.map(({ partition, batch, hash }) => ({
      partition,
      batch,
      hash: Uint8Array.from(hash).toHex(),
    })),
    accounted: proved.accounted,
    findings: findings.list,
    findingsCount: findings.count,
  };
}

async function readPositions(tx: TransactionSql): Promise<PartitionPosition[]> {
  const rows = await tx`
    select partition, batch, "offset", epoch, sequence, sequence_time_us as "sequenceTimeUs",
      stream_created as "streamCreated", hash
    from partitions order by partition`;
  return rows as unknown as PartitionPosition[];
}

function witnessedOf(partition: number, witnesses: readonly Witness[]): Map<number, string> {
  return new Map(
    witnesses
      .filter((witness) => witness.partition === partition)
      .map(({ batch, hash }) => [batch, hash.toLowerCase()]),
  );
}

/** A batch somebody saw is gone: the log was cut off before it. */
function findUnheardWitnesses(
  positions: readonly PartitionPosition[],
  witnesses: readonly Witness[],
  findings: Findings,
): void {
  for (const { partition, batch } of witnesses) {
    const last = positions.find((position) => position.partition === partition)?.batch ?? 0;
    if (batch <= last) continue;
    findings.add({
      code: "witness-differs",
      partition,
      batch,
      message: `Partition ${partition}: batch ${batch} was seen earlier, the log ends at ${last}`,
    });
  }
}

/** Partitions are numbered from 0; rows of any other belong to nobody. */
async function findUnknownPartitions(
  tx: TransactionSql,
  positions: readonly PartitionPosition[],
  findings: Findings,
): Promise<void> {
  const known = new Set(positions.map(({ partition }) => partition));
  for (const table of ["events", "batches", "quarantine"]) {
    // A step per partition that occurs, along the primary key, instead of a look at every row.
    const rows = await tx`
      with recursive found(partition) as (
        (select min(partition) from ${tx(table)})
        union all
        select (select min(partition) from ${tx(table)} rows where rows.partition > found.partition)
        from found where found.partition is not null
      )
      select partition from found where partition is not null`;
    for (const { partition } of rows) {
      if (known.has(partition)) continue;
      findings.add({
        code: "partition-unknown",
        partition,
        message:
          `Partition ${partition}: table "${table}" has rows of it, table "partitions" has not`,
      });
    }
  }
}

/** What a projection has read was there once. */
async function findReadersAhead(tx: TransactionSql, findings: Findings): Promise<void> {
  const rows = await tx`
    select checkpoints.projection, partition, checkpoints."offset" as read,
      partitions."offset" as ends
    from checkpoints join partitions using (partition)
    where checkpoints."offset" > partitions."offset"
    order by 1, 2`;
  for (const { projection, partition, read, ends } of rows) {
    findings.add({
      code: "reader-ahead",
      partition,
      offset: ends + 1,
      offsetLast: read,
      message:
        `Partition ${partition}: projection "${projection}" has read offset ${read}, the log ends at ${ends}`,
    });
  }
}
