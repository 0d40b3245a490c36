/**
 * Numbers as text, base64: they come back exactly as they were. Little-endian, as every machine is
 * that this runs on.
 */

export function pack32(values: Float32Array): string {
  return bytesOf(values).toBase64();
}

export function unpack32(text: string): Float32Array {
  return new Float32Array(Uint8Array.fromBase64(text).buffer);
}

export function pack64(values: Float64Array): string {
  return bytesOf(values).toBase64();
}

export function unpack64(text: string): Float64Array {
  return new Float64Array(Uint8Array.fromBase64(text).buffer);
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
