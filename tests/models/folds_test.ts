import assert from "node:assert/strict";
import fc from "fast-check";
import { consecutiveParts, expandingFolds, groupedFolds } from "../../models/folds.ts";

/** Moments close enough to be shared, and episodes long enough to lie across any cut. */
const moments = fc.array(
  fc.record({ at: fc.integer({ min: 0, max: 200 }), noise: fc.integer({ min: -2, max: 2 }) }),
  { minLength: 1, maxLength: 150 },
).map((rows) => ({
  at: rows.map(({ at }) => at),
  episode: rows.map(({ at, noise }) => noise < 0 ? -1 : Math.floor((at + 3 * noise) / 17)),
}));
const gap = fc.integer({ min: 0, max: 20 });

type Moments = { at: number[]; episode: number[] };

function assertApart(
  earlier: Int32Array,
  later: Int32Array,
  { at, episode }: Moments,
  gap: number,
) {
  const start = Math.min(...Array.from(later, (row) => at[row] ?? NaN));
  const episodes = new Set(Array.from(later, (row) => episode[row]));
  for (const row of earlier) {
    assert.ok((at[row] ?? NaN) + gap < start, `row ${row} knows what follows`);
    assert.ok(episode[row] === -1 || !episodes.has(episode[row]), `row ${row} shares an episode`);
  }
}

Deno.test("what is learned from ends a gap before what it is judged by, without its failures", () => {
  fc.assert(fc.property(moments, gap, fc.integer({ min: 1, max: 6 }), (rows, gap, folds) => {
    for (const { learn, judge } of expandingFolds(rows, folds, gap)) {
      assertApart(learn, judge, rows, gap);
    }
  }));
});

Deno.test("folds judge by each row once at most, and nothing but what tells is left out", () => {
  fc.assert(fc.property(moments, gap, (rows, gap) => {
    const folds = expandingFolds(rows, 4, gap);
    const judged = folds.flatMap(({ judge }) => [...judge]);
    assert.equal(new Set(judged).size, judged.length);
    for (const { learn, judge } of folds) {
      const start = Math.min(...Array.from(judge, (row) => rows.at[row] ?? NaN));
      const told = new Set(Array.from(judge, (row) => rows.episode[row]));
      const expected = rows.at.flatMap((at, row) => {
        const episode = rows.episode[row];
        return at + gap < start && (episode === -1 || !told.has(episode)) ? [row] : [];
      });
      assert.deepEqual([...learn].sort((a, b) => a - b), expected);
    }
  }));
});

Deno.test("each fold learns from more than the one before, of equal parts of time", () => {
  const at = Array.from({ length: 1_000 }, (_, i) => i);
  const folds = expandingFolds({ at, episode: at.map(() => -1) }, 4, 10);
  assert.deepEqual(folds.map(({ learn }) => learn.length), [190, 390, 590, 790]);
  assert.deepEqual(folds.map(({ judge }) => judge.length), [200, 200, 200, 200]);
});

Deno.test("consecutive parts tell nothing of any later one", () => {
  fc.assert(fc.property(moments, gap, (rows, gap) => {
    const parts = consecutiveParts(rows, [6, 1, 1, 2], gap);
    assert.equal(parts.length, 4);
    parts.forEach((part, i) => {
      for (const later of parts.slice(i + 1)) {
        if (later.length > 0) assertApart(part, later, rows, gap);
      }
    });
  }));
});

Deno.test("grouped folds judge by every row once, and know no group from both sides", () => {
  const groups = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 80 });
  fc.assert(fc.property(groups, fc.integer({ min: 2, max: 5 }), (group, count) => {
    const folds = groupedFolds(group, count);
    if (new Set(group).size === 1) return assert.deepEqual(folds, []);
    assert.equal(folds.reduce((sum, { judge }) => sum + judge.length, 0), group.length);
    for (const { learn, judge } of folds) {
      const judged = new Set(Array.from(judge, (row) => group[row]));
      assert.ok(learn.every((row) => !judged.has(group[row])));
    }
  }));
});
