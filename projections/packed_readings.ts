/**
 * Readings of one sensor, packed: 19 bytes each, in the order in which they were recorded.
 *
 *     at  float64, epoch ms · value  float64 · note  uint16 · version  uint8, within the block
 *
 * The note is the score in ten-thousandths, with the highest bit for an anomaly.
 */

export interface PackedReading {
  /** By the sensor's clock, epoch ms. */
  readonly at: number;
  readonly value: number;
  /** 0 to 1; null for a reading from before readings were scored. */
  readonly score: number | null;
  readonly anomaly: boolean;
  /** In the sensor's stream. */
  readonly version: number;
}

/** Versions of a stream that may share one chunk. */
export const BLOCK = 64;
export const READING_BYTES = 19;

const SCORE_UNIT = 10_000;
const ANOMALY = 0x8000;
const NO_SCORE = 0x7fff;

export function writeReading(bytes: Uint8Array, index: number, reading: PackedReading): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + index * READING_BYTES, READING_BYTES);
  const { at, value, score, anomaly, version } = reading;
  view.setFloat64(0, at);
  view.setFloat64(8, value + 0); // JSON has no minus zero.
  const note = score === null ? NO_SCORE : Math.round(Math.min(1, Math.max(0, score)) * SCORE_UNIT);
  view.setUint16(16, note | (anomaly ? ANOMALY : 0));
  view.setUint8(18, version % BLOCK);
}

/** `block`: which BLOCK versions of the stream these are, counted from 0. */
export function readReadings(bytes: Uint8Array, block: number): PackedReading[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const readings: PackedReading[] = [];
  for (let at0 = 0; at0 + READING_BYTES <= bytes.length; at0 += READING_BYTES) {
    const note = view.getUint16(at0 + 16);
    const score = note & 0x7fff;
    readings.push({
      at: view.getFloat64(at0),
      value: view.getFloat64(at0 + 8),
      score: score === NO_SCORE ? null : score / SCORE_UNIT,
      anomaly: (note & ANOMALY) !== 0,
      version: block * BLOCK + view.getUint8(at0 + 18),
    });
  }
  return readings;
}
