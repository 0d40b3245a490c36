/**
 * A whole fleet, saying what devices say, in the order of time.
 *
 * Pure: the same options give the same messages, byte for byte. One device is asked at a time, the
 * one due next, so a fleet needs the memory of its devices and no more.
 */
import { subjectOf } from "../events/bus/subjects.ts";
import { type Kind, KINDS } from "../events/vocabulary.ts";
import { createAtm } from "./atm.ts";
import type { SimulatedDevice, Utterance, World } from "./device.ts";
import { createMachine } from "./machine.ts";
import { withMischief } from "./mischief.ts";
import { createQueue } from "./queue.ts";
import { createRandom, type Random } from "./random.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "./rhythm.ts";
import { createSensor } from "./sensor.ts";
import { createStore } from "./store.ts";

export interface SimulatedMessage {
  /** When it reaches the bus; what it tells may be older. Epoch ms. */
  readonly at: number;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly messageId: string;
}

export interface FleetOptions {
  readonly seed: number;
  /** Epoch ms. */
  readonly startAt: number;
  readonly devices: Readonly<Record<Kind, number>>;
  /** From one report of a device to its next. */
  readonly everyMs?: Readonly<Record<Kind, number>>;
  /** How many times faster than in life devices fail and recover, all or each kind. */
  readonly tempo?: number | Readonly<Record<Kind, number>>;
  /** Repeats, late arrivals and malformed bodies among the rest. */
  readonly mischief?: boolean;
}

/** As often as such devices speak in life. */
export const USUAL_EVERY_MS: Readonly<Record<Kind, number>> = {
  atm: 30 * SECOND_MS,
  machine: MINUTE_MS,
  store: HOUR_MS,
  sensor: MINUTE_MS,
};

const CREATE: Readonly<Record<Kind, (world: World, index: number) => SimulatedDevice>> = {
  atm: createAtm,
  machine: createMachine,
  store: createStore,
  sensor: createSensor,
};

interface Speaker {
  readonly device: SimulatedDevice;
  /** When it speaks is drawn apart from what it says. */
  readonly clock: Random;
  introduced?: boolean;
}

/** Endless: take as many as you need. */
export function fleet(options: FleetOptions): Generator<SimulatedMessage> {
  const messages = wellBehaved(options);
  return options.mischief ? withMischief(messages, String(options.seed)) : messages;
}

function* wellBehaved(options: FleetOptions): Generator<SimulatedMessage> {
  const { startAt, devices, everyMs = USUAL_EVERY_MS, tempo = 1 } = options;
  const seed = String(options.seed);
  const due = createQueue<Speaker>();

  for (const kind of KINDS) {
    const ownTempo = typeof tempo === "number" ? tempo : tempo[kind];
    const world: World = { seed, startAt, tempo: ownTempo };
    for (let index = 0; index < devices[kind]; index++) {
      const device = CREATE[kind](world, index);
      const clock = createRandom(`${seed} ${device.id} clock`);
      due.add(Math.round(startAt + clock.uniform() * everyMs[kind]), { device, clock });
    }
  }

  while (due.size > 0) {
    const at = due.nextDueAt();
    const speaker = due.take();
    if (speaker === undefined) return;
    const { device, clock } = speaker;
    const report = device.report(at);
    const first = !speaker.introduced && report.length > 0;
    const said = first ? [...report, ...device.introduce(at)] : report;
    for (const [place, utterance] of said.entries()) {
      yield frame(seed, device, utterance, at, place);
    }
    if (first) speaker.introduced = true;
    // Clocks of devices are not quite even.
    due.add(Math.round(at + everyMs[device.kind] * clock.between(0.97, 1.03)), speaker);
  }
}

const encoder = new TextEncoder();

function frame(
  seed: string,
  { kind, id }: SimulatedDevice,
  { message, data }: Utterance,
  at: number,
  place: number,
): SimulatedMessage {
  return {
    at,
    subject: subjectOf(kind, id, message),
    payload: encoder.encode(JSON.stringify(data)),
    messageId: `${seed}:${id}:${at}:${place}`,
  };
}
