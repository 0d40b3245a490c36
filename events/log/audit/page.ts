/** A page of batches under audit, and what its three readers share. */
import type { Hash } from "node:crypto";
import type { Accounting } from "./accounting.ts";
import type { Findings } from "./findings.ts";
import type { BatchLine } from "./lines.ts";

/** Batches hold up to 2,000 messages: a page is at most two million, and never kept in memory. */
export const PAGE_BATCHES = 1_000;

export interface ChainAudit {
  readonly findings: Findings;
  readonly accounting: Accounting;
  /** Per stream, the version its next event must have. Shared by all partitions. */
  readonly versions: Map<string, number>;
  /** Hashes an auditor wrote down earlier, by batch. */
  readonly witnessed: ReadonlyMap<number, string>;
  /** Called now and then with how many more events were read. */
  readonly onEvents: (more: number) => void;
  readonly signal: AbortSignal | undefined;
}

/** A batch whose bytes are still arriving. */
export interface OpenBatch extends BatchLine {
  readonly sha256: Hash;
  events: number;
  quarantine: number;
  /** The message its latest event came from. */
  sequence: number | undefined;
}

export interface Page {
  readonly partition: number;
  readonly batches: readonly OpenBatch[];
  /** The batch before this page; undefined for the first page. */
  readonly before: BatchLine | undefined;
  /** The last page also takes whatever lies beyond the last batch. */
  readonly last: boolean;
}
