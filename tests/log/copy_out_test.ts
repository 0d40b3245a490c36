import assert from "node:assert/strict";
import { freshDatabase } from "../support/servers.ts";

Deno.test("a connection answers after rows were copied out of it, however many and however slowly read", async () => {
  const database = await freshDatabase();
  const line = "x".repeat(150);
  try {
    for (const rows of [0, 1, 100, 400, 440, 600, 900, 5_000]) {
      const sql = database.connect("reader", 1);
      const readable = await sql.unsafe(
        `copy (select '${line}' from generate_series(1, ${rows})) to stdout`,
      ).readable();
      // Everything has arrived, and its end, before the first row is looked at.
      await new Promise((resolve) => setTimeout(resolve, 20));
      let bytes = 0;
      for await (const chunk of readable) bytes += chunk.length;
      assert.equal(bytes, rows * (line.length + 1));
      const impatience = setTimeout(() => sql.end({ timeout: 0 }), 5_000);
      const [row] = await sql<{ one: number }[]>`select 1 as one`;
      clearTimeout(impatience);
      assert.equal(row?.one, 1);
      await sql.end({ timeout: 0 });
    }
  } finally {
    await database.close();
  }
});
