/** The quarantine of a page: each row with its batch, and each batch with its rows. */
import type { TransactionSql } from "../database.ts";
import { QUARANTINE_COLUMNS } from "../rows.ts";
import { copyLines } from "./copy_lines.ts";
import { readQuarantinePlace } from "./lines.ts";
import type { ChainAudit, Page } from "./page.ts";

export async function hashQuarantine(
  tx: TransactionSql,
  { partition, batches, before, last }: Page,
  audit: ChainAudit,
): Promise<void> {
  const { findings, accounting } = audit;
  const byNumber = new Map(batches.map((batch) => [batch.batch, batch]));
  const to = batches.at(-1)?.batch;
  await copyLines(
    tx,
    `select ${QUARANTINE_COLUMNS} from quarantine where partition = ${partition}
     ${before === undefined ? "" : `and batch > ${before.batch}`}
     ${last || to === undefined ? "" : `and batch <= ${to}`}
     order by batch, epoch, sequence`,
    (line) => {
      const row = readQuarantinePlace(line);
      const where =
        `Partition ${partition}, batch ${row.batch}, quarantined message ${row.sequence}`;
      const batch = byNumber.get(row.batch);
      const stray = (found: string) =>
        findings.add({
          code: "quarantine-uncovered",
          partition,
          batch: row.batch,
          epoch: row.epoch,
          sequence: row.sequence,
          message: `${where}: ${found}`,
        });
      if (!batch) return stray("expected a batch that covers it, found none");
      batch.quarantine++;
      batch.sha256.update(line);
      if (row.epoch !== batch.epoch) {
        stray(`expected epoch ${batch.epoch}, found ${row.epoch}`);
      } else if (row.sequence < batch.firstSequence || row.sequence > batch.lastSequence) {
        stray(
          `expected one of the batch's messages ${batch.firstSequence} to ${batch.lastSequence}`,
        );
      } else if (!accounting.dealtWith(partition, row.epoch, row.sequence)) {
        stray("it is in the log otherwise as well");
      }
    },
  );
}
