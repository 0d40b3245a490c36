import assert from "node:assert/strict";
import { finish, inTurns, type Steps } from "../../models/steps.ts";

/** Takes as long as it says, a millisecond a step. */
function* busyFor(ms: number): Steps<number> {
  let steps = 0;
  for (; steps < ms; steps++) {
    const until = performance.now() + 1;
    while (performance.now() < until);
    yield;
  }
  return steps;
}

Deno.test("steps come to the same at once and in turns", async () => {
  assert.equal(finish(busyFor(5)), 5);
  assert.equal(await inTurns(busyFor(5)), 5);
});

Deno.test("who waits meanwhile is never kept for more than some steps, however many work", async () => {
  let rounds = 0;
  let isDone = false;
  const others = (async () => {
    for (; !isDone; rounds++) await new Promise((resolve) => setTimeout(resolve));
  })();
  // Were all of them to go on in one round, there would be a fifth of the rounds.
  await Promise.all(Array.from({ length: 5 }, () => inTurns(busyFor(20))));
  isDone = true;
  await others;
  assert.ok(rounds >= 25, `${rounds} rounds beside 100 ms of work`);
});

Deno.test("what fails in a turn fails for who asked, and the next gets its turn", async () => {
  function* failing(): Steps<never> {
    yield;
    throw new Error("no such row");
  }
  const asked = inTurns(failing());
  const next = inTurns(busyFor(1));
  await assert.rejects(asked, /no such row/);
  assert.equal(await next, 1);
});
