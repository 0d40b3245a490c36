import assert from "node:assert/strict";
import fc from "fast-check";
import {
  inference,
  type InferenceInput,
  type InferenceState,
  PARTS_MAX,
  UNSETTLED_MAX,
} from "../../actors/inference.ts";
import type { Event, NewEvent } from "../../events/event.ts";
import type { Claim } from "../../events/inference.ts";
import type { Json } from "../../events/vocabulary.ts";
import { saved } from "../given.ts";
import { HOUR, iso, MINUTE, NOON } from "./saying.ts";

const MODEL = "a".repeat(64);
const QUARTER = 15 * MINUTE;
const device = "atm-ATM-1";

interface Claimed extends Partial<Claim> {
  /** Our clock; by default the moment of the claim. */
  readonly now?: number;
}

function claimed(probability: number, at: number, { now = at, ...more }: Claimed = {}) {
  const claim: Claim = {
    probability,
    horizonHours: 4,
    model: MODEL,
    threshold: 0.5,
    factors: [{ feature: "latency_mean_6h", value: 900, contribution: 1.2 }],
    action: "Look at the network",
    ...more,
  };
  return { type: "Claimed", device, claim, at, now } as const;
}

function told(type: string, data: Json, occurredAt: number, now = occurredAt) {
  return { type: "DeviceTold", event: { type, data, occurredAt }, now } as const;
}

function failed(beganAt: number, serviceAt: number, part?: string) {
  const data = { beganAt: iso(beganAt), serviceAt: iso(serviceAt), code: "E002" };
  return told("FailureObserved", part === undefined ? data : { part, ...data }, serviceAt);
}

const serviced = (at: number) => told("StatusChanged", { from: "error", to: "maintenance" }, at);
const tick = (now: number, isDown = false): InferenceInput => ({
  type: "Tick",
  now,
  listeningSince: 0,
  isDown,
});

/** The actor after these inputs, and what it said to each. */
function after(...inputs: readonly InferenceInput[]) {
  let state = inference.initial();
  const log: Event[] = [];
  const hear = (input: InferenceInput): NewEvent[] => {
    const before = saved(state);
    const said = [...inference.decide(state, input)];
    assert.deepEqual(saved(state), before, "decide changed the state");
    for (const event of said) {
      const recorded = { ...event, recordedAt: input.now };
      log.push(recorded);
      state = inference.evolve(state, recorded);
    }
    return said;
  };
  const told = inputs.map(hear);
  return { state: () => state, log, told, hear, last: told.at(-1) ?? [] };
}

const typesOf = (events: readonly { type: string }[]) => events.map(({ type }) => type);

Deno.test("a score below the threshold is recorded, and nothing follows", () => {
  assert.deepEqual(after(claimed(0.49, NOON)).last, [{
    type: "RiskScored",
    data: { probability: 0.49, horizonHours: 4, model: MODEL },
    occurredAt: NOON,
  }]);
});

Deno.test("a score at the threshold is foretold, with why and what to do until when", () => {
  const said = { probability: 0.5, horizonHours: 4, model: MODEL };
  const prediction = "atm-ATM-1.1";
  assert.deepEqual(after(claimed(0.5, NOON)).last, [
    { type: "RiskScored", data: said, occurredAt: NOON },
    {
      type: "FailurePredicted",
      data: {
        prediction,
        ...said,
        threshold: 0.5,
        factors: [{ feature: "latency_mean_6h", value: 900, contribution: 1.2 }],
      },
      occurredAt: NOON,
    },
    {
      type: "MaintenanceRecommended",
      data: { prediction, action: "Look at the network", by: iso(NOON + 4 * HOUR) },
      occurredAt: NOON,
    },
  ]);
});

Deno.test("what may fail sooner than the horizon is to be seen to sooner", () => {
  const remaining = { expectedHours: 3, earliestHours: 1.5, latestHours: null };
  const { last } = after(claimed(0.9, NOON, { part: "DE", remaining }));
  assert.deepEqual(last.map(({ data }) => data.part), ["DE", "DE", "DE"]);
  assert.deepEqual(last[1]?.data.remaining, remaining);
  assert.equal(last[2]?.data.by, iso(NOON + 1.5 * HOUR));
});

Deno.test("the same moment is judged once", () => {
  assert.deepEqual(after(claimed(0.9, NOON), claimed(0.9, NOON)).last, []);
  assert.deepEqual(after(claimed(0.1, NOON), claimed(0.9, NOON - 1, { now: NOON })).last, []);
});

