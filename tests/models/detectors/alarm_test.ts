import assert from "node:assert/strict";
import { Alarm } from "../../../models/detectors/alarm.ts";
import { type Episode, followEpisode, type Scored } from "../../../models/detectors/episode.ts";

const LEARNING = Array(149).fill(0);

/** Rows of the detections, counted from the end of learning. */
function alarms(scores: readonly number[]): number[] {
  const alarm = new Alarm();
  return [...LEARNING, ...scores].flatMap((score, row) =>
    alarm.update(score) ? [row - LEARNING.length] : []
  );
}

Deno.test("an alarm is the first score of 0.5 or more", () => {
  assert.deepEqual(alarms([0.1, 0.49, 0.5, 0.9]), [2]);
});

Deno.test("no alarm comes in the first 149 readings", () => {
  const alarm = new Alarm();
  const rows = Array.from({ length: 160 }, () => alarm.update(0.9)).indexOf(true);
  assert.equal(rows, 149);
});

Deno.test("after an alarm 48 readings are quiet, and the scores must have been low once", () => {
  const low = (count: number) => Array(count).fill(0);
  assert.deepEqual(alarms([0.6, ...low(47), 0.99]), [0]);
  assert.deepEqual(alarms([0.6, ...low(48), 0.99]), [0, 49]);
  assert.deepEqual(alarms([0.6, ...Array(300).fill(0.45), 0.99]), [0]);
});

Deno.test("soon after an alarm the next one needs a higher score, and less so later", () => {
  const after = (readings: number, score: number) =>
    alarms([0.6, ...Array(readings - 1).fill(0), score]).length === 2;
  // Right after, three times the limit: 1 - 0.5 / 3 = 0.83; after 100 readings 1 + 2 / e^⅓: 0.79.
  assert.deepEqual([after(100, 0.78), after(100, 0.8)], [false, true]);
  assert.deepEqual([after(600, 0.6), after(600, 0.62)], [false, true]);
  assert.ok(after(3000, 0.5001));
});

Deno.test("a series that is watched for long takes more for an alarm", () => {
  const at = (readings: number, score: number) =>
    alarms([...Array(readings).fill(0), score]).length === 1;
  // 4 to the power of 0.35 is 1.62: 1 - 0.5 / 1.62 = 0.69; no more after 16,000.
  assert.deepEqual([at(3_000, 0.5), at(15_900, 0.68), at(15_900, 0.7)], [true, false, true]);
  assert.deepEqual([at(60_000, 0.69), at(60_000, 0.7)], [false, true]);
});

Deno.test("all that an alarm knows is in its state", () => {
  const scores = Array.from({ length: 900 }, (_, row) => (Math.sin(row / 9) + 1) / 2);
  const alarm = new Alarm();
  const state = new Float64Array(Alarm.STATE_LENGTH);
  for (const score of scores) {
    assert.equal(new Alarm(state).update(score), alarm.update(score));
  }
});

/** What followed from these readings, one a second, and what is open at the end. */
function follow(
  scores: readonly (number | "alarm")[],
): { ended: Episode[]; open: Episode | undefined } {
  const ended: Episode[] = [];
  let open: Episode | undefined;
  for (const [second, score] of scores.entries()) {
    const isAnomaly = score === "alarm";
    const reading: Scored = {
      at: second * 1000,
      value: second,
      score: isAnomaly ? 0.7 : score,
      isAnomaly,
    };
    const turn = followEpisode(open, reading);
    open = turn.open;
    if (turn.ended) ended.push(turn.ended);
  }
  return { ended, open };
}

const CALM = Array(12).fill(0.1);

Deno.test("an episode begins with a detection, has its highest score as peak, and ends after a calm", () => {
  const { ended, open } = follow([0.6, "alarm", 0.9, 0.5, ...CALM, 0.1]);
  assert.equal(open, undefined);
  assert.deepEqual(ended.map(({ calmReadings: _, ...episode }) => episode), [
    { startedAt: 1000, peakAt: 2000, peakScore: 0.9, peakValue: 2, lastAt: 3000 },
  ]);
});

Deno.test("a short lull belongs to the episode, and so does a second detection", () => {
  const { ended, open } = follow(["alarm", 0.1, 0.1, 0.5, "alarm", 0.1]);
  assert.deepEqual(ended, []);
  assert.equal(open?.startedAt, 0);
  assert.equal(open?.lastAt, 4000);
});

Deno.test("without a detection there is no episode, however high the scores", () => {
  assert.deepEqual(follow([0.9, 0.99, ...CALM]), { ended: [], open: undefined });
});

Deno.test("an episode can follow another one", () => {
  const { ended } = follow(["alarm", ...CALM, "alarm", ...CALM]);
  assert.deepEqual(ended.map(({ startedAt }) => startedAt), [0, 13_000]);
});
