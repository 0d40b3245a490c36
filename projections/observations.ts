/**
 * Observations of one device, packed: every moment it reported, and in which state.
 *
 * A varint each, of the microseconds since the one before, shifted by a bit that says whether the
 * status is another than before; if so, a byte follows with its place among the chunk's statuses.
 * A report every second takes three bytes.
 */
import type { Observation } from "../models/availability.ts";

/** Ascending by moment, one per moment. */
export interface Packed {
  /** In order of first use. */
  readonly statuses: readonly string[];
  readonly bytes: Uint8Array;
}

/** Observations while they are gathered: two columns take a quarter of what objects do. */
export interface Observations {
  /** Epoch ms, ascending, each once. */
  readonly at: number[];
  /** Of the same places. */
  readonly status: string[];
}

export function pack(chunkStart: number, observed: Observations): Packed {
  const codes = new Map<string, number>();
  // Seven bytes of varint and one of status are the most that one observation can take.
  const bytes = new Uint8Array(observed.at.length * 9);
  let at = 0;
  let before = micros(chunkStart);
  let status: string | undefined;
  for (let i = 0; i < observed.at.length; i++) {
    const moment = micros(observed.at[i] ?? 0);
    const other = observed.status[i] !== status;
    at = writeVarint(bytes, at, (moment - before) * 2 + (other ? 1 : 0));
    before = moment;
    if (!other) continue;
    status = observed.status[i] ?? "";
    let code = codes.get(status);
    if (code === undefined) {
      code = codes.size;
      codes.set(status, code);
    }
    bytes[at++] = code;
  }
  return { statuses: [...codes.keys()], bytes: bytes.slice(0, at) };
}

export function unpack(chunkStart: number, packed: Packed): Observation[] {
  const observations: Observation[] = [];
  forEachPacked(chunkStart, packed, (at, status) => observations.push({ at, status }));
  return observations;
}

/** The same one by one, for those who want few of many. */
export function forEachPacked(
  chunkStart: number,
  { statuses, bytes }: Packed,
  visit: (at: number, status: string) => void,
): void {
  let moment = micros(chunkStart);
  let status = "";
  for (let at = 0; at < bytes.length;) {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 0x80;
    }
    moment += Math.floor(value / 2);
    if (value % 2 === 1) status = statuses[bytes[at++] ?? 0] ?? "";
    visit(moment / 1000, status);
  }
}

function micros(ms: number): number {
  return Math.round(ms * 1000);
}

/** Seven bits at a time, by arithmetic where they are more than the bit operators hold. */
function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  while (value >= 0x7fffffff) {
    bytes[at++] = value % 0x80 | 0x80;
    value = Math.floor(value / 0x80);
  }
  while (value >= 0x80) {
    bytes[at++] = value & 0x7f | 0x80;
    value >>>= 7;
  }
  bytes[at++] = value;
  return at;
}
