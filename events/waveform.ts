/** Raw samples as they travel: numbers, or base64 of little-endian ones. */
import type { Json } from "./vocabulary.ts";

export type Encoding = "int16" | "float32" | "float64";

export interface Waveform {
  /** Acceleration in g. */
  readonly samples: Float64Array;
  readonly encoding: Encoding;
  /** g per count. */
  readonly scale: number;
  /** As they came, little-endian: what the SHA-256 is of. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export const BYTES_PER_SAMPLE: Readonly<Record<Encoding, number>> = {
  int16: 2,
  float32: 4,
  float64: 8,
};

/** What a reading says of its samples; undefined where it has none, or they cannot be read. */
export function waveformIn({ rawData, encoding, scale }: Json): Waveform | undefined {
  const factor = typeof scale === "number" ? scale : 1;
  if (Array.isArray(rawData)) return ofNumbers(rawData, factor);
  if (typeof rawData !== "string" || (encoding !== "int16" && encoding !== "float32")) return;
  // A count of an unknown size is no acceleration.
  if (encoding === "int16" && typeof scale !== "number") return;
  try {
    return readWaveform(Uint8Array.fromBase64(rawData), encoding, factor);
  } catch {
    return undefined;
  }
}

function ofNumbers(numbers: readonly number[], scale: number): Waveform | undefined {
  if (numbers.length === 0) return undefined;
  const bytes = new Uint8Array(8 * numbers.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < numbers.length; i++) view.setFloat64(8 * i, numbers[i] as number, true);
  return readWaveform(bytes, "float64", scale);
}

/** Undefined where the bytes are no whole, finite numbers. */
export function readWaveform(
  bytes: Uint8Array<ArrayBuffer>,
  encoding: Encoding,
  scale: number,
): Waveform | undefined {
  const size = BYTES_PER_SAMPLE[encoding];
  if (bytes.length === 0 || bytes.length % size !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const samples = new Float64Array(bytes.length / size);
  for (let i = 0; i < samples.length; i++) {
    const value = encoding === "int16"
      ? view.getInt16(2 * i, true)
      : encoding === "float32"
      ? view.getFloat32(4 * i, true)
      : view.getFloat64(8 * i, true);
    if (!Number.isFinite(value * scale)) return undefined;
    samples[i] = value * scale;
  }
  return { samples, encoding, scale, bytes };
}
