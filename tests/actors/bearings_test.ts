import assert from "node:assert/strict";
import fc from "fast-check";
import { BEARINGS_MAX } from "../../actors/bearings.ts";
import { claimsOf } from "../../actors/bearing_claims.ts";
import type { Decider, Input } from "../../actors/decider.ts";
import { inference, type InferenceInput, type InferenceState } from "../../actors/inference.ts";
import { machine } from "../../actors/machine.ts";
import type { DeviceState } from "../../actors/state.ts";
import type { Event } from "../../events/event.ts";
import type { BearingAssessed } from "../../events/machine.ts";
import type { Json } from "../../events/vocabulary.ts";
import { saved } from "../given.ts";
import { noise } from "../models/vibration/waveforms.ts";
import { bring, command, HOUR, iso, message, NOON, SECOND } from "./saying.ts";

const LEARNING = 100;
const WOBBLE = noise(5_000, 7);

interface Round {
  readonly bearing?: string;
  readonly axes?: readonly string[];
  readonly rest?: Json;
}

/** A round of readings, each axis a second after the one before, at so many times its normal. */
function round(hours: number, growth: number, options: Round = {}) {
  const { bearing = "DE", axes = ["H-Axis", "V-Axis"], rest = {} } = options;
  return axes.map((axis, i) => {
    const at = NOON + hours * HOUR + i * SECOND;
    const wobble = 0.05 * (WOBBLE[Math.abs(3 * hours + i) % WOBBLE.length] ?? 0);
    const rms = (1 + i) * growth * Math.exp(wobble);
    const body = {
      timestamp: iso(at),
      bearingId: bearing,
      Axis_Id: axis,
      acceleration: { rms, peak: 4 * rms },
      ...rest,
    };
    return message("reading", body, at);
  });
}

function alive() {
  const actor = bring(machine);
  let hours = 0;
  return {
    ...actor,
    get state() {
      return actor.state;
    },
    log: actor.log,
    /** One round an hour at each growth. */
    live(growths: readonly number[], options?: Round): readonly Event[] {
      const before = actor.log.length;
      for (const growth of growths) round(hours++, growth, options).forEach(actor.hear);
      return actor.log.slice(before);
    },
    get hours() {
      return hours;
    },
  };
}

function steady(count: number, growth = 1): number[] {
  return new Array(count).fill(growth);
}

function typed(events: readonly Event[], ...types: string[]): readonly Event[] {
  return events.filter(({ type }) => types.includes(type));
}

Deno.test("a bearing that gets worse raises its own alarm once, and clearly less clears it", () => {
  const actor = alive();
  actor.live(steady(LEARNING));
  assert.deepEqual(typed(actor.log, "AlarmRaised"), []);
  const worse = [...steady(30, 2), ...steady(30, 3), ...steady(30, 2.3)];
  const [raised, ...more] = typed(actor.live(worse), "AlarmRaised", "AlarmCleared");
  assert.deepEqual(more, []);
  assert.equal(raised?.data.reason, "trend:DE");
  assert.match(String(raised?.data.message), /Bearing "DE" vibrates 2\.\d times/);
  const [cleared] = typed(actor.live(steady(20)), "AlarmRaised", "AlarmCleared");
  assert.deepEqual(cleared?.data, {
    reason: "trend:DE",
    raisedAt: iso(raised?.occurredAt ?? 0),
  });
});

Deno.test("what was said of a bearing's health is what it is: learned, worse since, worn, foretold", () => {
  const actor = alive();
  const [first] = typed(actor.live(steady(1)), "BearingAssessed");
  const { toLearn, probability, zone } = first?.data ?? {};
  assert.deepEqual([toLearn, probability, zone], [99, null, null]);
  actor.live(steady(LEARNING));
  const events = actor.live([...steady(30, 2), ...steady(30, 3.5)]);
  const told = typed(events, "BearingAssessed").map(({ data }) => data as BearingAssessed);
  const last = told.at(-1);
  assert.ok(last?.alarm && last.toLearn === 0 && last.remaining !== null);
  assert.ok(last.growth > 3.2 && last.growth < 3.8, `${last.growth}`);
  assert.ok(last.index > 0.6 && last.index < 0.75, `${last.index}`);
  const since = Date.parse(String(last.worseSince));
  const truly = NOON + (LEARNING + 1) * HOUR;
  assert.ok(since >= truly && since <= truly + 10 * HOUR, String(last.worseSince));
  assert.ok((last.probability ?? 0) > 0.5);
  const probabilities = told.map(({ probability }) => probability ?? 0);
  assert.ok((probabilities[0] ?? 1) < 0.4, `${probabilities}`);
});

