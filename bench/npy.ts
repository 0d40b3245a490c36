/** Writes arrays the way NumPy reads them: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */

const TYPES = { Float32Array: "<f4", Uint8Array: "|u1" } as const;

export async function writeNpy(
  path: string,
  values: Float32Array | Uint8Array,
  shape: readonly number[],
): Promise<void> {
  const type = values instanceof Float32Array ? TYPES.Float32Array : TYPES.Uint8Array;
  const told = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  // Magic, version and length take 10 bytes; the numbers start at a multiple of 64.
  const length = Math.ceil((10 + told.length + 1) / 64) * 64 - 10;
  const header = new TextEncoder().encode(`\x00NUMPY\x01\x00\x00\x00${told.padEnd(length - 1)}\n`);
  header[0] = 0x93;
  new DataView(header.buffer).setUint16(8, length, true);
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  await writeAll(file, header);
  await writeAll(file, bytes);
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
}
