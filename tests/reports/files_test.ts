/** Reports as files: rounding, and ids that stay what they are. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Table } from "../../reports/compute.ts";
import { hundredths, ReportError, SPREADSHEET_ROWS_MAX, writeFile } from "../../reports/files.ts";

const UNITS = [60_000, 3_600_000];

Deno.test("hundredths are rounded half up, as whole numbers of microseconds say", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 7 * 86_400 * 1_000_000 }),
    fc.constantFrom(...UNITS),
    (micros, unit) => {
      // The oracle knows no fractions: twice the count plus the unit, divided by twice the unit.
      const step = BigInt(unit) * 10n;
      const count = (2n * BigInt(micros) + step) / (2n * step);
      const text = `${count / 100n}.${String(count % 100n).padStart(2, "0")}`;
      assert.equal(hundredths(micros / 1000, unit), text);
    },
  ));
  assert.equal(hundredths(18_000, 3_600_000), "0.01");
  assert.equal(hundredths(17_999.999, 3_600_000), "0.00");
  assert.equal(hundredths(-0, 60_000), "0.00");
});

function table(stores: Table["stores"]): Table {
  return { now: 0, windows: [{ name: "1h", from: -3_600_000, to: 0 }], stalenessMs: null, stores };
}

const HALF_HOUR = { uptimeMs: 1_800_000, downtimeMs: 0, unknownMs: 1_800_000 };

Deno.test("in a spreadsheet ids are text and hours are numbers", async () => {
  const file = await writeFile(
    table([{ id: "8419537941919820732", zone: "Asia/Beirut", uptimes: [HALF_HOUR] }]),
    "xlsx",
  );
  const texts = await readZipped(file, "xl/sharedStrings.xml");
  assert.match(texts, /<t>8419537941919820732<\/t>/);
  const sheet = await readZipped(file, "xl/worksheets/sheet1.xml");
  assert.match(sheet, /<c r="A2" t="s">/);
  assert.match(sheet, /<c r="G2"><v>0\.5<\/v>/);
});

Deno.test("a spreadsheet that could not hold all rows is refused with what to ask for instead", async () => {
  const uptimes = Array(20).fill(HALF_HOUR);
  const many = table(Array.from({ length: SPREADSHEET_ROWS_MAX / 16 }, (_, i) => ({
    id: String(i),
    zone: null,
    uptimes,
  })));
  const windows = Array(20).fill({ name: "1h", from: 0, to: 1 });
  await assert.rejects(
    writeFile({ ...many, windows }, "xlsx"),
    (error) => error instanceof ReportError && /ask for csv/.test(error.message),
  );
});

/** One file of a zip: found by its place in the directory at the end. */
async function readZipped(zip: Uint8Array<ArrayBuffer>, name: string): Promise<string> {
  const view = new DataView(zip.buffer);
  for (let at = 0; at < zip.length - 46; at++) {
    if (view.getUint32(at, true) !== 0x02014b50) continue;
    const length = view.getUint16(at + 28, true);
    if (new TextDecoder().decode(zip.subarray(at + 46, at + 46 + length)) !== name) continue;
    const size = view.getUint32(at + 20, true);
    const local = view.getUint32(at + 42, true);
    const from = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const bytes = new Blob([zip.subarray(from, from + size)]);
    const stored = view.getUint16(at + 10, true) === 0;
    const stream = stored
      ? bytes.stream()
      : bytes.stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return await new Response(stream).text();
  }
  throw new Error(`Cannot find "${name}" in the zip`);
}
