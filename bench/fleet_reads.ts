/**
 * Ten thousand devices that each report every 30 s: how long people wait for the list of devices
 * and for the fleet's numbers meanwhile, and how much memory it takes.
 */
import type { Config } from "../commands/command.ts";
import { askSteadily } from "./questions.ts";
import { median, numberOption, quantile, say, start } from "./running.ts";
import { publishSteadily } from "./steady.ts";
import { compare, rounded } from "./target.ts";

const REPORT_EVERY_SECONDS = 30;
const REPORTS_BEFORE = 3;
/** The fleet comes up three times as fast as it reports later. */
const ARRIVING_PER_SECOND = 1_000;
const WARM_UP_SECONDS = 10;
const P95_MS_MAX = 50;
const MEMORY_MB_MAX = 400;

const QUESTIONS = [
  "/devices",
  "/devices?limit=500",
  "/devices?kind=atm&status=online&limit=100",
  "/devices?kind=store&status=inactive",
  "/devices?q=0042",
  "/devices?kind=sensor&q=s-09&limit=100",
];
const KPIS = "/fleet/kpis";
/** Of the whole list, how deep pages are asked for as well. */
const PAGE = 100;
const PAGES_TURNED = 40;

export async function run(args: readonly string[], _config: Config): Promise<number> {
  const devices = numberOption(args, "--devices", 10_000);
  const seconds = numberOption(args, "--seconds", 30);
  const rounds = numberOption(args, "--rounds", 3);
  const results: Reads[] = [];
  for (let round = 1; round <= rounds; round++) {
    const reads = await measure({ devices, seconds, seed: round });
    results.push(reads);
    say(
      `round ${round}: devices ${spread(reads.devices)}; KPIs ${spread(reads.kpis)}; memory ${
        rounded(reads.memoryMb)
      } MB`,
    );
  }
  const fleet = `${devices.toLocaleString("en")} devices`;
  for (const [what, times] of [["/devices", "devices"], [KPIS, "kpis"]] as const) {
    const figure = median(results.map((reads) => quantile(reads[times], 0.95)));
    compare({ what: `${fleet}, GET ${what}, p95`, figure, unit: "ms", atMost: P95_MS_MAX });
  }
  const figure = median(results.map(({ memoryMb }) => memoryMb));
  compare({ what: `${fleet}, memory in use`, figure, unit: "MB", atMost: MEMORY_MB_MAX });
  return 0;
}

interface Reads {
  /** Milliseconds. */
  readonly devices: readonly number[];
  readonly kpis: readonly number[];
  readonly memoryMb: number;
}

async function measure(
  { devices, seconds, seed }: { devices: number; seconds: number; seed: number },
): Promise<Reads> {
  const telltale = await start();
  try {
    await publishSteadily(telltale.natsUrl, {
      rate: ARRIVING_PER_SECOND,
      seconds: Math.ceil(devices * REPORTS_BEFORE / ARRIVING_PER_SECOND),
      devices,
      seed,
    });
    const api = `${telltale.url}/api/v1`;
    const lists = [...QUESTIONS, await deepPage(api)];
    const inAll = WARM_UP_SECONDS + seconds;
    const [answers] = await Promise.all([
      askSteadily(api, lists.flatMap((list) => [list, KPIS]), inAll),
      publishSteadily(telltale.natsUrl, {
        rate: Math.ceil(devices / REPORT_EVERY_SECONDS),
        seconds: inAll,
        devices,
        seed,
      }),
    ]);
    const measured = answers.filter(({ afterSeconds }) => afterSeconds >= WARM_UP_SECONDS);
    const times = (kpis: boolean) =>
      measured.filter(({ question }) => (question === KPIS) === kpis).map(({ ms }) => ms);
    return { devices: times(false), kpis: times(true), memoryMb: await memoryOf(telltale.pid) };
  } finally {
    await telltale.stop();
  }
}

/** The question for a page far into the list. */
async function deepPage(api: string): Promise<string> {
  let question = `/devices?limit=${PAGE}`;
  for (let turned = 0; turned < PAGES_TURNED; turned++) {
    const { next } = await (await fetch(`${api}${question}`)).json();
    if (next === null) break;
    question = `/devices?limit=${PAGE}&cursor=${encodeURIComponent(next)}`;
  }
  return question;
}

/** Of the process itself, not of its database and broker. */
async function memoryOf(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(pid)] })
    .output();
  return Number(new TextDecoder().decode(stdout)) / 1024;
}

function spread(times: readonly number[]): string {
  return `p50 ${rounded(quantile(times, 0.5))} ms, p95 ${rounded(quantile(times, 0.95))} ms`;
}