Deno.test("while a prediction stands another is not made", () => {
  assert.deepEqual(typesOf(after(claimed(0.6, NOON), claimed(0.9, NOON + QUARTER)).last), [
    "RiskScored",
  ]);
});

Deno.test("one calm score withdraws nothing, two in a row do", () => {
  const inputs = [0.6, 0.29, 0.35, 0.29, 0.29].map((p, i) => claimed(p, NOON + i * QUARTER));
  const { told } = after(...inputs);
  assert.deepEqual(told.slice(1, 4).flatMap(typesOf), ["RiskScored", "RiskScored", "RiskScored"]);
  assert.deepEqual(told[4]?.[1], {
    type: "FailureRiskCleared",
    data: { prediction: "atm-ATM-1.1", probability: 0.29, why: "risk-fell" },
    occurredAt: NOON + 4 * QUARTER,
  });
});

Deno.test("a prediction expires with its horizon, and a risk that stays is foretold anew", () => {
  const expired = after(claimed(0.6, NOON), tick(NOON + 4 * HOUR));
  assert.deepEqual(typesOf(expired.last), ["FailureRiskCleared"]);
  assert.equal(expired.last[0]?.data.why, "expired");
  const again = after(claimed(0.6, NOON), claimed(0.6, NOON + 4 * HOUR));
  assert.deepEqual(typesOf(again.last), [
    "FailureRiskCleared",
    "RiskScored",
    "FailurePredicted",
    "MaintenanceRecommended",
  ]);
  assert.equal(again.last[2]?.data.prediction, "atm-ATM-1.2");
});

Deno.test("it does not expire while the device is down: that may be what was foretold", () => {
  const actor = after(claimed(0.6, NOON), tick(NOON + 5 * HOUR, true));
  assert.deepEqual(actor.last, []);
  const end = actor.hear(tick(NOON + 8 * HOUR, true));
  assert.deepEqual(typesOf(end), ["FailureRiskCleared", "PredictionScored"]);
  assert.equal(end[1]?.data.outcome, "false-alarm");
});

Deno.test("a failure within the horizon makes it a hit, with its lead time", () => {
  const { last } = after(claimed(0.6, NOON), failed(NOON + 90 * MINUTE, NOON + 4 * HOUR));
  assert.deepEqual(last, [
    {
      type: "FailureRiskCleared",
      data: { prediction: "atm-ATM-1.1", probability: 0.6, why: "failed" },
      occurredAt: NOON + 4 * HOUR,
    },
    {
      type: "PredictionScored",
      data: {
        prediction: "atm-ATM-1.1",
        outcome: "hit",
        leadTimeHours: 1.5,
        failureAt: iso(NOON + 90 * MINUTE),
        code: "E002",
        model: MODEL,
      },
      occurredAt: NOON + 4 * HOUR,
    },
  ]);
});

Deno.test("one that expired before the failure was certain is a hit all the same", () => {
  const { last } = after(
    claimed(0.6, NOON),
    tick(NOON + 4 * HOUR),
    failed(NOON + 3 * HOUR, NOON + 6 * HOUR),
  );
  assert.deepEqual(last.map(({ data }) => data.outcome), ["hit"]);
});

Deno.test("one that was withdrawn before the failure is a hit, and the failure a miss", () => {
  const { last } = after(
    claimed(0.6, NOON),
    claimed(0.1, NOON + QUARTER),
    claimed(0.1, NOON + 2 * QUARTER),
    failed(NOON + 3 * HOUR, NOON + 6 * HOUR),
  );
  assert.deepEqual(last.map(({ data }) => [data.outcome, data.prediction]), [
    ["hit", "atm-ATM-1.1"],
    ["miss", null],
  ]);
});

Deno.test("without a failure it is a false alarm, known when none can come to light any more", () => {
  const actor = after(claimed(0.6, NOON), tick(NOON + 4 * HOUR), tick(NOON + 8 * HOUR - 1));
  assert.deepEqual(actor.last, []);
  const [scored, ...more] = actor.hear(tick(NOON + 8 * HOUR));
  assert.deepEqual([scored?.data.outcome, scored?.data.failureAt, more.length], [
    "false-alarm",
    null,
    0,
  ]);
});

Deno.test("a failure nobody foretold is a miss of the model that was asked last", () => {
  const { last } = after(claimed(0.1, NOON), failed(NOON + HOUR, NOON + 4 * HOUR));
  assert.deepEqual(last, [{
    type: "PredictionScored",
    data: {
      prediction: null,
      outcome: "miss",
      leadTimeHours: null,
      failureAt: iso(NOON + HOUR),
      code: "E002",
      model: MODEL,
    },
    occurredAt: NOON + 4 * HOUR,
  }]);
});

