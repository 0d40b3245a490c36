import assert from "node:assert/strict";
import {
  type Health,
  healthOf,
  type HealthState,
  levelOf,
  paceOf,
  UNKNOWN_HEALTH,
  wearAfter,
} from "../../../models/vibration/health.ts";
import type { Remaining } from "../../../models/vibration/trend.ts";
import { noise } from "./waveforms.ts";

const HOUR_MS = 3_600_000;
const LEARNING = 100;

type Followed = Health & { readonly state: HealthState; readonly pace: Remaining | null };

/** One reading an hour of RMS and peak, both `growth` times their normal, a little noisy. */
function follow(growths: readonly number[], seed = 1): Followed[] {
  const wobble = noise(2 * growths.length, seed);
  let state: HealthState = UNKNOWN_HEALTH;
  return growths.map((growth, i) => {
    const rms = 0.5 * growth * Math.exp(0.05 * (wobble[2 * i] as number));
    const peak = 2 * growth * Math.exp(0.15 * (wobble[2 * i + 1] as number));
    const after = wearAfter(state, i * HOUR_MS, levelOf([rms, peak]) ?? NaN);
    assert.ok(after);
    state = after;
    const at = i * HOUR_MS;
    return { state, ...healthOf(state, at), pace: paceOf(state, at) };
  });
}

function steady(count: number, growth = 1): number[] {
  return new Array(count).fill(growth);
}

/** From normal to `last` times as much, exponentially. */
function growing(count: number, last: number): number[] {
  return Array.from({ length: count }, (_, i) => last ** ((i + 1) / count));
}

Deno.test("the first hundred readings teach what is normal, and never alarm", () => {
  const healths = follow([...steady(50), ...steady(49, 5)]);
  assert.ok(healths.every(({ toLearn, alarm, index }) => toLearn > 0 && !alarm && index === 0));
  const after = follow(steady(101)).at(-1);
  assert.equal(after?.toLearn, 0);
  assert.ok(Math.abs((after?.growth ?? 0) - 1) < 0.1);
});

Deno.test("a bearing that stays as it is does not alarm in ten thousand readings", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const healths = follow(steady(10_000), seed);
    assert.ok(healths.every(({ alarm }) => !alarm), `seed ${seed}`);
    assert.ok((healths.at(-1)?.index ?? 1) < 0.15);
  }
});

Deno.test("2.5 times as much raises the alarm, once, and clearly less clears it", () => {
  const growths = [...steady(LEARNING), ...steady(30, 2), ...steady(30, 3), ...steady(30, 2.3)];
  const alarms = follow([...growths, ...steady(30, 1.2)]).map(({ alarm }) => alarm);
  const changes = alarms.flatMap((alarm, i) => alarm === (alarms[i - 1] ?? false) ? [] : [i]);
  assert.equal(changes.length, 2);
  const [raised = 0, cleared = 0] = changes;
  assert.ok(raised > LEARNING + 30 && raised < LEARNING + 40, `raised at ${raised}`);
  assert.ok(cleared > LEARNING + 90 && cleared < LEARNING + 100, `cleared at ${cleared}`);
});

Deno.test("four wild readings in a row are no wear", () => {
  const healths = follow([...steady(150), ...steady(4, 50), ...steady(20)]);
  assert.ok(healths.every(({ alarm, index }) => !alarm && index < 0.2));
});

Deno.test("the index never falls, whatever the vibration does", () => {
  // Below 0.4 of normal it would stand still.
  const wild = [...noise(500, 3)].map((value) => Math.max(0.6, Math.exp(value)));
  const indexes = follow([...steady(LEARNING), ...wild]).map(({ index }) => index);
  assert.deepEqual(indexes, indexes.toSorted((a, b) => a - b));
  assert.ok(indexes.every((index) => index >= 0 && index <= 1));
  assert.equal(follow([...steady(LEARNING), ...steady(20, 10)]).at(-1)?.index, 1);
});

