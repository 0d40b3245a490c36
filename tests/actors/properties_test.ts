/** What holds for every actor, whatever it hears. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Input } from "../../actors/decider.ts";
import { deciders, type DeviceState } from "../../actors/mod.ts";
import type { Event } from "../../events/event.ts";
import { isKind, KINDS } from "../../events/vocabulary.ts";
import { saved } from "../given.ts";
import { bring, message, NOON, SECOND } from "./saying.ts";
import { story } from "./stories.ts";

const RUNS = { seed: 20_260_501, numRuns: 200 };

for (const kind of KINDS) {
  const decider = deciders[kind];
  const a = kind === "atm" ? "an atm" : `a ${kind}`;

  Deno.test(`${a} decides without changing its state`, () => {
    fc.assert(
      fc.property(story(kind), (inputs) => {
        const actor = bring(decider);
        for (const input of inputs) {
          const before = saved(actor.state);
          try {
            decider.decide(actor.state, input);
          } catch {
            // A refusal; what it is belongs to other tests.
          }
          assert.deepEqual(saved(actor.state), before);
          actor.hear(input);
        }
      }),
      RUNS,
    );
  });

  Deno.test(`${a} that hears everything with an id twice says it once`, () => {
    fc.assert(
      fc.property(story(kind), (inputs) => {
        const [once, twice] = [bring(decider), bring(decider)];
        named(inputs).forEach((input) => {
          once.hear(input);
          twice.hear(input);
          assert.deepEqual(twice.hear(input), []);
        });
        assert.deepEqual(twice.log, once.log);
        assert.deepEqual(saved(twice.state), saved(once.state));
      }),
      RUNS,
    );
  });

  Deno.test(`${a} folded in two halves, with a snapshot between, is the same`, () => {
    fc.assert(
      fc.property(story(kind), fc.nat(100), (inputs, percent) => {
        const { log, state } = live(kind, inputs);
        const half = Math.floor(log.length * percent / 100);
        const snapshot = log.slice(0, half).reduce(decider.evolve, decider.initial());
        const again = log.slice(half).reduce<DeviceState>(decider.evolve, saved(snapshot));
        assert.deepEqual(saved(again), saved(state));
      }),
      RUNS,
    );
  });

  Deno.test(`${a} has at most one open alarm of a reason, and ends none before it began`, () => {
    fc.assert(
      fc.property(story(kind), (inputs) => {
        const open = new Map<unknown, number>();
        for (const { type, data, occurredAt } of live(kind, inputs).log) {
          if (type === "AlarmRaised") {
            assert.ok(!open.has(data.reason), `${data.reason} is open already`);
            open.set(data.reason, occurredAt);
          } else if (type === "AlarmCleared") {
            const raisedAt = open.get(data.reason);
            assert.ok(raisedAt !== undefined && raisedAt <= occurredAt);
            assert.equal(Date.parse(String(data.raisedAt)), raisedAt);
            open.delete(data.reason);
          }
        }
      }),
      RUNS,
    );
  });

  Deno.test(`${a} records every report that is no repeat, before anything it follows from`, () => {
    fc.assert(
      fc.property(story(kind), (inputs) => {
        const actor = bring(decider);
        for (const input of inputs) {
          const events = actor.hear(input);
          if (input.type !== "Message" || events.length === 0) continue;
          const [report] = events.filter(({ type }) => type !== "DeviceRegistered");
          assert.deepEqual(report?.data, input.data);
          assert.equal(report?.occurredAt, input.at);
        }
      }),
      RUNS,
    );
  });

  Deno.test(`${a} takes in any event without a word`, () => {
    const types = [...new Set([...seenTypes(), "NotInvented"])];
    const event = fc.record({
      type: fc.constantFrom(...types),
      data: fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<Event["data"]>,
      occurredAt: fc.integer({ min: NOON - 1e11, max: NOON + 1e11 }),
      recordedAt: fc.integer({ min: NOON - 1e11, max: NOON + 1e11 }),
    });
    fc.assert(
      fc.property(fc.array(event), (events) => {
        assert.ok(events.reduce<DeviceState>(decider.evolve, decider.initial()));
      }),
      RUNS,
    );
  });

  Deno.test(`${a} stays below 64 KiB however much it hears`, () => {
    const random = fc.sample(story(kind), { seed: 7, numRuns: 20 }).flat();
    const actor = bring(decider);
    // Fold only: the log of a hundred thousand events is not what is measured.
    const fresh = (input: Input): void => {
      for (const event of decider.decide(actor.state, input)) {
        const messageId = input.type === "Tick" ? undefined : input.messageId;
        actor.state = decider.evolve(actor.state, { ...event, recordedAt: input.now, messageId });
      }
    };
    const reports = random.filter(({ type }) => type === "Message");
    for (let i = 0; i < 100_000; i++) {
      const report = reports[i % reports.length];
      if (report?.type !== "Message") continue;
      const at = NOON + i * 37 * SECOND;
      const data = { ...report.data, bearingId: `bearing ${i % 40}`.padEnd(64, "x") };
      const widest = { ...data, value: 1 / (i + 3), temperature: -1 / (i + 3) };
      fresh(message(report.message, widest, at, { messageId: `${i}`.padStart(100, "0") }));
    }
    const bytes = new TextEncoder().encode(JSON.stringify(actor.state)).length;
    assert.ok(bytes < 64 * 1024, `the state has ${bytes} bytes`);
  });
}

function live(kind: string, inputs: readonly Input[]) {
  assert.ok(isKind(kind));
  const actor = bring(deciders[kind]);
  for (const input of inputs) actor.hear(input);
  return actor;
}

/** Ticks have no id and are no message: they are left out. */
function named(inputs: readonly Input[]): Input[] {
  return inputs.flatMap((input, i) =>
    input.type === "Tick" ? [] : [{ ...input, messageId: `message-${i}` }]
  );
}

/** Every type of event that the stories bring about. */
function seenTypes(): string[] {
  return KINDS.flatMap((kind) =>
    fc.sample(story(kind), { seed: 3, numRuns: 60 }).flatMap((inputs) =>
      live(kind, inputs).log.map(({ type }) => type)
    )
  );
}

Deno.test("the stories bring about every type of event an actor knows", () => {
  assert.deepEqual([...new Set(seenTypes())].sort(), [
    "AlarmAcknowledged",
    "AlarmCleared",
    "AlarmRaised",
    "BearingAssessed",
    "BearingDescribed",
    "CommandRejected",
    "DeviceDecommissioned",
    "DeviceDescribed",
    "DeviceFellSilent",
    "DeviceRecommissioned",
    "DeviceRegistered",
    "DeviceReturned",
    "FailureObserved",
    "MachineDescribed",
    "PartRenewed",
    "PollReported",
    "ReadingReported",
    "ScheduleSet",
    "SilenceConfigured",
    "StatusChanged",
    "TelemetryReported",
    "VibrationReported",
  ]);
});