Deno.test("a failure long after the last score is a miss of no model", () => {
  const { last } = after(claimed(0.1, NOON), failed(NOON + 9 * HOUR, NOON + 12 * HOUR));
  assert.equal(last[0]?.data.model, null);
});

Deno.test("a failure from before the first score was nobody's to foretell", () => {
  assert.deepEqual(after(failed(NOON, NOON + 3 * HOUR)).last, []);
  const backfilled = after(claimed(0.1, NOON), failed(NOON - 24 * HOUR, NOON - 21 * HOUR));
  assert.deepEqual(backfilled.last, []);
});

Deno.test("a failure told twice is held against predictions once", () => {
  const failure = failed(NOON + HOUR, NOON + 4 * HOUR);
  assert.deepEqual(after(claimed(0.6, NOON), failure, failure).last, []);
  assert.deepEqual(after(claimed(0.1, NOON), failure, failure).last, []);
});

Deno.test("maintenance before a failure leaves open whether it was right", () => {
  const { last } = after(claimed(0.6, NOON), serviced(NOON + HOUR));
  assert.deepEqual(last.map(({ type, data }) => data.why ?? data.outcome ?? type), [
    "serviced",
    "serviced",
  ]);
});

Deno.test("maintenance after the horizon says nothing of it", () => {
  const { last } = after(claimed(0.6, NOON), tick(NOON + 4 * HOUR), serviced(NOON + 5 * HOUR));
  assert.deepEqual(last, []);
});

Deno.test("who leaves service takes open predictions with them", () => {
  const actor = after(claimed(0.6, NOON), told("DeviceDecommissioned", { by: "a" }, NOON + HOUR));
  assert.deepEqual(actor.last.map(({ data }) => data.why ?? data.outcome), [
    "out-of-service",
    "serviced",
  ]);
  assert.equal(inference.nextDeadline(actor.state()), Infinity);
});

Deno.test("what is foretold of one part is no other part's", () => {
  const actor = after(
    claimed(0.6, NOON, { part: "DE" }),
    claimed(0.6, NOON, { part: "NDE" }),
    failed(NOON + HOUR, NOON + HOUR, "DE"),
  );
  assert.deepEqual(actor.last.map(({ data }) => data.prediction), ["atm-ATM-1.1", "atm-ATM-1.1"]);
  assert.deepEqual(actor.hear(failed(NOON + HOUR, NOON + HOUR, "DE")), []);
  assert.equal(actor.hear(failed(NOON + HOUR, NOON + HOUR, "NDE")).length, 2);
});

Deno.test("a history told late is judged by its own clock, not by ours", () => {
  const now = NOON + 9_000 * HOUR;
  const actor = after(claimed(0.6, NOON, { now }));
  assert.deepEqual(actor.hear(tick(now + MINUTE)), []);
  assert.equal(inference.nextDeadline(actor.state()), now + 4 * HOUR);
  const eightHoursOn = actor.hear(claimed(0.1, NOON + 8 * HOUR, { now: now + MINUTE }));
  assert.deepEqual(eightHoursOn.map(({ type, data }) => data.why ?? data.outcome ?? type), [
    "expired",
    "false-alarm",
    "RiskScored",
  ]);
});

const parts = fc.constantFrom(undefined, undefined, undefined, "DE", "NDE");

/** Up to a hundred inputs, our clock going forward. */
const lives = fc.array(
  fc.record({
    passedMs: fc.constantFrom(0, MINUTE, QUARTER, QUARTER, HOUR, 5 * HOUR),
    lateMs: fc.constantFrom(0, 0, 0, MINUTE, 300 * HOUR),
    part: parts,
    probability: fc.constantFrom(0, 0.2, 0.29, 0.31, 0.49, 0.5, 0.8, 1),
    what: fc.constantFrom("claim", "claim", "claim", "claim", "tick", "failure", "status", "out"),
  }),
  { maxLength: 100, size: "max" },
).map((steps) => {
  let now = NOON;
  return steps.map(({ passedMs, lateMs, part, probability, what }): InferenceInput => {
    now += passedMs;
    const at = now - lateMs;
    if (what === "tick") return tick(now, probability > 0.5);
    if (what === "failure") return { ...failed(at - 3 * HOUR, at, part), now };
    if (what === "status") return { ...serviced(at), now };
    if (what === "out") return { ...told("DeviceDecommissioned", { by: "a" }, now), now };
    return claimed(probability, at, { now, ...(part === undefined ? {} : { part }) });
  });
});
const RUNS = { seed: 20_260_502, numRuns: 500 };

