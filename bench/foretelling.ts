/**
 * What foretelling costs. First an ATM's message, from its bytes to the line that is stored, with
 * and without the memory that failures are foretold from; in turns, by processor time. Then all ATMs
 * of a large fleet at once, as a start after a long pause has them: from their memories, beside their
 * peers, through the model that comes with Telltale, in turns, to recorded scores.
 */
import process from "node:process";
import { atm, forgetful } from "../actors/atm.ts";
import { noMemory } from "../actors/atm_memory.ts";
import type { Decider } from "../actors/decider.ts";
import { createPeers } from "../actors/runtime/peers.ts";
import { startBatch } from "../actors/runtime/batch.ts";
import { type Actor, createRegistry, type Registry } from "../actors/runtime/registry.ts";
import { startScoring } from "../actors/runtime/scoring.ts";
import type { DeviceState } from "../actors/state.ts";
import type { BusMessage } from "../events/bus/follower.ts";
import { createScorer, type Scorer } from "../models/failure/scorer.ts";
import { readShippedModel } from "../models/failure/shipped.ts";
import { AtmHistory, whyNotScorable } from "../models/features/mod.ts";
import { atmReports } from "../simulator/truth.ts";
import { median, numberOption, say } from "./running.ts";
import { compare } from "./target.ts";

const HOUR_MS = 3_600_000;
const START_AT = Date.UTC(2026, 0, 1);
const WORLD = { seed: "foretelling", startAt: START_AT, tempo: 1 };
const EVERY_MS = 30_000;
const BATCH = 2_000;
const ROUNDS = 7;
const MORE_MAX = 0.15;
const SCORED = 100_000;
/** So many different days; the ATMs of a large fleet share them, or they would need two gigabytes. */
const DAYS = 1_000;

export async function run(args: readonly string[]): Promise<number> {
  measureMessages(numberOption(args, "--atms", 500), numberOption(args, "--hours", 3));
  await measureScores(numberOption(args, "--devices", SCORED));
  return 0;
}

function measureMessages(atms: number, hours: number): void {
  const messages = messagesOf(atms, hours);
  const measure = (decider: Decider<DeviceState>) => microsOf(messages, decider);
  measure(atm); // Warm.
  const costs = Array.from(
    { length: ROUNDS },
    () => [measure(forgetful), measure(atm)] as const,
  );
  const without = median(costs.map(([cost]) => cost));
  const withMemory = median(costs.map(([, cost]) => cost));
  const more = median(costs.map(([a, b]) => b / a - 1));
  say(`${messages.length.toLocaleString("en")} messages of ${atms} ATMs`);
  say(`without memory  ${without.toFixed(2)} µs of processor time a message`);
  say(`with memory     ${withMemory.toFixed(2)} µs`);
  compare({
    what: "a message costs more by",
    figure: 100 * more,
    unit: "%",
    atMost: 100 * MORE_MAX,
  });
}

/** In the order of time, as a partition takes them from the bus. */
function messagesOf(atms: number, hours: number): BusMessage[] {
  const until = START_AT + hours * HOUR_MS;
  const encoder = new TextEncoder();
  return Array.from(
    { length: atms },
    (_, index) => atmReports(WORLD, index, { everyMs: EVERY_MS, until }).toArray(),
  ).flat().sort((a, b) => a.at - b.at).map(({ at, data }, i) => ({
    subject: `devices.atm.${data.atm_id}.telemetry`,
    payload: encoder.encode(JSON.stringify(data)),
    sequence: i + 1,
    timeUs: at * 1000,
    headers: undefined,
  }));
}

