import assert from "node:assert/strict";
import fc from "fast-check";
import { type Kind, KINDS } from "../../events/vocabulary.ts";
import { failuresOf } from "../../models/features/mod.ts";
import { fleet, type FleetOptions, type SimulatedMessage } from "../../simulator/fleet.ts";
import { HOUR_MS, MINUTE_MS } from "../../simulator/rhythm.ts";

const START = Date.UTC(2026, 0, 1);
const SMALL: FleetOptions = {
  seed: 1,
  startAt: START,
  devices: { atm: 4, machine: 3, store: 3, sensor: 6 },
};

const decoder = new TextDecoder();

function take(options: FleetOptions, count: number): SimulatedMessage[] {
  return fleet(options).take(count).toArray();
}

function until(options: FleetOptions, at: number): SimulatedMessage[] {
  const taken: SimulatedMessage[] = [];
  for (const message of fleet(options)) {
    if (message.at >= at) break;
    taken.push(message);
  }
  return taken;
}

function bodies(messages: readonly SimulatedMessage[], ending: string): Record<string, unknown>[] {
  return messages
    .filter(({ subject }) => subject.endsWith(ending))
    .map(({ payload }) => JSON.parse(decoder.decode(payload)));
}

Deno.test("the same seed and start give the same messages byte for byte", () => {
  fc.assert(
    fc.property(fc.nat(), fc.boolean(), (seed, mischief) => {
      const options = { ...SMALL, seed, mischief };
      assert.deepEqual(take(options, 500), take(options, 500));
    }),
    { numRuns: 20 },
  );
});

Deno.test("another seed gives another fleet", () => {
  const texts = [1, 2].map((seed) =>
    take({ ...SMALL, seed }, 200).map(({ payload }) => decoder.decode(payload)).join("\n")
  );
  assert.notEqual(texts[0], texts[1]);
});

Deno.test("messages come in the order of time, mischief included", () => {
  let last = START;
  for (const { at } of take({ ...SMALL, mischief: true, tempo: 200 }, 20_000)) {
    assert.ok(at >= last, `${at} after ${last}`);
    last = at;
  }
});

Deno.test("adding devices changes nothing of what the others say", () => {
  const few = until(SMALL, START + HOUR_MS);
  const more = { atm: 9, machine: 7, store: 8, sensor: 60 };
  const known = new Set(few.map(({ subject }) => subject));
  const many = until({ ...SMALL, devices: more }, START + HOUR_MS)
    .filter(({ subject }) => known.has(subject));
  assert.deepEqual(many, few);
});

Deno.test("every device speaks, and is described once, after its first report", () => {
  const messages = until(SMALL, START + 2 * HOUR_MS);
  for (const kind of KINDS) {
    const ofKind = messages.filter(({ subject }) => subject.split(".")[1] === kind);
    const ids = new Set(ofKind.map(({ subject }) => subject.split(".")[2]));
    assert.equal(ids.size, SMALL.devices[kind]);
    for (const id of ids) {
      const said = ofKind.filter(({ subject }) => subject.split(".")[2] === id)
        .map(({ subject }) => subject.split(".")[3] ?? "");
      const introduction = kind === "machine" ? "registered" : "command";
      assert.notEqual(said[0], introduction);
      assert.equal(said.filter((message) => message === introduction).length, 1);
    }
  }
});

Deno.test("no two messages of a well-behaved fleet share an id", () => {
  const ids = take(SMALL, 20_000).map(({ messageId }) => messageId);
  assert.equal(new Set(ids).size, ids.length);
});

Deno.test("mischief adds to what a well-behaved fleet says, and keeps nothing back", () => {
  const options = { ...SMALL, seed: 3 };
  const end = START + 12 * HOUR_MS;
  const honest = until(options, end - HOUR_MS);
  const mixed = until({ ...options, mischief: true }, end);
  const texts = new Set(mixed.map(({ payload }) => decoder.decode(payload)));
  assert.deepEqual(honest.filter(({ payload }) => !texts.has(decoder.decode(payload))), []);

  const counts = Map.groupBy(mixed, ({ messageId }) => messageId);
  assert.ok([...counts.values()].some((same) => same.length > 1), "no repeat");
  assert.ok(mixed.some(({ messageId }) => messageId.endsWith(":spoiled")), "nothing spoiled");
  const late = mixed.filter(({ at, payload }) => {
    const sentAt = /"timestamp":"([^"]+)"/.exec(decoder.decode(payload))?.[1];
    return sentAt !== undefined && at - Date.parse(sentAt) > 5000;
  });
  assert.ok(late.length > 0, "nothing late");
});

