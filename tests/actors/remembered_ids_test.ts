import assert from "node:assert/strict";
import { machine } from "../../actors/machine.ts";
import { isRemembered, remember, REMEMBERED_MAX } from "../../actors/remembered_ids.ts";
import { bring, iso, message, NOON, SECOND } from "./saying.ts";

Deno.test("an id is remembered for a thousand others, and no other is taken for it", () => {
  let ids: string | undefined;
  for (let i = 0; i < REMEMBERED_MAX; i++) ids = remember(ids, `reading:${i}`);
  for (let i = 0; i < REMEMBERED_MAX; i++) assert.ok(isRemembered(ids, `reading:${i}`), `${i}`);
  for (let i = 0; i < 100_000; i++) assert.ok(!isRemembered(ids, `other:${i}`), `${i}`);
  ids = remember(ids, "one more");
  assert.ok(!isRemembered(ids, "reading:0"));
  assert.ok(isRemembered(ids, "reading:1"));
  assert.equal(ids.length, 8 * REMEMBERED_MAX);
});

Deno.test("a day of readings sent to a machine twice changes nothing the second time", () => {
  const actor = bring(machine);
  const told = Array.from({ length: 600 }, (_, i) => {
    const at = NOON + i * SECOND;
    const body = { _id: `R${i}`, timestamp: iso(at), bearingId: `B${i % 5}`, status: "Normal" };
    return { ...message("reading", body, at), messageId: `reading:R${i}` };
  });
  for (const one of told) actor.hear(one);
  const { length } = actor.log;
  const state = JSON.stringify(actor.state);
  for (const one of told) assert.deepEqual(actor.hear(one), []);
  assert.equal(actor.log.length, length);
  assert.equal(JSON.stringify(actor.state), state);
  assert.ok(state.length < 64 * 1024);
});
