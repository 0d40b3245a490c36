import assert from "node:assert/strict";
import fc from "fast-check";
import { Ring } from "../../../models/detectors/ring.ts";
import { Sorted } from "../../../models/detectors/sorted.ts";
import { Tail } from "../../../models/detectors/tail.ts";
import { noise } from "./series.ts";

Deno.test("a tail is the share of all scores so far that are at least as high", () => {
  const score = fc.integer({ min: 0, max: 9 });
  fc.assert(fc.property(fc.array(score, { maxLength: 60 }), (scores) => {
    const tail = new Tail(64);
    for (const [i, score] of scores.entries()) {
      const before = scores.slice(0, i);
      const higher = before.filter((other) => other >= score).length;
      assert.equal(tail.update(score), (1 + higher) / (1 + i));
    }
  }));
});

Deno.test("a tail keeps few scores and still knows how rare one is in many", () => {
  const tail = new Tail(128);
  for (const score of noise(3000)) tail.update(score);
  const sizes = [18.72, 20, 21.28, 22.05].map((score) => tail.update(score));
  for (const [i, expected] of [0.9, 0.5, 0.1, 0.02].entries()) {
    assert.ok(Math.abs((sizes[i] as number) - expected) < 0.06, `${sizes[i]}, not ${expected}`);
  }
  assert.ok(JSON.stringify(tail).length < 800);
});

Deno.test("a tail forgets in the end", () => {
  const tail = new Tail(16);
  for (let i = 0; i < 200; i++) tail.update(100);
  for (let i = 0; i < 16 * 32; i++) tail.update(1);
  assert.equal(tail.update(50), 1 / 17);
});

Deno.test("a tail that was saved at any moment goes on bit for bit", () => {
  const tail = new Tail(16);
  let restored = new Tail(16);
  for (const [i, score] of noise(700).entries()) {
    if (i % 5 === 0) restored = new Tail(16, JSON.parse(JSON.stringify(restored)));
    assert.equal(restored.update(score), tail.update(score));
  }
});

Deno.test("sorted values stay so, and their median deviation is that of the definition", () => {
  const value = fc.integer({ min: -20, max: 20 });
  fc.assert(fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), (values) => {
    const sorted = new Sorted();
    for (const value of values) sorted.add(value);
    const kept = values.toSorted((a, b) => a - b);
    const median = kept[kept.length >> 1] as number;
    const deviations = kept.map((value) => Math.abs(value - median)).sort((a, b) => a - b);
    assert.equal(sorted.median, median);
    assert.equal(sorted.medianDeviation(), deviations[values.length >> 1]);
    for (const value of values) assert.equal(sorted.below(value), kept.indexOf(value));
    sorted.remove(values[0] as number);
    assert.equal(sorted.count, values.length - 1);
  }));
});

Deno.test("a ring holds the latest values, oldest first, and adds them up alike when restored", () => {
  const values = noise(30);
  const ring = new Ring(7);
  for (const [i, value] of values.entries()) {
    assert.equal(ring.push(value), values[i - 7]);
    assert.deepEqual([...ring.values()], values.slice(Math.max(0, i - 6), i + 1));
    const restored = new Ring(7, JSON.parse(JSON.stringify(ring)));
    assert.equal(restored.mean(), ring.mean());
    assert.deepEqual(restored.values(), ring.values());
  }
});