/** Long after, with nothing more to hear. */
function ended(inputs: readonly InferenceInput[]) {
  const actor = after(...inputs);
  const end = (inputs.at(-1)?.now ?? NOON) + 400 * HOUR;
  actor.hear(tick(end));
  actor.hear(tick(end + 1));
  return actor;
}

Deno.test("every prediction is scored exactly once, and cleared before", () => {
  fc.assert(
    fc.property(lives, (inputs) => {
      const { log } = ended(inputs);
      const named = (type: string) =>
        log.filter((event) => event.type === type).map(({ data }) => data.prediction)
          .filter((prediction) => prediction !== null);
      const predicted = named("FailurePredicted");
      assert.equal(new Set(predicted).size, predicted.length);
      assert.deepEqual(named("FailureRiskCleared").toSorted(), predicted.toSorted());
      assert.deepEqual(named("PredictionScored").toSorted(), predicted.toSorted());
    }),
    RUNS,
  );
});

Deno.test("of a part never two predictions stand at once", () => {
  fc.assert(
    fc.property(lives, (inputs) => {
      const standing = new Set<unknown>();
      for (const { type, data } of ended(inputs).log) {
        if (type === "FailurePredicted") {
          assert.ok(!standing.has(data.part), `two of "${data.part}"`);
          standing.add(data.part);
        } else if (type === "FailureRiskCleared") standing.delete(data.part);
      }
      assert.equal(standing.size, 0);
    }),
    RUNS,
  );
});

Deno.test("a risk that wavers about the threshold is foretold once a horizon", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.3, max: 1, noNaN: true })), (probabilities) => {
      const inputs = probabilities.map((p, i) => claimed(p, NOON + i * QUARTER));
      const predicted = after(...inputs).log.filter(({ type }) => type === "FailurePredicted");
      for (const [i, { occurredAt }] of predicted.entries()) {
        const before = predicted[i - 1]?.occurredAt ?? -Infinity;
        assert.ok(occurredAt - before >= 4 * HOUR);
      }
    }),
    RUNS,
  );
});

Deno.test("its own events fold to the same state, whole or in halves", () => {
  fc.assert(
    fc.property(lives, fc.nat(100), (inputs, percent) => {
      const { log, state } = after(...inputs);
      const half = Math.floor(log.length * percent / 100);
      const snapshot = log.slice(0, half).reduce(inference.evolve, inference.initial());
      const again = log.slice(half).reduce<InferenceState>(inference.evolve, saved(snapshot));
      assert.deepEqual(saved(again), saved(state()));
    }),
    RUNS,
  );
});

Deno.test("hearing everything twice changes nothing", () => {
  fc.assert(
    fc.property(lives, (inputs) => {
      const once = after(...inputs);
      const twice = after(...inputs.flatMap((input) => [input, input]));
      assert.deepEqual(twice.log, once.log);
    }),
    RUNS,
  );
});

Deno.test("its state stays below 64 KiB, and what it has no room for it does not half remember", () => {
  const actor = after();
  const names = Array.from({ length: PARTS_MAX + 4 }, (_, i) => `bearing ${i}`.padEnd(100, "x"));
  for (let i = 0; i < 200; i++) {
    for (const part of names) {
      const probability = i % 3 === 0 ? 1 : 0;
      actor.hear(claimed(probability, NOON + i * 5 * MINUTE, { part, model: MODEL }));
    }
  }
  const state = actor.state();
  assert.equal(state.parts.length, PARTS_MAX);
  assert.ok(state.parts.every(({ unsettled }) => unsettled.length <= UNSETTLED_MAX));
  const bytes = JSON.stringify(state).length;
  assert.ok(bytes < 64 * 1024, `the state has ${bytes} bytes`);
  const scored = new Set(actor.log.map(({ data }) => data.part));
  assert.equal(scored.size, PARTS_MAX);
});

Deno.test("it takes in any event without a word", () => {
  const event = fc.record({
    type: fc.constantFrom(
      "RiskScored",
      "FailurePredicted",
      "FailureRiskCleared",
      "MaintenanceRecommended",
      "PredictionScored",
      "NotInvented",
    ),
    data: fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<Json>,
    occurredAt: fc.integer({ min: NOON - 1e11, max: NOON + 1e11 }),
    recordedAt: fc.integer({ min: NOON - 1e11, max: NOON + 1e11 }),
  });
  fc.assert(
    fc.property(fc.array(event), (events) => {
      assert.ok(events.reduce<InferenceState>(inference.evolve, inference.initial()));
    }),
    RUNS,
  );
});
