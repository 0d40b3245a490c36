import assert from "node:assert/strict";
import fc from "fast-check";
import { Ring } from "../../../models/detectors/ring.ts";
import { Sorted } from "../../../models/detectors/sorted.ts";
import { Tail } from "../../../models/detectors/tail.ts";
import { AtWork, noise } from "./series.ts";

/** A tail that hears one score after the other. */
function tailOf(capacity: number): AtWork<Tail> & { update(score: number): number } {
  const atWork = new AtWork((layout) => new Tail(layout, { capacity, after: 0 }));
  return Object.assign(atWork, {
    update: (score: number) => atWork.tell((tail) => tail.update(score)),
  });
}

Deno.test("a tail is the share of all scores so far that are at least as high", () => {
  const score = fc.integer({ min: 0, max: 9 });
  fc.assert(fc.property(fc.array(score, { maxLength: 60 }), (scores) => {
    const tail = tailOf(64);
    for (const [i, score] of scores.entries()) {
      const before = scores.slice(0, i);
      const higher = before.filter((other) => other >= score).length;
      assert.equal(tail.update(score), (1 + higher) / (1 + i));
    }
  }));
});

Deno.test("a tail keeps few scores and still knows how rare one is in many", () => {
  const tail = tailOf(128);
  for (const score of noise(3000)) tail.update(score);
  const sizes = [18.72, 20, 21.28, 22.05].map((score) => tail.update(score));
  for (const [i, expected] of [0.9, 0.5, 0.1, 0.02].entries()) {
    assert.ok(Math.abs((sizes[i] as number) - expected) < 0.06, `${sizes[i]}, not ${expected}`);
  }
  assert.ok(JSON.stringify(tail).length < 800);
});

Deno.test("a tail forgets in the end", () => {
  const tail = tailOf(16);
  for (let i = 0; i < 200; i++) tail.update(100);
  for (let i = 0; i < 16 * 32; i++) tail.update(1);
  assert.equal(tail.update(50), 1 / 17);
});

Deno.test("a tail that was saved at any moment goes on bit for bit", () => {
  const tail = tailOf(16);
  const restored = tailOf(16);
  for (const [i, score] of noise(700).entries()) {
    if (i % 5 === 0) restored.saveAndRestore();
    assert.equal(restored.update(score), tail.update(score));
  }
});

Deno.test("sorted values stay so, and their median deviation is that of the definition", () => {
  const value = fc.integer({ min: -20, max: 20 });
  fc.assert(fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), (values) => {
    const sorted = new Sorted(new Float64Array(40), new Int32Array(1));
    for (const value of values) sorted.add(value);
    const kept = values.toSorted((a, b) => a - b);
    const median = kept[kept.length >> 1] as number;
    const deviations = kept.map((value) => Math.abs(value - median)).sort((a, b) => a - b);
    assert.equal(sorted.median, median);
    assert.equal(Sorted.of(Float64Array.from(values)).median, median);
    assert.equal(sorted.medianDeviation(), deviations[values.length >> 1]);
    for (const value of values) assert.equal(sorted.below(value), kept.indexOf(value));
    sorted.remove(values[0] as number);
    assert.equal(sorted.count, values.length - 1);
  }));
});

Deno.test("a ring holds the latest values, oldest first, as it grows and when it is restored", () => {
  for (const capacity of [7, 40, 100]) {
    const values = noise(230);
    const ring = new AtWork((layout) => new Ring(layout, capacity));
    const first = new AtWork((layout) => new Ring(layout, capacity));
    for (const [i, value] of values.entries()) {
      const kept = values.slice(Math.max(0, i + 1 - capacity), i + 1);
      const isFull = i + 1 >= capacity;
      ring.saveAndRestore();
      const told = ring.tell((ring) => [ring.push(value), ring.values(), ring.mean(), ring.isFull]);
      const mean = kept.reduce((a, b) => a + b) / kept.length;
      assert.deepEqual(told, [values[i - capacity], Float64Array.from(kept), mean, isFull]);
      first.tell((ring) => ring.push(value));
      assert.equal(JSON.stringify(first), JSON.stringify(ring));
    }
  }
});