Deno.test("exponential wear: at its pace it ends when it will, mostly within the interval", () => {
  // Grows to 6.25 times normal, the end, in 400 hours; asked after 240 of them.
  const trueMs = 160 * HOUR_MS;
  const found = Array.from({ length: 40 }, (_, seed) => {
    const healths = follow([...steady(LEARNING), ...growing(400, 6.25).slice(0, 240)], seed + 1);
    const { pace, remaining } = healths.at(-1) ?? {};
    assert.ok(pace && remaining, `seed ${seed + 1}`);
    // What is told of the time left is what others like it had: less sure, and not misled.
    assert.ok(remaining.earliestMs < trueMs && trueMs < (remaining.latestMs ?? Infinity));
    return pace;
  });
  const expected = found.map(({ expectedMs }) => expectedMs).sort((a, b) => a - b);
  const middle = (expected[20] as number) / trueMs;
  assert.ok(Math.abs(middle - 1) < 0.1, `median ${middle} of the true time`);
  assert.ok((expected[36] as number) < 1.5 * trueMs && (expected[3] as number) > 0.6 * trueMs);
  const within =
    found.filter(({ earliestMs, latestMs }) =>
      earliestMs <= trueMs && trueMs <= (latestMs ?? Infinity)
    ).length;
  assert.ok(within >= 30, `${within} of 40`);
});

Deno.test("a steady bearing is given no time to fail, and rarely seems to grow", () => {
  const healths = follow(steady(2_000), 9);
  assert.ok(healths.every(({ remaining }) => remaining === null));
  const paces = healths.flatMap(({ pace }) => pace ?? []);
  assert.ok(paces.length < 400, `${paces.length} of 2000`);
  const shortest = Math.min(...paces.map(({ expectedMs }) => expectedMs / HOUR_MS));
  assert.ok(shortest > 100, `${shortest} hours`);
});

Deno.test("since when it is worse is when the level rose, until it has clearly fallen", () => {
  const growths = [...steady(LEARNING + 20), ...steady(30, 3), ...steady(30, 1)];
  const worse = follow(growths).map(({ worseSince }) => worseSince);
  const since = worse.find((at) => at !== null) ?? NaN;
  assert.ok(since >= (LEARNING + 24) * HOUR_MS && since <= (LEARNING + 27) * HOUR_MS, `${since}`);
  assert.equal(worse[LEARNING + 45], since);
  assert.equal(worse.at(-1), null);
});

Deno.test("a machine that stands still says nothing of wear, and is not what it is held against", () => {
  const state = follow([...steady(LEARNING), ...steady(30, 3)]).at(-1)?.state;
  assert.ok(state);
  assert.equal(wearAfter(state, 1e9, levelOf([0.05, 0.2]) ?? NaN), undefined);
  assert.equal(wearAfter(state, 1e9, levelOf([1.5, 6]) ?? NaN)?.alarm, true);
});

Deno.test("the state is small, and the same after a detour through JSON", () => {
  const growths = [...steady(LEARNING), ...growing(3_000, 5)];
  const state = follow(growths).at(-1)?.state;
  assert.ok(state);
  const json = JSON.stringify(state);
  assert.ok(json.length < 1_000, `${json.length} characters`);
  assert.deepEqual(JSON.parse(json), state);
  const learning = JSON.stringify(follow(steady(LEARNING - 1)).at(-1)?.state);
  assert.ok(learning.length < 1_000, `${learning.length} characters`);
});

Deno.test("a sensor that is off, or says no number, has no level", () => {
  for (const magnitudes of [[], [0, 0], [1, 0], [1, NaN], [Infinity, 1], [-1, 2]]) {
    assert.equal(levelOf(magnitudes), undefined);
  }
  assert.equal(wearAfter(UNKNOWN_HEALTH, 0, NaN), undefined);
});
