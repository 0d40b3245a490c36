/**
 * What it costs a sensor's actor to judge a reading: processor time of deciding on it and taking it
 * in, beside the same without detectors, in one run. Each sensor has a day and a half behind it.
 */
import process from "node:process";
import type { Decider } from "../actors/decider.ts";
import { deviceDecider } from "../actors/device.ts";
import { sensor } from "../actors/sensor.ts";
import type { DeviceState } from "../actors/state.ts";
import { randomFrom } from "./fleet.ts";
import { median, numberOption, say } from "./running.ts";

const MINUTE = 60_000;
const BEHIND = 2_200;
const ROUNDS = 3;

const unjudged = deviceDecider({
  kind: "sensor",
  stateVersion: 1,
  records: { reading: "ReadingReported" },
  statusAlarm: () => undefined,
});

export function run(args: readonly string[]): Promise<number> {
  const sensors = numberOption(args, "--devices", 100);
  const readings = numberOption(args, "--readings", 1_000);
  const measure = (decider: Decider<DeviceState>) => costOf(decider, sensors, readings);
  const costs = Array.from({ length: ROUNDS }, () => [measure(unjudged), measure(sensor)] as const);
  const without = median(costs.map(([cost]) => cost));
  const judged = median(costs.map(([, cost]) => cost));
  say(`without detectors  ${without.toFixed(1)} µs of processor time a reading`);
  say(`with detectors     ${judged.toFixed(1)} µs, ${Math.round(1e6 / judged)} readings/s a core`);
  return Promise.resolve(0);
}

/** Microseconds of processor time a reading, once every sensor has its history. */
function costOf(decider: Decider<DeviceState>, sensors: number, readings: number): number {
  const random = randomFrom(3);
  const states = Array.from({ length: sensors }, () => decider.initial());
  const hear = (index: number) => {
    const at = Date.UTC(2026, 0, 1) + index * MINUTE;
    for (const [id, state] of states.entries()) {
      const value = Math.round(100 * (20 + 3 * Math.sin(index / 60 + id) + random())) / 100;
      const data = { value };
      for (
        const event of decider.decide(state, {
          type: "Message",
          id: "S",
          message: "reading",
          data,
          text: "",
          at,
          now: at,
          messageId: undefined,
        })
      ) {
        const recorded = { ...event, recordedAt: at };
        decider.evolve(state, recorded);
        for (const next of decider.conclude?.(state, recorded)?.events ?? []) {
          decider.evolve(state, { ...next, recordedAt: at });
        }
      }
    }
  };
  for (let i = 0; i < BEHIND; i++) hear(i);
  const before = process.cpuUsage();
  for (let i = BEHIND; i < BEHIND + readings; i++) hear(i);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (sensors * readings);
}