Deno.test("a bearing is told of every six hours, and at once when it changes", () => {
  const actor = alive();
  actor.live(steady(LEARNING + 5));
  const quiet = typed(actor.live(steady(120)), "BearingAssessed");
  assert.ok(quiet.length >= 19 && quiet.length <= 24, `${quiet.length} in 120 hours`);
  const changing = typed(actor.live(steady(12, 4)), "BearingAssessed");
  assert.ok(changing.length >= 4, `${changing.length}`);
});

Deno.test("the claim of an assessment adds up, and a quiet bearing's is its age alone", () => {
  const actor = alive();
  actor.live([...steady(LEARNING + 20), ...steady(30, 4)]);
  for (const event of typed(actor.log, "BearingAssessed")) {
    const [claim] = claimsOf(event);
    if (event.data.probability === null) {
      assert.equal(claim, undefined);
      continue;
    }
    assert.ok(claim);
    const sum = claim.factors.reduce((sum, { contribution }) => sum + contribution, 0);
    const within = Math.min(0.9999, Math.max(0.0001, claim.probability));
    assert.ok(Math.abs(sum - Math.log(within / (1 - within))) < 0.01);
    assert.equal(claim.part, "DE");
    assert.deepEqual(claim.factors.map(({ feature }) => feature), [
      ...(event.data.alarm ? ["vibration_growth"] : []),
      "age_hours",
    ]);
  }
});

Deno.test("a worn-out bearing has failed, once, until it vibrates as when it was healthy", () => {
  const actor = alive();
  actor.live(steady(LEARNING + 10));
  const dying = actor.live([...steady(20, 4), ...steady(40, 8)]);
  const failures = typed(dying, "FailureObserved");
  assert.equal(failures.length, 1);
  const { data, occurredAt } = failures[0] as Event;
  assert.deepEqual(data, { part: "DE", beganAt: iso(occurredAt), code: "worn-out" });
  const after = dying.slice(dying.indexOf(failures[0] as Event));
  for (const { data } of typed(after, "BearingAssessed")) assert.equal(data.probability, null);

  const renewed = typed(actor.live(steady(20)), "PartRenewed", "AlarmCleared");
  assert.deepEqual(renewed.map(({ type }) => type), ["AlarmCleared", "PartRenewed"]);
  assert.deepEqual(renewed[1]?.data, { part: "DE", by: null });
  // It learns anew, and may fail again.
  const again = actor.live([...steady(LEARNING + 10), ...steady(40, 8)]);
  assert.equal(typed(again, "FailureObserved").length, 1);
});

Deno.test("a bearing has failed when it stays in zone D, unless it was never better", () => {
  const zoned = (status: string) => ({ rest: { status } });
  const found = alive();
  found.live(steady(40), zoned("Unacceptable"));
  assert.deepEqual(typed(found.log, "FailureObserved"), []);
  found.live(steady(1), zoned("Alert"));
  const began = found.hours;
  const events = found.live(steady(30), zoned("Unacceptable"));
  const [failure, ...more] = typed(events, "FailureObserved");
  assert.deepEqual(more, []);
  assert.equal(failure?.data.code, "zone-d");
  const beganAt = Date.parse(String(failure?.data.beganAt));
  assert.ok(Math.abs(beganAt - (NOON + began * HOUR)) <= SECOND);
  assert.ok(Math.abs((failure?.occurredAt ?? 0) - beganAt - 9 * HOUR) <= SECOND);
});

Deno.test("a bearing's own velocity tells its zone where the class is known, not the machine's status", () => {
  const actor = alive();
  actor.hear(message("registered", { machineClass: "II" }, NOON));
  const said = (rms: number) => ({ rest: { status: "Unacceptable", velocity: { rms } } });
  actor.live(steady(20), said(1));
  assert.equal(actor.state.bearings?.known[0]?.zone, "Normal");
  actor.live(steady(5), said(7.2));
  actor.live(steady(20), said(7.05));
  assert.equal(actor.state.bearings?.known[0]?.zone, "Unacceptable");
  const [failure, ...more] = typed(actor.log, "FailureObserved");
  assert.deepEqual([failure?.data.code, more], ["zone-d", []]);
});

