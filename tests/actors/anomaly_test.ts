/** What a sensor's actor finds in its readings, says of it, and knows again after a restart. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { concludeReading, noAnomalies, noteAnomalies } from "../../actors/anomaly.ts";
import { sensor } from "../../actors/sensor.ts";
import type { Event } from "../../events/event.ts";
import type { AnomalyFound } from "../../events/sensor.ts";
import { randomFrom } from "../../bench/fleet.ts";
import { saved } from "../given.ts";
import { bring, command, HOUR, message, MINUTE, NOON, tick } from "./saying.ts";

/** A calm day and a half by the minute, an hour of trouble, and calm again. */
const TROUBLE_FROM = 2_000;
const TROUBLE_UNTIL = 2_060;
const READINGS = 2_400;

function valueAt(index: number, random: () => number): number {
  const usual = 21 + 2 * Math.sin(index / 60) + 0.3 * random();
  return index >= TROUBLE_FROM && index < TROUBLE_UNTIL ? usual + 15 : usual;
}

interface Told {
  readonly event: Event;
  readonly score: number | undefined;
}

/** A sensor that has lived through it, with what it noted beside each reading. */
function lived() {
  const random = randomFrom(7);
  const actor = bring(sensor);
  const scores: (number | undefined)[] = [];
  for (let i = 0; i < READINGS; i++) {
    const at = NOON + i * MINUTE;
    actor.hear(message("reading", { value: valueAt(i, random) }, at));
    scores.push(sensor.conclude?.(actor.state, reading(at))?.noted.score);
  }
  return { actor, scores };
}

function reading(at: number): Event {
  return { type: "ReadingReported", data: { value: 0 }, occurredAt: at, recordedAt: at };
}

const { actor, scores } = lived();
const found = actor.log.filter(({ type }) => type.startsWith("Anomaly"));

Deno.test("every reading is noted with a score between 0 and 1, in ten-thousandths", () => {
  assert.equal(scores.length, READINGS);
  for (const score of scores) {
    assert.ok(score !== undefined && score >= 0 && score <= 1);
    assert.equal(score, Math.round(score * 10_000) / 10_000);
  }
});

Deno.test("trouble is detected when it begins, and said to be over when it is", () => {
  const troubleAt = NOON + TROUBLE_FROM * MINUTE;
  const detected = found.find(({ type, occurredAt }) =>
    type === "AnomalyDetected" && occurredAt >= troubleAt
  );
  assert.ok(detected, "the trouble was not detected");
  const late = (detected.occurredAt - troubleAt) / MINUTE;
  assert.ok(late < 10, `it was detected after ${late} readings`);
  const { episode } = detected.data as AnomalyFound;
  const ended = found.find(({ type, data }) => type === "AnomalyEnded" && data.episode === episode);
  assert.ok(ended && ended.occurredAt > NOON + TROUBLE_FROM * MINUTE, "it never ended");
});

/** A sensor in the middle of its trouble. */
function troubled() {
  const random = randomFrom(7);
  const actor = bring(sensor);
  const until = TROUBLE_UNTIL - 30;
  for (let i = 0; i < until; i++) {
    actor.hear(message("reading", { value: valueAt(i, random) }, NOON + i * MINUTE));
  }
  assert.notEqual(actor.state.anomalies?.current ?? null, null, "no anomaly goes on");
  return { actor, until: NOON + until * MINUTE };
}

Deno.test("an anomaly ends with its last reading when its sensor falls silent", () => {
  const { actor, until } = troubled();
  const told = actor.hear(tick(until + HOUR));
  assert.deepEqual(told.map(({ type }) => type), [
    "DeviceFellSilent",
    "AlarmRaised",
    "AnomalyEnded",
  ]);
  const lastAt = Date.parse(String(told[2]?.data.lastAt));
  assert.ok(lastAt >= NOON + TROUBLE_FROM * MINUTE && lastAt < until, `${new Date(lastAt)}`);
  assert.equal(actor.state.anomalies?.current, null);
});

Deno.test("out of service a sensor's anomaly ends, and what it says then is scored but is none", () => {
  const { actor, until } = troubled();
  const told = actor.hear(command("DecommissionDevice", { by: "ann" }, until));
  assert.deepEqual(told.map(({ type }) => type), ["DeviceDecommissioned", "AnomalyEnded"]);
  for (let i = 1; i <= 300; i++) {
    const value = i % 100 === 0 ? 1e6 : 21;
    const at = until + i * MINUTE;
    const events = actor.hear(message("reading", { value }, at));
    assert.deepEqual(events.map(({ type }) => type), ["ReadingReported"]);
    assert.equal(typeof sensor.conclude?.(actor.state, reading(at))?.noted.score, "number");
  }
});

Deno.test("what was found says what came, what was expected, and who found it", () => {
  const detected = found.findLast(({ type }) => type === "AnomalyDetected");
  const data = detected?.data as AnomalyFound;
  assert.ok(data.score >= data.threshold);
  assert.ok(data.reason.length > 10);
  assert.ok(data.detectors.length > 0);
  assert.ok(data.detectors.every(({ name, reason }) => name !== "" && reason !== ""));
  assert.equal(typeof data.value, "number");
});

Deno.test("anomalies are numbered from 1, and an end follows each beginning", () => {
  let latest = 0;
  let open: number | undefined;
  for (const { type, data } of found) {
    const episode = Number(data.episode);
    if (type === "AnomalyDetected" && open === undefined) {
      assert.equal(episode, ++latest);
      open = episode;
    }
    assert.equal(episode, open);
    if (type === "AnomalyEnded") open = undefined;
  }
  assert.ok(latest >= 1);
});

