/**
 * The log's rows as bytes: what is sent to PostgreSQL, and what the hash chain covers.
 *
 * Rows travel as COPY text, written here exactly as PostgreSQL writes them back
 * (`copy … to stdout`, UTC, ISO dates). So the auditor hashes what the database returns, without
 * interpreting it, and gets the writer's hash or finds a difference.
 */
import type { RecordedEvent } from "../event.ts";
import { copyText } from "./copy.ts";
import { sqlInstant } from "./database.ts";

export const EVENT_COLUMNS =
  `partition, "offset", stream, version, type, schema_version, data, metadata, occurred_at, recorded_at`;

/** Everything in a batch's row but its hash. */
export const BATCH_COLUMNS =
  "partition, batch, first_offset, last_offset, epoch, first_sequence, last_sequence, repeats, quarantined, recorded_at";

export const QUARANTINE_COLUMNS =
  "partition, batch, epoch, sequence, subject, headers, payload, code, reason, received_at, recorded_at";

export interface BatchRow {
  readonly partition: number;
  readonly batch: number;
  readonly firstOffset: number;
  /** `firstOffset - 1` where the batch recorded no event. */
  readonly lastOffset: number;
  readonly epoch: number;
  /** Sequences of the broker this batch dealt with; `lastSequence = firstSequence - 1` for none. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly repeats: readonly number[];
  readonly quarantined: number;
  readonly recordedAt: number;
}

export interface QuarantineRow {
  readonly partition: number;
  readonly batch: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Uint8Array;
  /** Stable, kebab-case: `not-json`, `out-of-range` … */
  readonly code: string;
  readonly reason: string;
  readonly receivedAt: number;
  readonly recordedAt: number;
}

/**
 * One event's line. `dataText`, `metadataText` and the formatted moments are passed in because the
 * writer has most of them at hand already.
 */
export function eventLine(
  event: RecordedEvent,
  dataText: string,
  metadataText: string,
  recordedAtSql: string,
): string {
  return `${event.partition}\t${event.offset}\t${event.stream}\t${event.version}\t${event.type}\t${event.schemaVersion}\t${
    copyText(dataText)
  }\t${copyText(metadataText)}\t${sqlInstant(event.occurredAt)}\t${recordedAtSql}\n`;
}

export function batchLine(row: BatchRow): string {
  return [
    row.partition,
    row.batch,
    row.firstOffset,
    row.lastOffset,
    row.epoch,
    row.firstSequence,
    row.lastSequence,
    multirange(row.repeats),
    row.quarantined,
    sqlInstant(row.recordedAt),
  ].join("\t") + "\n";
}

export function quarantineLine(row: QuarantineRow): string {
  return [
    row.partition,
    row.batch,
    row.epoch,
    row.sequence,
    copyText(row.subject),
    copyText(JSON.stringify(row.headers)),
    // bytea prints as \x…, and COPY doubles the backslash.
    `\\\\x${row.payload.toHex()}`,
    row.code,
    copyText(row.reason),
    sqlInstant(row.receivedAt),
    sqlInstant(row.recordedAt),
  ].join("\t") + "\n";
}

/** Ascending integers as PostgreSQL's canonical int8multirange: `{[3,5),[9,10)}`. */
export function multirange(ascending: readonly number[]): string {
  const ranges: string[] = [];
  for (let i = 0; i < ascending.length;) {
    const from = ascending[i] ?? 0;
    let to = from;
    while (i < ascending.length && ascending[i] === to) {
      to++;
      i++;
    }
    ranges.push(`[${from},${to})`);
  }
  return `{${ranges.join(",")}}`;
}

/**
 * A batch's link in the chain: SHA-256 of the previous hash, the batch's own line, its event lines
 * in order of offset, and its quarantine lines in order of sequence. The first link follows
 * nothing (no bytes).
 */
export async function chainHash(
  previous: Uint8Array,
  batch: Uint8Array,
  events: Uint8Array,
  quarantine: Uint8Array,
): Promise<Uint8Array> {
  const whole = new Uint8Array(
    previous.length + batch.length + events.length + quarantine.length,
  );
  let at = 0;
  for (const part of [previous, batch, events, quarantine]) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}