Deno.test("nine rounds in zone D are no failure", () => {
  const actor = alive();
  for (let i = 0; i < 12; i++) {
    actor.live(steady(9), { rest: { status: "Unacceptable" } });
    actor.live(steady(1), { rest: { status: "Alert" } });
  }
  assert.deepEqual(typed(actor.log, "FailureObserved"), []);
});

Deno.test("a bearing is in the zone of its worst axis: no alarm per round", () => {
  const actor = bring(machine);
  for (let i = 0; i < 6; i++) {
    for (const [axis, status] of [["A-Axis", "Unacceptable"], ["H-Axis", "Normal"]] as const) {
      const at = NOON + i * HOUR + (axis === "A-Axis" ? 0 : SECOND);
      const body = { timestamp: iso(at), bearingId: "DE", Axis_Id: axis, status };
      actor.hear(message("reading", body, at));
    }
  }
  assert.equal(actor.state.status, "Unacceptable");
  assert.equal(typed(actor.log, "AlarmRaised", "AlarmCleared").length, 1);
});

Deno.test("somebody who replaces a bearing has it learned anew; an unknown one is refused", () => {
  const actor = alive();
  actor.live([...steady(LEARNING + 10), ...steady(20, 3)]);
  const now = NOON + actor.hours * HOUR;
  const said = actor.hear(command("RenewPart", { part: "DE", by: "anna" }, now));
  assert.deepEqual(said.map(({ type }) => type), ["PartRenewed", "AlarmCleared"]);
  assert.deepEqual(typed(actor.live(steady(LEARNING - 1, 3)), "AlarmRaised"), []);
  const refused = actor.hear(command("RenewPart", { part: "NDE", by: "anna" }, now));
  assert.deepEqual(refused.map(({ data }) => data.code), ["no-such-part"]);
});

Deno.test("a bearing that was foretold to fail and is replaced before was serviced; others wait on", () => {
  const beside = bring(inference as unknown as Decider<InferenceState>);
  const hear = (input: InferenceInput) => beside.hear(input as unknown as Input);
  const claim = {
    probability: 0.7,
    horizonHours: 168,
    model: "bearing-wear-1",
    threshold: 0.5,
    factors: [],
    action: "See to it",
  };
  for (const part of ["DE", "NDE"]) {
    const now = NOON;
    hear({ type: "Claimed", device: "machine-M1", claim: { ...claim, part }, at: NOON, now });
  }
  const now = NOON + 20 * HOUR;
  const event = { type: "PartRenewed", data: { part: "DE", by: "anna" }, occurredAt: now };
  const said = hear({ type: "DeviceTold", event, now });
  assert.deepEqual(said.map(({ type, data }) => [type, data.part, data.why ?? data.outcome]), [
    ["FailureRiskCleared", "DE", "serviced"],
    ["PredictionScored", "DE", "serviced"],
  ]);
  assert.deepEqual(hear({ type: "DeviceTold", event, now: now + 1 }), []);
});

Deno.test("late readings are recorded, and are no news of wear", () => {
  const [straight, crooked] = [alive(), alive()];
  const growths = [...steady(LEARNING + 5), ...steady(30, 3)];
  straight.live(growths);
  for (const [i, growth] of growths.entries()) {
    crooked.live([growth]);
    // A day late, and wild.
    if (i % 5 === 4) round(i - 24, 50).forEach(crooked.hear);
  }
  assert.deepEqual(crooked.state.bearings?.known, straight.state.bearings?.known);
  assert.ok(typed(crooked.log, "VibrationReported").length > 2 * growths.length);
});

Deno.test("axes need not come in the order of their moments", () => {
  const actor = alive();
  const swapped = (hours: number, growth: number) => round(hours, growth).toReversed();
  for (let hours = 0; hours < LEARNING + 30; hours++) {
    swapped(hours, hours < LEARNING ? 1 : 3).forEach(actor.hear);
  }
  const growth = Number(typed(actor.log, "BearingAssessed").at(-1)?.data.growth);
  assert.ok(growth > 2.8 && growth < 3.2, `${growth}`);
  assert.equal(typed(actor.log, "AlarmRaised").length, 1);
});

