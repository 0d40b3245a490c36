/**
 * The machine code of the inner loops is what its text says. After a change of the text:
 * `RENEW=1 deno test -A tests/models/detectors/inner_loops_test.ts`
 */
import assert from "node:assert/strict";
import wabt from "wabt";

const FOLDER = new URL("../../../models/detectors/", import.meta.url);

Deno.test("the machine code of the inner loops is that of its text", async () => {
  const { parseWat } = await wabt();
  const text = await Deno.readTextFile(new URL("inner_loops.wat", FOLDER));
  const { buffer } = parseWat("inner_loops.wat", text, { simd: true }).toBinary({});
  const kept = new URL("inner_loops.wasm", FOLDER);
  if (Deno.env.get("RENEW") === "1") await Deno.writeFile(kept, buffer);
  assert.deepEqual(await Deno.readFile(kept), new Uint8Array(buffer));
});
