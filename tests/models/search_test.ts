import assert from "node:assert/strict";
import {
  bestOf,
  type Point,
  search,
  type Space,
  suggest,
  type Trial,
} from "../../models/search.ts";
import { seeded } from "../../models/random.ts";

const SPACE = {
  rate: { from: 0.001, to: 1, log: true },
  depth: { from: 1, to: 12, whole: true },
  share: { from: 0, to: 1 },
  penalty: { from: 0, to: 10 },
} as const satisfies Space<string>;
type Name = keyof typeof SPACE;

/** A bowl with its lowest point off the middle of everything. */
function bowl({ rate, depth, share, penalty }: Point<Name>): number {
  return (Math.log10(rate / 0.02) / 3) ** 2 + ((depth - 9) / 11) ** 2 + (share - 0.25) ** 2 +
    ((penalty - 7) / 10) ** 2;
}

function randomPoint(uniform: () => number): Point<Name> {
  return suggest(SPACE, [], uniform);
}

Deno.test("searching beats chance at the same number of trials", async () => {
  let won = 0;
  const ratios: number[] = [];
  for (let seed = 1; seed <= 40; seed++) {
    const found = bestOf(await search(SPACE, 60, seeded(seed), bowl))?.loss ?? NaN;
    const uniform = seeded(1_000 + seed);
    const chance = Math.min(...Array.from({ length: 60 }, () => bowl(randomPoint(uniform))));
    ratios.push(found / chance);
    if (found < chance) won++;
  }
  const median = ratios.sort((a, b) => a - b)[20] as number;
  assert.ok(won >= 30 && median < 0.5, `won ${won} of 40, median ratio ${median}`);
});

Deno.test("what is tried next depends on where the good trials were, not on losses alone", () => {
  const uniform = seeded(3);
  const points = Array.from({ length: 60 }, () => randomPoint(uniform));
  const mean = (target: number) => {
    const trials = points.map((point) => ({ point, loss: Math.abs(point.share - target) }));
    const draw = seeded(4);
    const tried = Array.from({ length: 50 }, () => suggest(SPACE, trials, draw).share);
    return tried.reduce((sum, share) => sum + share, 0) / tried.length;
  };
  assert.ok(Math.abs(mean(0.1) - 0.1) < 0.1 && Math.abs(mean(0.9) - 0.9) < 0.1);
});

Deno.test("points stay within their space, whole where they must be; ends are reached", async () => {
  const trials = await search(SPACE, 300, seeded(5), ({ depth }) => -depth);
  for (const { point } of trials) {
    for (const [name, { from, to }] of Object.entries(SPACE)) {
      const value = point[name as Name];
      assert.ok(value >= from && value <= to, `${name} ${value}`);
    }
    assert.ok(Number.isInteger(point.depth));
  }
  assert.equal(bestOf(trials)?.point.depth, 12);
  assert.ok(trials.some(({ point }) => point.depth === 1));
});

Deno.test("the same seed tries the same points, and trials that failed are learned from", async () => {
  const failing = (point: Point<Name>) => point.share > 0.5 ? NaN : bowl(point);
  const trials = await search(SPACE, 80, seeded(6), failing);
  assert.deepEqual(await search(SPACE, 80, seeded(6), failing), trials);
  const failed = (some: readonly Trial<Name>[]) =>
    some.filter(({ loss }) => Number.isNaN(loss)).length;
  assert.ok(failed(trials.slice(40)) < 10, `${failed(trials.slice(40))} of the last 40 failed`);
  assert.ok((bestOf(trials)?.loss ?? NaN) < 0.05);
  assert.equal(bestOf(trials.filter(({ loss }) => Number.isNaN(loss))), undefined);
});
