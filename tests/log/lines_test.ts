import assert from "node:assert/strict";
import fc from "fast-check";
import { createLines } from "../../events/log/lines.ts";

Deno.test("lines become the bytes they would be as one text", () => {
  const line = fc.string({ unit: "grapheme", maxLength: 2_000 });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 200 }), (texts) => {
      const lines = createLines();
      for (const text of texts) lines.add(text);
      assert.deepEqual(lines.bytes(), new TextEncoder().encode(texts.join("")));
    }),
    { numRuns: 50 },
  );
});

Deno.test("a line longer than all before it fits", () => {
  const lines = createLines();
  const texts = ["a\n", `${"漢".repeat(300_000)}\n`, "é\n"];
  for (const text of texts) lines.add(text);
  assert.deepEqual(lines.bytes(), new TextEncoder().encode(texts.join("")));
});
