/** The events of a page: their places, their versions, their messages, and their bytes. */
import type { TransactionSql } from "../database.ts";
import { EVENT_COLUMNS } from "../rows.ts";
import type { Accounting } from "./accounting.ts";
import { copyLines } from "./copy_lines.ts";
import { type Findings, span } from "./findings.ts";
import { type BatchLine, readEventContent, readEventPlace } from "./lines.ts";
import type { ChainAudit, OpenBatch, Page } from "./page.ts";

export async function hashEvents(
  tx: TransactionSql,
  { partition, batches, before, last }: Page,
  audit: ChainAudit,
): Promise<void> {
  const { findings } = audit;
  const from = before?.lastOffset;
  const to = batches.at(-1)?.lastOffset;
  let at = 0;
  let expected = (from ?? 0) + 1;
  let read = 0;
  const stray = createRun((first, final) =>
    findings.add({
      code: "event-uncovered",
      partition,
      offset: first,
      offsetLast: final,
      message: `Partition ${partition}, ${
        span("offset", first, final)
      }: expected a batch that covers it, found none`,
    })
  );
  await copyLines(
    tx,
    `select ${EVENT_COLUMNS} from events where partition = ${partition}
     ${from === undefined ? "" : `and "offset" > ${from}`}
     ${last || to === undefined ? "" : `and "offset" <= ${to}`}
     order by "offset", recorded_at`,
    (line) => {
      if ((++read & 0x3fff) === 0) {
        audit.onEvents(0x4000);
        audit.signal?.throwIfAborted();
      }
      const event = readEventPlace(line);
      const { offset, stream, version } = event;
      if (offset > expected) missing(partition, expected, offset - 1, findings);
      if (offset < expected) {
        findings.add({
          code: "event-repeated",
          partition,
          offset,
          stream,
          message:
            `Partition ${partition}, offset ${offset} (${stream}): expected offset ${expected}, found this one ${
              expected === offset + 1 ? "again" : "out of place"
            }`,
        });
      }
      expected = Math.max(expected, offset + 1);

      const versionExpected = audit.versions.get(stream) ?? 0;
      audit.versions.set(stream, version + 1);
      if (version !== versionExpected) {
        findings.add({
          code: "version-gap",
          partition,
          offset,
          stream,
          message:
            `Partition ${partition}, offset ${offset}: expected version ${versionExpected} of ${stream}, found ${version}`,
        });
      }

      while (at < batches.length && offset > (batches[at]?.lastOffset ?? 0)) at++;
      const batch = batches[at];
      if (!batch || offset < batch.firstOffset) return stray.add(offset);
      batch.events++;
      batch.sha256.update(line);
      if (event.sequence !== undefined) {
        place(batch, partition, event.sequence, `offset ${offset} (${stream})`, offset, audit);
      }
      if (stream.startsWith("system-")) heed(line, partition, batch, audit.accounting);
    },
  );
  stray.end();
  if (to !== undefined && expected <= to) missing(partition, expected, to, findings);
  audit.onEvents(read & 0x3fff);
}

function missing(partition: number, from: number, to: number, findings: Findings): void {
  findings.add({
    code: "event-missing",
    partition,
    offset: from,
    offsetLast: to,
    message: `Partition ${partition}, ${span("offset", from, to)}: expected ${
      from === to ? "an event" : `${to - from + 1} events`
    }, found none`,
  });
}

/** Events follow the order of the messages they come from; those of one message stand together. */
function place(
  batch: OpenBatch,
  partition: number,
  sequence: number,
  where: string,
  offset: number,
  { findings, accounting }: ChainAudit,
): void {
  const outside = sequence < batch.firstSequence || sequence > batch.lastSequence;
  const backwards = batch.sequence !== undefined && sequence < batch.sequence;
  const twice = !outside && sequence !== batch.sequence &&
    !accounting.dealtWith(partition, batch.epoch, sequence);
  batch.sequence = sequence;
  if (!outside && !backwards && !twice) return;
  findings.add({
    code: "sequence-out-of-place",
    partition,
    batch: batch.batch,
    offset,
    epoch: batch.epoch,
    sequence,
    message: `Partition ${partition}, ${where}: message ${sequence} ${
      outside
        ? `is not among those of batch ${batch.batch}, ${batch.firstSequence} to ${batch.lastSequence}`
        : backwards
        ? "comes after one that was sent later"
        : "was dealt with before"
    }`,
  });
}

/** What the log itself says about the broker's history. */
function heed(line: Uint8Array, partition: number, batch: BatchLine, accounting: Accounting): void {
  const { type, data } = readEventContent(line);
  const fact = data as Record<string, unknown>;
  if (type === "MessagesMissing") {
    const range = { from: Number(fact.fromSequence), to: Number(fact.toSequence) };
    accounting.lost(partition, batch.epoch, range);
  } else if (type === "BrokerHistoryChanged") {
    accounting.begins(partition, Number(fact.epoch), Number(fact.sequence));
  }
}

/** Joins neighbouring numbers into one report. */
function createRun(
  report: (first: number, last: number) => void,
): { add(number: number): void; end(): void } {
  let first: number | undefined;
  let last = 0;
  function end(): void {
    if (first !== undefined) report(first, last);
    first = undefined;
  }
  return {
    add(number) {
      if (first !== undefined && number !== last + 1) end();
      first ??= number;
      last = number;
    },
    end,
  };
}
