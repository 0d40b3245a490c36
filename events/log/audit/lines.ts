/** Reads out of a row's bytes the little an audit needs; the rest is only hashed. */
import { copyValue } from "./copy_lines.ts";

const TAB = 0x09;
const ZERO = 0x30;
const NINE = 0x39;
const SEQUENCE_KEY = new TextEncoder().encode('{"sequence":');
const decoder = new TextDecoder();

export interface EventPlace {
  readonly offset: number;
  readonly stream: string;
  readonly version: number;
  /** Sequence of the message that caused it; undefined for what a timer caused. */
  readonly sequence: number | undefined;
}

/** Columns in the order of EVENT_COLUMNS. */
export function readEventPlace(line: Uint8Array): EventPlace {
  const afterPartition = line.indexOf(TAB) + 1;
  const afterOffset = line.indexOf(TAB, afterPartition) + 1;
  const afterStream = line.indexOf(TAB, afterOffset) + 1;
  const metadata = columnStart(line, 7, 3, afterStream);
  return {
    offset: readInteger(line, afterPartition),
    stream: decoder.decode(line.subarray(afterOffset, afterStream - 1)),
    version: readInteger(line, afterStream),
    sequence: readSequence(line, metadata),
  };
}

/** Type and data of an event, for the few that the audit itself must understand. */
export function readEventContent(line: Uint8Array): { type: string; data: unknown } {
  const type = columnStart(line, 4);
  const data = columnStart(line, 6);
  return {
    type: copyValue(column(line, type)),
    data: JSON.parse(copyValue(column(line, data))),
  };
}

export interface BatchLine {
  readonly batch: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly epoch: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly repeats: readonly (readonly [from: number, to: number])[];
  readonly quarantined: number;
  /** Hexadecimal. */
  readonly hash: string;
  /** The line without its hash, as the writer hashed it. */
  readonly bytes: Uint8Array;
}

/** A line of BATCH_COLUMNS followed by the hash. */
export function readBatch(line: Uint8Array): BatchLine {
  const hashStart = line.lastIndexOf(TAB) + 1;
  const bytes = line.slice(0, hashStart);
  bytes[hashStart - 1] = 0x0a;
  const columns = copyValue(bytes.subarray(0, -1)).split("\t");
  const number = (index: number) => Number(columns[index]);
  return {
    batch: number(1),
    firstOffset: number(2),
    lastOffset: number(3),
    epoch: number(4),
    firstSequence: number(5),
    lastSequence: number(6),
    repeats: readMultirange(columns[7] ?? ""),
    quarantined: number(8),
    hash: copyValue(line.subarray(hashStart, -1)).slice("\\x".length),
    bytes,
  };
}

/** Columns in the order of QUARANTINE_COLUMNS. */
export function readQuarantinePlace(
  line: Uint8Array,
): { batch: number; epoch: number; sequence: number } {
  const batch = line.indexOf(TAB) + 1;
  const epoch = line.indexOf(TAB, batch) + 1;
  const sequence = line.indexOf(TAB, epoch) + 1;
  return {
    batch: readInteger(line, batch),
    epoch: readInteger(line, epoch),
    sequence: readInteger(line, sequence),
  };
}

/** `{[3,5),[9,10)}` as inclusive ranges. */
function readMultirange(text: string): [number, number][] {
  return [...text.matchAll(/\[(-?\d+),(-?\d+)\)/g)].map(([, from, to]) => [
    Number(from),
    Number(to) - 1,
  ]);
}

function columnStart(line: Uint8Array, index: number, known = 0, knownStart = 0): number {
  let start = knownStart;
  for (let at = known; at < index; at++) start = line.indexOf(TAB, start) + 1;
  return start;
}

function column(line: Uint8Array, start: number): Uint8Array {
  const end = line.indexOf(TAB, start);
  return line.subarray(start, end < 0 ? line.length - 1 : end);
}

function readInteger(line: Uint8Array, start: number): number {
  const negative = line[start] === 0x2d;
  let value = 0;
  for (let i = negative ? start + 1 : start; i < line.length; i++) {
    const byte = line[i] ?? 0;
    if (byte < ZERO || byte > NINE) break;
    value = value * 10 + (byte - ZERO);
  }
  return negative ? -value : value;
}

function readSequence(line: Uint8Array, metadata: number): number | undefined {
  // The writer puts the sequence first, so that this needs no JSON parser a million times over.
  if (SEQUENCE_KEY.every((byte, i) => line[metadata + i] === byte)) {
    return readInteger(line, metadata + SEQUENCE_KEY.length);
  }
  const { sequence } = JSON.parse(copyValue(column(line, metadata))) as { sequence?: unknown };
  return typeof sequence === "number" ? sequence : undefined;
}
