/**
 * What the rules for alerts cost an ATM's actor: processor time of deciding on a report and taking
 * it in, beside the same with the alarms of its status alone, in one run. A week of simulated ATMs,
 * which fail, run low and are refilled as in life.
 */
import process from "node:process";
import { forgetful } from "../actors/atm.ts";
import type { Decider } from "../actors/decider.ts";
import { deviceDecider } from "../actors/device.ts";
import type { DeviceState } from "../actors/state.ts";
import { atmReports, type SimulatedReport } from "../simulator/truth.ts";
import { median, say } from "./running.ts";

const ATMS = 60;
const EVERY_MS = 120_000;
const WEEK_MS = 7 * 86_400_000;
const START_AT = Date.UTC(2026, 0, 1);
const ROUNDS = 7;

const byStatusAlone = deviceDecider({
  kind: "atm",
  stateVersion: 1,
  records: { telemetry: "TelemetryReported" },
  statusAlarm(status) {
    if (status !== "offline" && status !== "error") return undefined;
    return { reason: status, severity: "high", message: `The ATM is ${status}` };
  },
});

/** Prints what the rules cost a report. */
export function sayCostOfRules(): void {
  const world = { seed: "alerts", startAt: START_AT, tempo: 1 };
  const options = { everyMs: EVERY_MS, until: START_AT + WEEK_MS };
  const lives = Array.from({ length: ATMS }, (_, i) => [...atmReports(world, i, options)]);
  const rounds = Array.from(
    { length: ROUNDS },
    () => [costOf(byStatusAlone, lives), costOf(forgetful, lives)] as const,
  );
  const without = median(rounds.map(([{ micros }]) => micros));
  const ruled = median(rounds.map(([, { micros }]) => micros));
  const events = rounds[0]?.[1].alarms ?? 0;
  const reports = lives.reduce((sum, { length }) => sum + length, 0);
  say(`by status alone  ${without.toFixed(2)} µs of processor time a report`);
  say(
    `with the rules   ${ruled.toFixed(2)} µs, ${(ruled - without).toFixed(2)} µs more; ${
      (1000 * events / reports).toFixed(1)
    } events of alarms per 1,000 reports (${rounds[0]?.[0].alarms} against ${events})`,
  );
}

function costOf(
  decider: Decider<DeviceState>,
  lives: readonly (readonly SimulatedReport[])[],
): { micros: number; alarms: number } {
  let alarms = 0;
  let reports = 0;
  const before = process.cpuUsage();
  for (const life of lives) {
    const state = decider.initial();
    for (const { at, data } of life) {
      reports++;
      const input = {
        type: "Message",
        id: "A",
        message: "telemetry",
        data,
        text: "",
        at,
        now: at,
        messageId: undefined,
      } as const;
      for (const event of decider.decide(state, input)) {
        if (event.type.startsWith("Alarm")) alarms++;
        decider.evolve(state, { ...event, recordedAt: at });
      }
    }
  }
  const { user, system } = process.cpuUsage(before);
  return { micros: (user + system) / reports, alarms };
}
