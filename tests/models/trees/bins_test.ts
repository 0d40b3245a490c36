import assert from "node:assert/strict";
import fc from "fast-check";
import { binLike, BINS_MAX, cutIntoBins, MISSING } from "../../../models/trees/bins.ts";
import { seeded } from "../../../models/random.ts";

const column = (values: Float32Array) => ({ values, rows: values.length, columns: 1 });

Deno.test("a value lies in the bin whose ends enclose it; a missing one has its own", () => {
  const any = fc.float32Array({ minLength: 1, maxLength: 600 });
  fc.assert(fc.property(any, (values) => {
    const bins = cutIntoBins(column(values));
    const [cuts, binned] = [bins.cuts[0] as Float32Array, bins.binned[0] as Uint8Array];
    assert.ok(cuts.length <= BINS_MAX);
    assert.equal(cuts.at(-1), Infinity);
    values.forEach((value, row) => {
      const bin = binned[row] as number;
      if (Number.isNaN(value)) return assert.equal(bin, MISSING);
      assert.ok(value <= (cuts[bin] as number));
      assert.ok(bin === 0 || value > (cuts[bin - 1] as number));
    });
    assert.deepEqual(binLike(column(values), bins), bins);
  }));
});

Deno.test("few different values have a bin each, whichever is the most frequent", () => {
  const values = Float32Array.from({ length: 10_000 }, (_, i) => i % 10 === 0 ? i % 2_000 : -1);
  const { cuts, binned } = cutIntoBins(column(values));
  assert.equal(cuts[0]?.length, new Set(values).size);
  assert.equal(new Set(binned[0]).size, new Set(values).size);
});

Deno.test("many different values are shared out evenly, beside one that is very frequent", () => {
  const uniform = seeded(1);
  const values = Float32Array.from({ length: 60_000 }, () => uniform() < 0.5 ? 0 : uniform());
  const counts = new Array(BINS_MAX).fill(0);
  for (const bin of cutIntoBins(column(values)).binned[0] as Uint8Array) counts[bin]++;
  const [zero, ...rest] = counts.filter((count) => count > 0);
  assert.ok(zero > 29_000 && zero < 31_000);
  assert.ok(rest.length > 250 && Math.max(...rest) < 2 * Math.min(...rest));
});
