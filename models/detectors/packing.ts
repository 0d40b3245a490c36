/**
 * Numbers as text, base64: they come back exactly as they were. Little-endian, as every machine is
 * that this runs on.
 */

export function pack64({ buffer, byteOffset, byteLength }: Float64Array): string {
  return new Uint8Array(buffer, byteOffset, byteLength).toBase64();
}

export function unpack64(text: string): Float64Array {
  return new Float64Array(Uint8Array.fromBase64(text).buffer);
}
