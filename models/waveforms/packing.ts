/**
 * Samples, packed. First bytes stand together, then second ones: the high bytes of a waveform are
 * much alike, its low ones noise, and in turns neither would compress.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";

export function pack(bytes: Uint8Array, bytesPerSample: number): Uint8Array {
  const samples = bytes.length / bytesPerSample;
  const apart = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    apart[(i % bytesPerSample) * samples + Math.floor(i / bytesPerSample)] = bytes[i] as number;
  }
  return deflateRawSync(apart, { level: 1 });
}

export function unpack(packed: Uint8Array, bytesPerSample: number): Uint8Array<ArrayBuffer> {
  const apart = inflateRawSync(packed);
  const samples = apart.length / bytesPerSample;
  const bytes = new Uint8Array(apart.length);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = apart[(i % bytesPerSample) * samples + Math.floor(i / bytesPerSample)] as number;
  }
  return bytes;
}
