import assert from "node:assert/strict";
import fc from "fast-check";
import {
  add,
  NOTHING,
  probationRows,
  scoreOf,
  STANDARD,
  type Tally,
  tallyOf,
  type Window,
} from "../../../models/evaluation/nab.ts";

/** One window of 100 rows in a file of 1,000: probation is 150 rows. */
const windows: readonly Window[] = [{ first: 500, last: 599 }];

function score(detections: readonly number[]): number {
  return scoreOf(tallyOf(detections, windows, 1000));
}

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);
}

Deno.test("NAB gives 100 for each window in its first row, 0 for silence", () => {
  near(score([500]), 100);
  near(score([]), 0);
});

Deno.test("NAB gives less for a later detection, and nothing more for a second one", () => {
  // y = -(599 - 549 + 1) / 100 = -0.51; sigmoid(-0.51) = 0.8551..., over sigmoid(-1) = 0.986614.
  const weight = (2 / (1 + Math.exp(-2.55)) - 1) / (2 / (1 + Math.exp(-5)) - 1);
  near(weight, 0.866749);
  near(score([549]), (100 * (weight + 1)) / 2);
  near(score([549, 550, 580, 599]), score([549]));
});

Deno.test("NAB counts a detection in the last row of a window as a hit", () => {
  const { windowsHit, falseRows } = tallyOf([599], windows, 1000);
  assert.deepEqual({ windowsHit, falseRows }, { windowsHit: 1, falseRows: 0 });
});

Deno.test("NAB charges 0.11 for each row where no window came before", () => {
  near(tallyOf([200, 201, 500], windows, 1000).raw, 1 - 0.22);
  near(score([200, 201, 500]), 89);
});

Deno.test("NAB charges little right after a window and all of it three windows later", () => {
  // y = (600 - 599) / 99.
  near(tallyOf([500, 600], windows, 1000).raw, 1 + 0.11 * (2 / (1 + Math.exp(5 / 99)) - 1));
  near(tallyOf([500, 599 + 99 * 3 + 1], windows, 1000).raw, 1 - 0.11);
});

Deno.test("NAB does not look at the probation", () => {
  assert.equal(probationRows(1000), 150);
  assert.equal(probationRows(22_695), 750);
  near(score([0, 149, 500]), 100);
  near(score([150, 500]), 94.5);
});

Deno.test("NAB counts false rows no more than 12 apart as one episode", () => {
  const { falseRows, falseEpisodes } = tallyOf([200, 212, 225, 300], windows, 1000);
  assert.deepEqual({ falseRows, falseEpisodes }, { falseRows: 4, falseEpisodes: 3 });
});

Deno.test("NAB scores files together, and one without windows only by what it costs", () => {
  const quiet = tallyOf([400], [], 1000);
  near(quiet.raw, -0.11);
  assert.ok(Number.isNaN(scoreOf(NOTHING)));
  near(scoreOf(add(quiet, tallyOf([500], windows, 1000))), 94.5);
});

Deno.test("NAB equals a row by row count of the published rules", () => {
  const file = fc.record({
    rows: fc.integer({ min: 20, max: 400 }),
    edges: fc.uniqueArray(fc.integer({ min: 0, max: 399 }), { maxLength: 8 }),
    detections: fc.uniqueArray(fc.integer({ min: 0, max: 399 }), { maxLength: 60 }),
  });
  fc.assert(fc.property(file, ({ rows, edges, detections }) => {
    const sorted = edges.filter((edge) => edge < rows).sort((a, b) => a - b);
    const windows: Window[] = [];
    for (let i = 0; i + 1 < sorted.length; i += 2) {
      windows.push({ first: sorted[i] as number, last: sorted[i + 1] as number });
    }
    const rowsDetected = detections.filter((row) => row < rows).sort((a, b) => a - b);
    const { raw, windowsHit } = tallyOf(rowsDetected, windows, rows);
    const slow = rowByRow(new Set(rowsDetected), windows, rows);
    near(raw, slow.raw);
    assert.equal(windowsHit, slow.windowsHit);
  }));
});

/** The rules as data/README words them, with nothing shared with the scorer. */
function rowByRow(
  detected: ReadonlySet<number>,
  windows: readonly Window[],
  rows: number,
): Pick<Tally, "raw" | "windowsHit"> {
  const sigma = (y: number) => 2 / (1 + Math.exp(5 * y)) - 1;
  let raw = 0;
  let hit = 0;
  const probation = Math.min(Math.floor(0.15 * rows), 750);
  for (const { first: left, last: right } of windows) {
    let best = -STANDARD.miss;
    for (let i = right; i >= left; i--) {
      if (i >= probation && detected.has(i)) {
        best = STANDARD.hit * sigma(-(right - i + 1) / (right - left + 1)) / sigma(-1);
      }
    }
    if (best !== -STANDARD.miss) hit++;
    raw += best;
  }
  for (let i = probation; i < rows; i++) {
    if (!detected.has(i) || windows.some(({ first, last }) => first <= i && i <= last)) continue;
    const before = windows.filter(({ last }) => last < i).at(-1);
    const y = before ? (i - before.last) / (before.last - before.first + 1 - 1) : Infinity;
    raw += STANDARD.falseAlarm * (y > 3 ? -1 : sigma(y));
  }
  return { raw, windowsHit: hit };
}