Deno.test("an axis that falls silent counts as it was; one that comes to it begins the learning anew", () => {
  const actor = alive();
  actor.live(steady(LEARNING + 5));
  actor.live(steady(20, 7), { axes: ["H-Axis"] });
  const growth = typed(actor.log, "BearingAssessed").at(-1)?.data.growth;
  // Half of the logarithm: the other axis is where it was.
  assert.ok(Math.abs(Math.log(Number(growth)) - Math.log(7) / 2) < 0.1, `${growth}`);

  const wider = alive();
  wider.live(steady(50));
  wider.live(steady(60), { axes: ["H-Axis", "V-Axis", "A-Axis"] });
  const bearing = wider.state.bearings?.known[0];
  assert.equal(bearing?.health.normal, null);
  assert.equal(bearing?.health.levels.length, 60);
});

Deno.test("out of service a bearing alarms nobody, and alarms again in service", () => {
  const actor = alive();
  actor.live([...steady(LEARNING + 5), ...steady(20, 3)]);
  const order = (name: string) =>
    actor.hear(command(name, { by: "anna" }, NOON + actor.hours * HOUR)).map(({ type }) => type);
  assert.deepEqual(order("DecommissionDevice"), ["AlarmCleared", "DeviceDecommissioned"]);
  assert.deepEqual(typed(actor.live(steady(20, 8)), "AlarmRaised", "FailureObserved"), []);
  order("RecommissionDevice");
  assert.equal(typed(actor.live(steady(1, 8)), "AlarmRaised").length, 1);
});

Deno.test("a bearing that has to make room takes its alarm with it", () => {
  const actor = alive();
  actor.live([...steady(LEARNING + 5), ...steady(20, 3)]);
  for (let i = 0; i < BEARINGS_MAX; i++) actor.live([1], { bearing: `B${i}` });
  assert.deepEqual(typed(actor.log, "AlarmCleared").map(({ data }) => data.reason), ["trend:DE"]);
  assert.deepEqual(actor.state.alarms, {});
  assert.equal(actor.state.bearings?.known.length, BEARINGS_MAX);
});

Deno.test("velocity is judged where no acceleration is told, and a shaft that stands is not", () => {
  const actor = bring(machine);
  for (let i = 0; i < LEARNING + 30; i++) {
    const at = NOON + i * HOUR;
    const rms = i < LEARNING ? 1 : 4;
    const body = { timestamp: iso(at), velocity: { rms: rms * (1 + 0.01 * (i % 3)) } };
    actor.hear(message("reading", body, at));
    const stopped = { timestamp: iso(at), rpm: 0, velocity: { rms: 0.001 } };
    actor.hear(message("reading", stopped, at));
  }
  const raised = typed(actor.log, "AlarmRaised");
  assert.deepEqual(raised.map(({ data }) => data.reason), ["trend"]);
  assert.match(String(raised[0]?.data.message), /^The machine vibrates/);
});

Deno.test("the fault that most of the latest readings name is the bearing's", () => {
  const actor = alive();
  const fault = (name: string) => ({ rest: { fault: { name, confidence: 0.8 } } });
  actor.live(steady(5), fault("healthy"));
  actor.live(steady(8), fault("outer"));
  actor.live(steady(8), { rest: { fault: null, waveform: { sha256: "x" } } });
  const told = typed(actor.log, "BearingAssessed").map(({ data }) => data.fault);
  assert.deepEqual(told[0], { name: "healthy", confidence: 0.8 });
  assert.ok(told.some((one) => (one as { name: string } | null)?.name === "outer"));
});

