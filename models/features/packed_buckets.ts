/**
 * The buckets of an ATM's history as text, for snapshots: half as long as their arrays would be,
 * because most things that are counted do not happen in most buckets.
 *
 * One bucket after the other, the oldest first: which of its counts are not zero (a bit each, from
 * the lowest on), these counts in seven bits a byte, the lowest first and the eighth bit set where
 * more follow, and the values, as floats, where anything was counted. Base64.
 */
import { BUCKETS, COUNTS, VALUES } from "./buckets.ts";

interface Buckets {
  readonly first: number;
  readonly newest: number;
  readonly capacity: number;
  readonly counts: Uint16Array;
  readonly values: Float32Array;
}

const MASK_BYTES = 4;
const COUNT_BYTES_MAX = 3;
const BUCKET_BYTES_MAX = MASK_BYTES + COUNTS * COUNT_BYTES_MAX + 4 * VALUES;

const room = new Uint8Array(BUCKETS * BUCKET_BYTES_MAX);
const view = new DataView(room.buffer);

export function packBuckets({ first, newest, capacity, counts, values }: Buckets): string {
  if (newest < 0) return "";
  let to = 0;
  for (let bucket = first; bucket <= newest; bucket++) {
    const slot = bucket % capacity;
    const maskAt = to;
    to += MASK_BYTES;
    let mask = 0;
    for (let i = 0; i < COUNTS; i++) {
      let count = counts[slot * COUNTS + i] as number;
      if (count === 0) continue;
      mask |= 1 << i;
      for (; count > 0x7f; count >>= 7) room[to++] = count | 0x80;
      room[to++] = count;
    }
    view.setInt32(maskAt, mask, true);
    if (mask === 0) continue;
    for (let i = 0; i < VALUES; i++, to += 4) {
      view.setFloat32(to, values[slot * VALUES + i] as number, true);
    }
  }
  return room.subarray(0, to).toBase64();
}

/** Into the slots of the buckets from `first` to `newest`, which are empty. */
export function unpackBuckets(
  { first, newest, capacity, counts, values }: Buckets,
  text: string,
): void {
  const bytes = Uint8Array.fromBase64(text);
  const { buffer } = bytes;
  const packed = new DataView(buffer);
  let from = 0;
  for (let bucket = first; bucket <= newest; bucket++) {
    const slot = bucket % capacity;
    const mask = packed.getInt32(from, true);
    from += MASK_BYTES;
    for (let i = 0; i < COUNTS; i++) {
      if ((mask >> i & 1) === 0) continue;
      let count = 0;
      for (let bits = 0;; bits += 7) {
        const byte = packed.getUint8(from++);
        count |= (byte & 0x7f) << bits;
        if (byte < 0x80) break;
      }
      counts[slot * COUNTS + i] = count;
    }
    if (mask === 0) continue;
    for (let i = 0; i < VALUES; i++, from += 4) {
      values[slot * VALUES + i] = packed.getFloat32(from, true);
    }
  }
}
