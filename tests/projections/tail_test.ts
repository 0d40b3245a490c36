/** What a projection gets of the log's head, while it keeps up from memory. */
import assert from "node:assert/strict";
import type { Sql } from "../../events/log/database.ts";
import { createTail, type TailReader } from "../../projections/tail.ts";
import { createRecorder } from "./log.ts";

/** Nobody falls behind here, so the log is not read. */
const UNREAD = undefined as unknown as Sql;

async function readAll(reader: TailReader) {
  const pieces = [];
  for (let after = 0;;) {
    const piece = await reader.take(0, after);
    if (piece.length === 0) return pieces;
    pieces.push(piece);
    after = piece.at(-1)?.offset ?? Infinity;
  }
}

Deno.test("a large batch comes in pieces, whole and in order, and the same ones for every reader", async () => {
  const record = createRecorder();
  const facts = Array.from({ length: 4_500 }, (_, i) => ({
    stream: `sensor-${i % 7}`,
    type: "ReadingReported",
    data: { value: i },
    occurredAt: i,
  }));
  const tail = createTail(UNREAD, new Map([[0, 0]]));
  const readers = [tail.join(() => {}), tail.join(() => {})] as const;
  const events = record(0, facts);
  tail.offer(events.slice(0, 4_321));
  tail.offer(events.slice(4_321));

  const [first, second] = await Promise.all([readAll(readers[0]), readAll(readers[1])]);
  assert.deepEqual(first.flat(), events);
  assert.ok(first.length > 2);
  assert.equal(second.length, first.length);
  for (const [i, piece] of first.entries()) assert.equal(second[i], piece);
  assert.deepEqual(await readers[0].take(0, 3_999), first.flat().slice(3_999, 4_000));
});
