/**
 * How long one core takes to analyse a waveform fully: statistics, spectrum, velocity, zone, named
 * fault; and beside it the library's own transform of 4,096 numbers, which says how fast the core
 * is. And how long a bearing's health takes to follow.
 *
 * Milliseconds are those of processor time, so that others on the machine do not count.
 */
import process from "node:process";
import FFT from "fft.js";
import { analyse, healthOf, levelOf, UNKNOWN_HEALTH, wearAfter } from "../models/vibration/mod.ts";
import { createRandom } from "../simulator/random.ts";
import { median, numberOption, say } from "./running.ts";
import { compare, rounded } from "./target.ts";

const READING_MS_MAX = 2;
const ROUNDS = 9;
const WAVEFORMS = 20;
const GEOMETRY = { balls: 9, ballDiameter: 7.94, pitchDiameter: 39.04 };

interface Case {
  readonly count: number;
  readonly sampleRateHz: number;
  readonly rpm: number;
}

const CASES: readonly Case[] = [
  { count: 2_560, sampleRateHz: 25_600, rpm: 600 },
  { count: 2_560, sampleRateHz: 25_600, rpm: 6_000 },
  { count: 12_000, sampleRateHz: 12_000, rpm: 1_800 },
  { count: 121_571, sampleRateHz: 12_000, rpm: 1_800 },
];

export function run(args: readonly string[]): Promise<number> {
  const readings = numberOption(args, "--readings", 200);
  const main = { count: 2_560, sampleRateHz: 25_600, rpm: 1_800 };
  const figure = analysisMs(main, readings);
  const transformMs = bareTransformMs(readings);
  compare({ what: `one reading, ${nameOf(main)}`, figure, unit: "ms", atMost: READING_MS_MAX });
  say(
    `fft.js alone, 4,096 complex numbers: ${rounded(transformMs)} ms; a reading costs ${
      rounded(figure / transformMs)
    } of them`,
  );
  for (const other of CASES) {
    const ms = analysisMs(other, Math.max(2, Math.round(readings * 2_560 / other.count)));
    say(`${nameOf(other)}: ${rounded(ms)} ms`);
  }
  say(`health after one more reading: ${rounded(healthMs(readings) * 1000)} µs`);
  return Promise.resolve(0);
}

function nameOf({ count, sampleRateHz, rpm }: Case): string {
  return `${count} samples at ${sampleRateHz} Hz, ${rpm} rpm`;
}

function analysisMs({ count, sampleRateHz, rpm }: Case, readings: number): number {
  const random = createRandom("vibration");
  const waveforms = Array.from(
    { length: WAVEFORMS },
    () =>
      Float64Array.from({ length: count }, (_, n) => {
        const sincePulse = (n / sampleRateHz * 3.6 * rpm / 60) % 1;
        return random.normal(0, 0.2) + Math.exp(-20 * sincePulse) * Math.sin(n);
      }),
  );
  return processorMs(readings, (i) => {
    const samples = waveforms[i % WAVEFORMS] as Float64Array;
    analyse({ samples, sampleRateHz, rpm, geometry: GEOMETRY, machineClass: "II" });
  });
}

function bareTransformMs(times: number): number {
  const fft = new FFT(4_096);
  const [input, output] = [new Float64Array(8_192).fill(1), new Float64Array(8_192)];
  return processorMs(times, () => fft.transform(output, input));
}

function healthMs(readings: number): number {
  const random = createRandom("health");
  let state = UNKNOWN_HEALTH;
  let at = 0;
  return processorMs(10 * readings, () => {
    const magnitudes = [1, 4, 1, 4].map((usual) => usual * Math.exp(random.normal(0, 0.1)));
    const level = levelOf(magnitudes) ?? 0;
    state = wearAfter(state, at++ * 10_000, level) ?? state;
    healthOf(state, at * 10_000);
  });
}

/** Of one time, the median of rounds; the first, in which code is compiled, does not count. */
function processorMs(times: number, act: (i: number) => void): number {
  const rounds = Array.from({ length: ROUNDS + 1 }, () => {
    const startedAt = process.cpuUsage();
    for (let i = 0; i < times; i++) act(i);
    const { user, system } = process.cpuUsage(startedAt);
    return (user + system) / 1000 / times;
  });
  return median(rounds.slice(1));
}