Deno.test("folded again from the log, a sensor finds the very same in the same next readings", () => {
  const half = Math.floor(actor.log.length / 2);
  const states = [
    actor.log.slice(0, half).reduce(sensor.evolve, sensor.initial()),
    // As after a restart in the middle.
    saved(actor.log.slice(0, half).reduce(sensor.evolve, sensor.initial())),
  ];
  const tellings = states.map((state) => {
    const told: Told[] = [];
    for (const event of actor.log.slice(half)) {
      state = sensor.evolve(state, event);
      const conclusion = sensor.conclude?.(state, event);
      told.push({ event, score: conclusion?.noted.score });
      for (const next of conclusion?.events ?? []) {
        told.push({ event: { ...next, recordedAt: event.recordedAt }, score: undefined });
      }
    }
    return { told, state: saved(state) };
  });
  assert.deepEqual(tellings[1], tellings[0]);
  // What it would say now is what it said then, in the same order.
  const isFound = ({ event }: Told) => event.type.startsWith("Anomaly");
  const said = tellings[0]?.told.filter(isFound).map(({ event }) => event) ?? [];
  const concluded = said.filter((_, i) => i % 2 === 0);
  const recorded = said.filter((_, i) => i % 2 === 1);
  assert.ok(concluded.length > 0, "nothing was found in the second half");
  assert.deepEqual(concluded, recorded);
  assert.deepEqual(saved(actor.log.reduce(sensor.evolve, sensor.initial())), saved(actor.state));
});

Deno.test("an anomaly is resolved once, and one that never was cannot be", () => {
  const resolve = (episode: number) => {
    const order = command("ResolveAnomaly", { episode, by: "Ada" }, NOON);
    return sensor.decide(actor.state, order);
  };
  const data = { episode: 1, by: "Ada" };
  const resolved = { type: "AnomalyResolved", data, occurredAt: NOON };
  assert.deepEqual(resolve(1), [resolved]);
  assert.throws(() => resolve(1_000), { code: "no-such-anomaly" });
  const state = sensor.evolve(saved(actor.state), { ...resolved, recordedAt: NOON });
  const again = command("ResolveAnomaly", data, NOON);
  assert.deepEqual(sensor.decide(state, again), []);
});

/** Stretches of a series as no sensor should say them: at the limits of numbers and of time. */
const stretches = fc.array(
  fc.record({
    value: fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(0, -0, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, 1e39, -1e300),
    ),
    noise: fc.constantFrom(0, 0, 1e-9, 1, 1e300),
    repeats: fc.integer({ min: 1, max: 150 }),
    // The same moment again, and clocks that go back by a year.
    stepMs: fc.constantFrom(0, 1, MINUTE, 86_400_000, -MINUTE, -400 * 86_400_000),
  }),
  { minLength: 1, maxLength: 20 },
);

Deno.test("whatever a sensor says its score is a number, and a restart on the way changes nothing", () => {
  fc.assert(
    fc.property(stretches, fc.nat(500), (series, restartAfter) => {
      const whole = bring(sensor);
      const restarted = bring(sensor);
      let at = NOON;
      let heard = 0;
      for (const { value, noise, repeats, stepMs } of series) {
        for (let i = 0; i < repeats; i++) {
          at += stepMs;
          const far = value + noise * Math.sin(heard * 12.9898);
          const said = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, far));
          if (heard++ === restartAfter) restarted.state = saved(restarted.state);
          const input = message("reading", { value: said }, at);
          assert.deepEqual(restarted.hear(input), whole.hear(input));
          const score = sensor.conclude?.(whole.state, reading(at))?.noted.score;
          assert.ok(score !== undefined && score >= 0 && score <= 1, `${score} for ${said}`);
        }
      }
      assert.deepEqual(saved(restarted.state), saved(whole.state));
      assert.ok(JSON.stringify(whole.state).length < 60_000);
    }),
    { seed: 20_261_121, numRuns: 40 },
  );
});

Deno.test("all four severities can be said, and an anomaly that gets worse says so once for each", () => {
  const anomalies = noAnomalies();
  const said: unknown[] = [];
  for (const [i, score] of [0.52, 0.55, 0.7, 0.65, 0.85, 0.97, 0.99].entries()) {
    const at = NOON + i * MINUTE;
    const detectors = [{ name: "spike", ...judgement(score) }];
    const isAnomaly = i === 0;
    const verdict = { ...judgement(score), isAnomaly, threshold: 0.5, severity: undefined };
    const open = { startedAt: NOON, peakAt: at, peakScore: score, peakValue: 1, lastAt: at };
    anomalies.score = score;
    anomalies.verdict = { ...verdict, detectors };
    anomalies.open = { ...open, calmReadings: 0 };
    const { events, noted } = concludeReading(anomalies, reading(at)) ?? { events: [] };
    assert.equal(noted?.anomaly, isAnomaly ? true : undefined);
    for (const event of events) {
      said.push([event.type, event.data.severity, event.data.startedAt]);
      noteAnomalies(anomalies, { ...event, recordedAt: at });
    }
  }
  const startedAt = new Date(NOON).toISOString();
  assert.deepEqual(said, [
    ["AnomalyDetected", "low", startedAt],
    ["AnomalyWorsened", "medium", startedAt],
    ["AnomalyWorsened", "high", startedAt],
    ["AnomalyWorsened", "critical", startedAt],
  ]);
});

function judgement(score: number) {
  return { score, expected: 20, lower: 19, upper: 21, reason: "It is unlike any before" };
}
