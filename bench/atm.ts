/**
 * The ATM monitoring: what the rules for alerts cost a report (`alerting.ts`); and how long people wait for what its contract's paths answer, with a week of a
 * thousand ATMs behind them. One of them reports every 30 s, as often as such fleets do; the others
 * every ten minutes, so that the week fits into a benchmark.
 */
import process from "node:process";
import { atm } from "../actors/atm.ts";
import type { Config } from "../commands/command.ts";
import { atmReports, type SimulatedReport } from "../simulator/truth.ts";
import type { Fact } from "../tests/projections/log.ts";
import { NOW, openStage, type Stage } from "../tests/routes/stage.ts";
import { sayCostOfRules } from "./alerting.ts";
import { numberOption, quantile, say } from "./running.ts";
import { compare, rounded } from "./target.ts";

const WEEK_MS = 7 * 86_400_000;
const TALKATIVE_EVERY_MS = 30_000;
const SLICE_MS = 3_600_000;
const ASKED_TIMES = 21;
const P95_MS_MAX = 100;

export async function run(args: readonly string[], _config: Config): Promise<number> {
  const atms = numberOption(args, "--devices", 1_000);
  const everyMs = 1_000 * numberOption(args, "--every-s", 600);
  sayCostOfRules();
  const stage = await openStage();
  try {
    const events = await tellWeek(stage, atms, everyMs);
    say(`${events.toLocaleString("en")} events of ${atms.toLocaleString("en")} ATMs`);
    for (const [path, { times, bytes, processorMs }] of await askAll(stage)) {
      const half = rounded(quantile(times, 0.5));
      const own = rounded(processorMs / times.length);
      compare({
        what: `GET ${path} (${
          Math.ceil(bytes / 1024)
        } KB): ${own} ms of processor time beside the database's; p50 ${half} ms, p95`,
        figure: quantile(times, 0.95),
        unit: "ms",
        atMost: P95_MS_MAX,
      });
    }
    return 0;
  } finally {
    await stage.close();
  }
}

/** What ATMs report and what their actors make of it, in the order of time. */
async function tellWeek(stage: Stage, atms: number, everyMs: number): Promise<number> {
  const startAt = NOW - WEEK_MS;
  const world = { seed: "alerts", startAt, tempo: 1 };
  const lives = Array.from({ length: atms }, (_, index) => {
    const every = index === 0 ? TALKATIVE_EVERY_MS : everyMs;
    const reports = atmReports(world, index, { everyMs: every, until: NOW });
    return { reports, ahead: reports.next(), state: atm.initial() };
  });
  let told = 0;
  for (let until = startAt + SLICE_MS; until <= NOW; until += SLICE_MS) {
    const facts = lives.flatMap((life) => {
      const own: Fact[] = [];
      for (; !life.ahead.done && life.ahead.value.at < until; life.ahead = life.reports.next()) {
        own.push(...hear(life, life.ahead.value));
      }
      return own;
    });
    facts.sort((a, b) => a.occurredAt - b.occurredAt);
    await stage.record(facts);
    told += facts.length;
  }
  await stage.database.sql`analyze`;
  return told;
}

function hear(life: { state: ReturnType<typeof atm.initial> }, report: SimulatedReport): Fact[] {
  const { at, data } = report;
  const id = String(data.atm_id);
  const input = {
    type: "Message",
    id,
    message: "telemetry",
    data,
    text: "",
    at,
    now: at,
    messageId: undefined,
  } as const;
  return atm.decide(life.state, input).map(({ type, data, occurredAt }) => {
    life.state = atm.evolve(life.state, { type, data, occurredAt, recordedAt: at });
    return { stream: `atm-${id}`, type, data, occurredAt };
  });
}

interface Answers {
  readonly times: number[];
  readonly bytes: number;
  /** Of this process, of all of them. */
  processorMs: number;
}

async function askAll(stage: Stage): Promise<Map<string, Answers>> {
  const [alert] = (await (await stage.app.request("/api/v1/alerts?limit=1")).json()).alerts;
  const answers = new Map<string, Answers>();
  for (let round = 0; round < ASKED_TIMES; round++) {
    for (
      const path of [
        "/telemetry/ATM-0001/history",
        "/telemetry/ATM-0001/history?hours=168",
        "/telemetry/stats",
        "/telemetry/alerts/recent",
        "/dashboard/stats",
        "/analytics/data",
        "/atms",
        "/atms?page=50&limit=10&status=active&region=MALL",
        "/atms?search=hall&limit=100",
        "/atms/ATM-0001",
        "/atms/ATM-0001/health",
        "/alerts",
        "/alerts?status=active&limit=1000",
        "/alerts?severity=critical&page=20",
        "/alerts?atm_id=ATM-0001",
        "/alerts/stats",
        `/alerts/${alert.id}`,
        "/alerts/rules",
      ]
    ) {
      const usedBefore = process.cpuUsage();
      const startedAt = performance.now();
      const response = await stage.app.request(`/api/v1${path}`);
      const { byteLength } = await response.arrayBuffer();
      if (!response.ok || byteLength < 10) throw new Error(`${path}: ${response.status}`);
      const answer = answers.get(path) ?? { times: [], bytes: byteLength, processorMs: 0 };
      answer.times.push(performance.now() - startedAt);
      const { user, system } = process.cpuUsage(usedBefore);
      answer.processorMs += (user + system) / 1_000;
      answers.set(path, answer);
    }
  }
  return answers;
}