Deno.test("any life: folded in halves it is the same, alarms and failures alternate, the index never falls", () => {
  // Stretches of wear, of rest, of standing still, of health as if another bearing were there.
  const stretch = fc.tuple(fc.constantFrom(1, 1, 2, 3, 8, 0.1), fc.integer({ min: 1, max: 40 }));
  let failures = 0;
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 20 }), fc.nat(100), (stretches, percent) => {
      const actor = alive();
      actor.live([
        ...steady(LEARNING),
        ...stretches.flatMap(([growth, count]) => steady(count, growth)),
      ]);
      const half = Math.floor(actor.log.length * percent / 100);
      const before = actor.log.slice(0, half).reduce(machine.evolve, machine.initial());
      const after = actor.log.slice(half).reduce<DeviceState>(machine.evolve, saved(before));
      assert.deepEqual(saved(after), saved(actor.state));
      const open = new Set<unknown>();
      let index = 0;
      let failed = false;
      for (const { type, data } of actor.log) {
        if (type === "PartRenewed") {
          assert.ok(failed, "renewed by itself, and had not failed");
          failed = false;
          index = 0;
        }
        if (type === "FailureObserved") {
          assert.ok(!failed, "failed twice");
          failed = true;
          failures++;
        }
        if (type === "BearingAssessed") {
          assert.ok(Number(data.index) >= index, "the index fell");
          index = Number(data.index);
          assert.equal(data.probability === null, failed || Number(data.toLearn) > 0);
        }
        if (type === "AlarmRaised") assert.ok(!open.has(data.reason) && open.add(data.reason));
        if (type === "AlarmCleared") assert.ok(open.delete(data.reason));
      }
    }),
    { seed: 3, numRuns: 50 },
  );
  assert.ok(failures > 10, `${failures} failures in all lives`);
});

Deno.test("however wild the numbers that are measured, those that are said are numbers", () => {
  const wild = fc.constantFrom(5e-324, 1e-300, 1, 1e300, 1.7e308, 0, -1);
  const stretch = fc.tuple(wild, fc.integer({ min: 1, max: 40 }));
  fc.assert(
    fc.property(wild, fc.array(stretch, { maxLength: 8 }), (normal, stretches) => {
      const actor = alive();
      const measured = (rms: number) => ({ rest: { acceleration: { rms, peak: rms } } });
      actor.live(steady(LEARNING + 5), measured(normal));
      for (const [rms, count] of stretches) actor.live(steady(count), measured(rms));
      for (const event of typed(actor.log, "BearingAssessed", "FailureObserved")) {
        assert.deepEqual(saved(event), event);
        for (const { probability, factors } of claimsOf(event)) {
          assert.ok(probability >= 0 && probability <= 1);
          assert.ok(factors.every(({ contribution }) => Number.isFinite(contribution)));
        }
      }
    }),
    { seed: 8, numRuns: 60 },
  );
});

Deno.test("sixteen bearings of three axes with the longest of names stay below 60,000 bytes", () => {
  const actor = bring(machine);
  actor.hear(message("registered", { machineClass: "II" }, NOON));
  const geometry = {
    balls: 9,
    ballDiameter: 7.940001,
    pitchDiameter: 39.04123,
    contactAngle: 12.25,
  };
  const name = (i: number) => `${i}`.padEnd(64, "bearing");
  for (let i = 0; i < 16; i++) {
    actor.hear(message("bearing", { _id: name(i), geometry }, NOON));
  }
  for (let hours = 0; hours < 700; hours++) {
    for (let i = 0; i < 16; i++) {
      const inputs = round(hours, hours < 150 ? 1 : 1 + hours / 150 + i / 40, {
        bearing: name(i),
        axes: ["A-Axis of a long name", "H-Axis of a long name", "V-Axis of a long name"],
        rest: {
          temperature: 1 / 3,
          velocity: { rms: 1 / 7 },
          fault: { name: "outer", confidence: 0.8 },
        },
      });
      inputs.forEach((input, n) => {
        const messageId = `${hours}-${i}-${n}`.padStart(100, "0");
        if (input.type !== "Message") return;
        for (const event of machine.decide(actor.state, { ...input, messageId })) {
          const recorded = { ...event, recordedAt: input.now, messageId };
          actor.state = machine.evolve(actor.state, recorded);
          for (const next of machine.conclude?.(actor.state, recorded)?.events ?? []) {
            actor.state = machine.evolve(actor.state, { ...next, recordedAt: input.now });
          }
        }
      });
    }
  }
  assert.ok(Object.keys(actor.state.alarms).length >= 16);
  const bytes = new TextEncoder().encode(JSON.stringify(actor.state)).length;
  assert.ok(bytes < 60_000, `the state has ${bytes} bytes`);
});
