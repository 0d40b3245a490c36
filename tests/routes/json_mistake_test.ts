import assert from "node:assert/strict";
import fc from "fast-check";
import { parseLossless } from "../../events/json.ts";
import { mistakeIn } from "../../routes/json_mistake.ts";

const PLACES: [text: string, says: RegExp][] = [
  ["", /too early/],
  ["{", /too early/],
  [`{"a": "b`, /too early/],
  ["{a: 1}", /"a" at line 1, column 2 \(position 1\)/],
  ["[1,\n 2,,3]", /"," at line 2, column 4/],
  [`{"a": NaN}`, /"N" at line 1, column 7/],
  [`{"a": 01}`, /"1" at line 1, column 8/],
  [`{"a": 1,}`, /"}" at line 1, column 9/],
  [`["a\nb"]`, /"\\n" at line 1/],
  [`["\\x"]`, /"\\\\" at line 1, column 3/],
  ["[1] []", /"\[" at line 1, column 5/],
  ["[}", /"}" at line 1, column 2/],
];

for (const [text, says] of PLACES) {
  Deno.test(`the mistake in ${JSON.stringify(text)} is found in its place`, () => {
    assert.throws(() => JSON.parse(text));
    assert.match(mistakeIn(text), says);
  });
}

Deno.test("a character that no JSON holds is found wherever it is", () => {
  const seed = Number(Deno.env.get("TELLTALE_SEED") ?? 1);
  fc.assert(
    fc.property(fc.json(), fc.nat(), (json, at) => {
      const place = at % (json.length + 1);
      const text = `${json.slice(0, place)}\u0001${json.slice(place)}`;
      const found = Number(/position (\d+)/.exec(mistakeIn(text))?.[1]);
      // At itself; or at the beginning of the number, word or escape that it breaks.
      assert.match(text.slice(found, place), /^(?:[a-z]*|[-+\d.eE]*|\\u?[\da-fA-F]*)$/);
    }),
    { seed, numRuns: 2_000 },
  );
});

Deno.test("numbers are written back exactly as they were", () => {
  for (const text of [`{"a":12345678901234567890}`, "[1.0000000000000001,2.50]"]) {
    assert.equal(JSON.stringify(parseLossless(text)), text);
  }
  assert.deepEqual(parseLossless(`{"a":1.5}`), { a: 1.5 });
});
