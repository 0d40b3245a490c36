import assert from "node:assert/strict";
import {
  ALARM,
  type DetectorKind,
  DETECTORS,
  ensemble,
  type Judgement,
} from "../../../models/detectors/mod.ts";
import { flatLine } from "../../../models/detectors/flat_line.ts";
import { level } from "../../../models/detectors/level.ts";
import { restlessness } from "../../../models/detectors/restlessness.ts";
import { robustZ } from "../../../models/detectors/robust_z.ts";
import { season } from "../../../models/detectors/season.ts";
import { spike } from "../../../models/detectors/spike.ts";
import { threeSigma } from "../../../models/detectors/three_sigma.ts";
import { unfamiliar } from "../../../models/detectors/unfamiliar.ts";
import { createRandom } from "../../../simulator/random.ts";
import { daily, momentOf, noise } from "./series.ts";

function judge(kind: DetectorKind, values: readonly number[]): Judgement[] {
  const detector = kind.start();
  return values.map((value, row) => detector.update(value, momentOf(row)));
}

/** The highest score from a row on, and the sentence that goes with it. */
function highest(judgements: readonly Judgement[], from: number): Judgement {
  return judgements.slice(from).reduce((a, b) => b.score > a.score ? b : a);
}

/** An ordinary past, and then what a detector looks for. */
const FINDS: readonly {
  kind: DetectorKind;
  past: readonly number[];
  then: readonly number[];
  reason: RegExp;
}[] = [
  {
    kind: unfamiliar,
    past: daily(4000),
    then: noise(100, { level: 50, deviation: 0.5 }),
    reason:
      /^The latest 24 to 48 readings are unlike any before: .* went on with [\d.]+ to [\d.]+$/,
  },
  {
    kind: season,
    past: daily(3000),
    then: noise(100, { level: 40 }),
    reason: /^Not as usual at this hour of the (day|week): [\d.]+ where it is about [\d.]+$/,
  },
  {
    kind: level,
    past: noise(1000),
    then: noise(31, { level: 23 }),
    reason:
      /^The level has changed: the latest 31 readings average 2[23][\d.]*, those before 20[\d.]*$/,
  },
  {
    kind: restlessness,
    past: noise(1000),
    then: noise(100, { deviation: 3 }),
    reason: /^The readings are more restless than before: the latest 100 lie [\d.]+ apart/,
  },
  {
    kind: restlessness,
    past: noise(1000),
    then: noise(100, { deviation: 0.2 }),
    reason: /^The readings are less restless than before/,
  },
  {
    kind: robustZ,
    past: noise(1000),
    then: [35],
    reason: /^35 is 1[\d.]+ deviations from the median of the latest readings, (19|20)[\d.]*$/,
  },
  {
    kind: threeSigma,
    past: noise(1000),
    then: [15],
    reason: /^15 is [45][\d.]* standard deviations from the mean of the first 150 readings, /,
  },
  {
    kind: spike,
    past: noise(1000),
    then: [40],
    reason: /^40 is far above all readings so far, which lay between 1[\d.]+ and 2[\d.]+$/,
  },
  {
    kind: spike,
    past: noise(1000),
    then: [0],
    reason: /^0 is far below all readings so far/,
  },
  {
    kind: flatLine,
    past: noise(1000),
    then: Array(40).fill(20),
    reason: /^Stands still at 20 for 39 readings, where the longest standstill was 0$/,
  },
];

for (const { kind, past, then, reason } of FINDS) {
  Deno.test(`${kind.name} finds ${kind.looksFor}, and says so: ${reason.source.slice(1, 40)}`, () => {
    const judgements = judge(kind, [...past, ...then]);
    const found = highest(judgements, past.length);
    assert.ok(found.score >= ALARM, `${found.score}`);
    assert.match(found.reason, reason);
    const ordinary = judgements.slice(past.length - 300, past.length);
    const alarms = ordinary.filter(({ score }) => score >= ALARM).length;
    assert.ok(alarms <= 0.15 * ordinary.length, `${alarms} of ${ordinary.length} before`);
  });
}

Deno.test("season has no opinion where a series has none", () => {
  assert.ok(judge(season, noise(3000)).every(({ expected }) => expected === null));
});

Deno.test("season knows the hours of a week, also before 1970", () => {
  const random = createRandom("week");
  const detector = season.start();
  let expected: number | null = null;
  for (let hour = -24 * 7 * 8; hour < 0; hour++) {
    const isWeekend = Math.floor((hour + 24 * 7 * 8) / 24) % 7 >= 5;
    const value = random.normal(isWeekend ? 10 : 100, 1);
    ({ expected } = detector.update(value, hour * 3_600_000));
  }
  assert.ok(expected !== null && expected < 15, `${expected}`);
});

Deno.test("three-sigma has no opinion where the readings it learns from are all the same", () => {
  const judgements = judge(threeSigma, [...Array(200).fill(1), 5]);
  assert.ok(judgements.every(({ score }) => score === 0));
});

for (const kind of DETECTORS) {
  Deno.test(`${kind.name} goes on bit for bit when it is saved and restored at any moment`, () => {
    const values = [...daily(700), ...Array(60).fill(50), ...noise(300), 500, ...daily(200)];
    const detector = kind.start();
    let restored = kind.start();
    for (const [row, value] of values.entries()) {
      if (row % 17 === 0) restored = kind.start(JSON.parse(JSON.stringify(restored)));
      const judgement = detector.update(value, momentOf(row));
      assert.deepEqual(restored.update(value, momentOf(row)), judgement, `row ${row}`);
    }
    assert.equal(JSON.stringify(restored), JSON.stringify(detector));
  });

  Deno.test(`${kind.name} judges any series: constant, enormous, tiny, with gaps and clocks going back`, () => {
    const random = createRandom(kind.name);
    const extremes = [0, -0, 1e150, -1e150, 5e-324, 1, -1];
    const series = [
      Array(700).fill(7),
      Array.from({ length: 700 }, () => random.pick([0, 1, 1e150, -1e150, 1e-300])),
      Array.from({ length: 700 }, (_, i) => extremes[i % extremes.length] as number),
      noise(700, { level: 1e149, deviation: 1e140 }),
    ];
    for (const values of series) {
      const detector = kind.start();
      for (const value of values) {
        const at = random.between(-1e12, 4e12); // From 1938 to 2096.
        const { score, expected, lower, upper } = detector.update(value, at);
        assert.ok(score >= 0 && score <= 1, `${score}`);
        for (const number of [expected, lower, upper]) {
          assert.ok(number === null || Number.isFinite(number), `${number}`);
        }
      }
      assert.deepEqual(
        JSON.parse(JSON.stringify(kind.start(JSON.parse(JSON.stringify(detector))))),
        JSON.parse(JSON.stringify(detector)),
      );
    }
  });
}

Deno.test("a constant series is no anomaly to anybody", () => {
  for (const kind of DETECTORS) {
    assert.ok(judge(kind, Array(3000).fill(21.5)).every(({ score }) => score < ALARM), kind.name);
  }
});

Deno.test("the state of a series is at most 32 KB, whatever came", () => {
  const random = createRandom("size");
  const detector = ensemble.start();
  for (let row = 0; row < 12_000; row++) detector.update(random.normal(0, 1e9), momentOf(row));
  const bytes = JSON.stringify(detector).length;
  assert.ok(bytes <= 32 * 1024, `${bytes} bytes`);
});