/** Microseconds of processor time a message, in batches as the worker makes them. */
function microsOf(messages: readonly BusMessage[], decider: Decider<DeviceState>): number {
  const registry = registryWith(decider);
  const before = process.cpuUsage();
  for (let from = 0; from < messages.length; from += BATCH) {
    const own = messages.slice(from, from + BATCH);
    const builder = begin(registry, (own.at(-1)?.timeUs ?? 0) / 1000);
    for (const message of own) builder.message(message);
    builder.finish();
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / messages.length;
}

function begin(registry: Registry, now: number): ReturnType<typeof startBatch> {
  return startBatch({
    partition: 0,
    partitions: 1,
    batch: 1,
    epoch: 0,
    offset: 0,
    now,
    foretell: () => undefined,
  }, registry);
}

/** A partition whose ATMs are decided by this decider. */
function registryWith(decider: Decider<DeviceState>): Registry {
  const registry = createRegistry();
  const actors = new Map<string, Actor>();
  return {
    ...registry,
    actors,
    actor(stream) {
      let actor = actors.get(stream);
      if (actor === undefined) {
        actor = { ...registry.actor(stream), decider, state: decider.initial() };
        actors.set(stream, actor);
      }
      return actor;
    },
  };
}

async function measureScores(devices: number): Promise<void> {
  const now = START_AT + 25 * HOUR_MS;
  const registry = await fleetOf(devices, now);
  const shipped = await readShippedModel();
  const scorer = createScorer({
    load: () => Promise.resolve(shipped),
    report: say,
  });
  await scorer.refresh();
  if (scorer.serving() === undefined) throw new Error("The shipped model cannot be used");
  const rounds = [];
  for (let round = 0; round < 3; round++) rounds.push(await scoreAll(registry, scorer, now));
  const seconds = median(rounds.map(({ seconds }) => seconds));
  const busy = median(rounds.map(({ busySeconds }) => busySeconds));
  say(`${devices.toLocaleString("en")} ATMs with a day behind them, all due at once`);
  say(`scored in       ${seconds.toFixed(1)} s, ${Math.round(devices / seconds)}/s`);
  say(
    `of which the partition was busy ${busy.toFixed(1)} s, the longest at a stretch ${
      Math.round(1000 * median(rounds.map(({ longestSeconds }) => longestSeconds)))
    } ms`,
  );
  const micros = median(rounds.map(({ processorMicros }) => processorMicros));
  say(`an ATM takes    ${micros.toFixed(0)} µs of processor time, the model included`);
  say(`every 15 minutes that is ${(micros * devices / 9e6).toFixed(2)} % of a core`);
}

/** ATMs that have all been heard for a day; their inference actors have not been asked yet. */
async function fleetOf(devices: number, now: number): Promise<Registry> {
  const days: AtmHistory[] = [];
  for (let index = 0; days.length < Math.min(DAYS, devices); index++) {
    const history = new AtmHistory();
    const reports = atmReports(WORLD, index, { everyMs: 10 * EVERY_MS, until: now });
    for (const { at, data } of reports) history.take(data, at);
    if (whyNotScorable(history, now) === undefined) days.push(history);
  }
  const registry = createRegistry();
  for (let i = 0; i < devices; i++) {
    const actor = registry.actor(`atm-${String(i).padStart(6, "0")}`);
    const memory = { ...noMemory(), history: days[i % days.length], region: `region ${i % 50}` };
    actor.state = { ...actor.state, known: true, memory } as DeviceState;
    // Reading so many days' worth of reports must not be one long stretch.
    if (i % 10_000 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  return registry;
}

interface Scored {
  readonly seconds: number;
  /** What the partition's own loop did of it, and the longest that messages had to wait. */
  readonly busySeconds: number;
  readonly longestSeconds: number;
  /** Of an ATM, the model included. */
  readonly processorMicros: number;
}

async function scoreAll(registry: Registry, scorer: Scorer, now: number): Promise<Scored> {
  let wake = () => {};
  const scoring = startScoring({
    scorer,
    everyMs: 900_000,
    actors: registry,
    peers: createPeers(registry),
    wake: () => wake(),
  });
  const startedAt = performance.now();
  const before = process.cpuUsage();
  let [busy, longest, scored] = [0, 0, 0];
  scoring.look(now);
  const wanted = registry.actors.size;
  for (;;) {
    const woken = new Promise<void>((resolve) => wake = resolve);
    const turnAt = performance.now();
    const claims = scoring.take();
    if (claims.length > 0) {
      // The actors' own state is left as it is: every round scores the same.
      const builder = begin(createRegistryBeside(registry), now);
      for (const { device, claim, at } of claims) builder.claim(device, claim, at);
      builder.finish();
      scored += claims.length;
    }
    scoring.ask(now);
    const took = performance.now() - turnAt;
    busy += took;
    longest = Math.max(longest, took);
    if (scored >= wanted) break;
    if (!scoring.isWaiting(now)) await woken;
    else await new Promise((resolve) => setTimeout(resolve));
  }
  scoring.stop();
  const { user, system } = process.cpuUsage(before);
  return {
    processorMicros: (user + system) / wanted,
    seconds: (performance.now() - startedAt) / 1000,
    busySeconds: busy / 1000,
    longestSeconds: longest / 1000,
  };
}

/** The devices' own actors, and inference actors that have heard nothing. */
function createRegistryBeside(devices: Registry): Registry {
  const beside = createRegistry();
  const actors = {
    get: (stream: string) => devices.actors.get(stream) ?? beside.actors.get(stream),
  };
  return { ...beside, actors: actors as Registry["actors"] };
}
