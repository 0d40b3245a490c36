/** What an audit found wrong, each with its place; the first few in full, the rest counted. */

export type FindingCode =
  | "batch-missing"
  | "batch-out-of-line"
  | "batch-changed"
  | "event-missing"
  | "event-repeated"
  | "event-uncovered"
  | "version-gap"
  | "quarantine-missing"
  | "quarantine-uncovered"
  | "sequence-out-of-place"
  | "sequence-unaccounted"
  | "head-differs"
  | "partition-unknown"
  | "reader-ahead"
  | "witness-differs";

export interface Finding {
  readonly code: FindingCode;
  readonly partition: number;
  readonly batch?: number;
  /** The offset, or the first of a range of them. */
  readonly offset?: number;
  readonly offsetLast?: number;
  readonly stream?: string;
  /** Sequence of the broker, in its history `epoch`. */
  readonly sequence?: number;
  readonly epoch?: number;
  /** Where, what was expected, and what was found, for a person. */
  readonly message: string;
}

export interface Findings {
  add(finding: Finding): void;
  readonly list: readonly Finding[];
  readonly count: number;
}

export function collectFindings(listedMax: number): Findings {
  const list: Finding[] = [];
  let count = 0;
  return {
    add(finding) {
      if (++count <= listedMax) list.push(finding);
    },
    list,
    get count() {
      return count;
    },
  };
}

/** `offset 7`, `offsets 7–9`. */
export function span(noun: string, from: number, to: number): string {
  return from === to ? `${noun} ${from}` : `${noun}s ${from}–${to}`;
}