Deno.test("ATMs keep to the figures of their contract", () => {
  const atms = { atm: 20, machine: 0, store: 0, sensor: 0 };
  const reports = bodies(until({ ...SMALL, devices: atms }, START + 24 * HOUR_MS), ".telemetry");
  const latencies = reports.map((report) => report.network_latency_ms)
    .filter((latency) => typeof latency === "number").toSorted((a, b) => a - b);
  assert.ok((latencies[0] ?? 0) >= 50);
  assert.ok((latencies[Math.floor(latencies.length * 0.95)] ?? Infinity) <= 200);

  const byAtm = Map.groupBy(reports, ({ atm_id: id }) => id);
  assert.equal(byAtm.size, 20);
  for (const [id, own] of byAtm) {
    let refills = 0;
    for (const [index, { cash_level_percent: cash }] of own.entries()) {
      const before = own[index - 1]?.cash_level_percent;
      assert.ok(Number(cash) >= 30 && Number(cash) <= 100, `${id} holds ${cash}`);
      if (before !== undefined && Number(cash) > Number(before)) refills++;
    }
    assert.ok(refills > 0, `${id} was never refilled`);
  }
  const statuses = new Set(reports.map(({ status }) => status));
  assert.ok(statuses.has("online"));
});

Deno.test("an ATM's outage that needs service is a failure as the contract has it", () => {
  const atms = { atm: 40, machine: 0, store: 0, sensor: 0 };
  const options = { ...SMALL, devices: atms, everyMs: every(3 * MINUTE_MS) };
  const reports = bodies(until(options, START + 240 * HOUR_MS), ".telemetry");
  let services = 0;
  let failures = 0;
  for (const own of Map.groupBy(reports, ({ atm_id: id }) => id).values()) {
    const conditions = own.map(({ timestamp, status, error_code: code }) => ({
      at: Date.parse(String(timestamp)),
      status: String(status),
      code: code === undefined ? undefined : String(code),
    }));
    services += conditions.filter(({ status }, index) =>
      status === "maintenance" && conditions[index - 1]?.status !== "maintenance"
    ).length;
    failures += failuresOf(conditions).length;
  }
  assert.ok(failures >= 20, `only ${failures} failures`);
  // One may have begun with an error of another kind, and so have waited too long.
  assert.ok(services - failures <= 2, `${services} times in service after ${failures} failures`);
});

Deno.test("most errors with a critical code are no failures: they pass by themselves", () => {
  const critical = new Set(["E002", "E005", "E007", "E010"]);
  const atms = { atm: 40, machine: 0, store: 0, sensor: 0 };
  const options = { ...SMALL, devices: atms, everyMs: every(3 * MINUTE_MS) };
  const reports = bodies(until(options, START + 240 * HOUR_MS), ".telemetry");
  let passed = 0;
  let served = 0;
  for (const own of Map.groupBy(reports, ({ atm_id: id }) => id).values()) {
    for (const [index, { status }] of own.entries()) {
      if (!critical.has(String(own[index - 1]?.error_code))) continue;
      if (status === "online") passed++;
      if (status === "maintenance") served++;
    }
  }
  assert.ok(passed > served, `${passed} passed, ${served} were served`);
});

Deno.test("machines wear through the zones, and come back when the bearing is replaced", () => {
  const machines = { atm: 0, machine: 5, store: 0, sensor: 0 };
  const options = { ...SMALL, devices: machines, tempo: 240 };
  const readings = bodies(until(options, START + 24 * HOUR_MS), ".reading");
  const statuses = readings.map(({ status }) => status);
  for (const zone of ["Normal", "Satisfactory", "Alert", "Unacceptable"]) {
    assert.ok(statuses.includes(zone), `never ${zone}`);
  }
  const changes = [...Map.groupBy(readings, ({ machineId }) => machineId).values()]
    .map((own) => own.filter(({ status }, index) => own[index - 1]?.status !== status).length);
  // Noise alone would change a status hundreds of times a day.
  assert.ok(Math.max(...changes) < 120, `${Math.max(...changes)} changes of status`);
});

Deno.test("devices fall silent and return", () => {
  const tempo = 240;
  const sensors = { atm: 0, machine: 0, store: 0, sensor: 10 };
  const options = { ...SMALL, devices: sensors, tempo, everyMs: every(4000) };
  const messages = until(options, START + HOUR_MS);
  let silences = 0;
  for (const own of Map.groupBy(messages, ({ subject }) => subject).values()) {
    own.forEach(({ at }, index) => {
      if (at - (own[index - 1]?.at ?? at) > 12_000) silences++;
    });
  }
  assert.ok(silences >= 3, `only ${silences} silences`);
});

Deno.test("ten thousand devices say their first words within seconds", () => {
  const devices = { atm: 4000, machine: 1000, store: 1000, sensor: 4000 };
  const startedAt = performance.now();
  const messages = until({ ...SMALL, devices, everyMs: every(MINUTE_MS) }, START + MINUTE_MS);
  const seconds = (performance.now() - startedAt) / 1000;
  const speakers = new Set(messages.map(({ subject }) => subject.split(".")[2]));
  // A few are silent from the start.
  assert.ok(speakers.size > 9500, `${speakers.size} speakers`);
  assert.ok(seconds < 10, `${seconds} s`);
});

function every(ms: number): Readonly<Record<Kind, number>> {
  return { atm: ms, machine: ms, store: ms, sensor: ms };
}
