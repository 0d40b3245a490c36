/**
 * The uptime of a chain of 14,092 stores from 1,825,000 polls: how long the import takes through the
 * real write path and in how much memory, how long the report takes, and what asking for reports
 * costs the messages that come in meanwhile.
 */
import type { Config } from "../commands/command.ts";
import { removeFolder, temporaryFolder } from "../tests/support/servers.ts";
import { discardDataFolder, leftBehind, type RunningTelltale } from "../tests/support/telltale.ts";
import { processorTimes } from "./processor_time.ts";
import { caughtUp, dealtWith, median, numberOption, say, start, statsOf } from "./running.ts";
import { publishSteadily } from "./steady.ts";
import { makeStoreFiles, type StoreFiles } from "./store_files.ts";
import { compare, rounded } from "./target.ts";

const POLLS = 1_825_000;
const STORES = 14_092;
const IMPORT_SECONDS_MAX = 30;
const MEGABYTES_MAX = 1_000;
const REPORT_SECONDS_MAX = 2;
const SLOWDOWN_PERCENT_MAX = 20;
const LIVE_DEVICES = 1_000;
const LOOK_MS = 200;
const SEED = 1;

const TELLTALE = new URL("../telltale", import.meta.url).pathname;

export async function run(args: readonly string[], _config: Config): Promise<number> {
  const polls = numberOption(args, "--polls", POLLS);
  const stores = numberOption(args, "--stores", STORES);
  const rounds = numberOption(args, "--rounds", 3);
  const live = {
    rate: numberOption(args, "--rate", 10_000),
    seconds: numberOption(args, "--seconds", 10),
  };
  const folder = await temporaryFolder();
  const dataDir = await temporaryFolder();
  try {
    const files = await makeStoreFiles(folder, { polls, stores, seed: SEED });
    await measureImport(dataDir, files);
    await measureReports(dataDir, rounds);
    await measureOffline(dataDir, `${folder}/report.csv`);
    await measureSlowdown(dataDir, live, rounds);
  } finally {
    await discardDataFolder(dataDir);
    await removeFolder(folder);
  }
  return 0;
}

async function measureImport(dataDir: string, files: StoreFiles): Promise<void> {
  const telltale = await start({ dataDir });
  try {
    const serving = watchUse(telltale.pid);
    const servers = [telltale.pid, ...await leftBehind(dataDir)];
    const before = await secondsUsed(servers);
    const first = await importStores(telltale, files);
    say(
      `imported ${files.polls.toLocaleString("en")} polls of ${
        files.stores.toLocaleString("en")
      } stores, ${rounded(files.polls / first.seconds)} polls/s`,
    );
    const used = await secondsUsed(servers) - before + first.processorSeconds;
    say(
      `processor time: ${rounded(first.processorSeconds)} s of the importer, ${
        rounded(used)
      } s with Telltale, its database and its broker: on two cores ${rounded(used / 2)} s at least`,
    );
    compare({ what: "import", figure: first.seconds, unit: "s", atMost: IMPORT_SECONDS_MAX });
    const memory = { unit: "MB", atMost: MEGABYTES_MAX };
    compare({ what: "the importer's memory", figure: first.megabytes, ...memory });
    compare({ what: "Telltale's memory", figure: (await serving.stop()).megabytes, ...memory });
    const { events } = await statsOf(telltale);
    const again = await importStores(telltale, files);
    const more = (await statsOf(telltale)).events - events;
    say(`imported again: ${rounded(again.seconds)} s, ${more} new events`);
  } finally {
    await telltale.stop();
  }
}

async function importStores(
  { dataDir, natsUrl }: RunningTelltale,
  { status, hours, timezones }: StoreFiles,
): Promise<{ seconds: number; processorSeconds: number; megabytes: number }> {
  const startedAt = performance.now();
  const child = new Deno.Command(TELLTALE, {
    args: [
      ...["import", "stores", "--status", status],
      ...(hours === undefined ? [] : ["--hours", hours]),
      ...(timezones === undefined ? [] : ["--timezones", timezones]),
    ],
    env: { DATA_DIR: dataDir, NATS_PORT: new URL(natsUrl).port },
    stdin: "null",
    stdout: "null",
  }).spawn();
  const memory = watchUse(child.pid);
  const { success } = await child.status;
  const seconds = (performance.now() - startedAt) / 1000;
  if (!success) throw new Error("The import failed");
  return { seconds, ...await memory.stop() };
}

/** Of these processes and those they have started, of one core. */
async function secondsUsed(pids: readonly number[]): Promise<number> {
  const times = await processorTimes();
  // Telltale's own children are the servers, which count by themselves.
  const [own = 0, ...servers] = pids;
  const us = servers.reduce((sum, pid) => sum + times.withChildren(pid), times.of(own));
  return us / 1e6;
}

interface Used {
  /** The most it was seen to have. */
  readonly megabytes: number;
  readonly processorSeconds: number;
}

/** Looks now and then at what a process uses. */
function watchUse(pid: number): { stop(): Promise<Used> } {
  let megabytes = 0;
  let processorSeconds = 0;
  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      megabytes = Math.max(megabytes, await megabytesOf(pid));
      const us = (await processorTimes()).of(pid);
      processorSeconds = Math.max(processorSeconds, us / 1e6);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await watching;
      return { megabytes, processorSeconds };
    },
  };
}

/** 0 when it has ended. */
async function megabytesOf(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(pid)] })
    .output();
  return Number(new TextDecoder().decode(stdout)) * 1024 / 1e6;
}

/** Cold: the first report of a Telltale that was just started. */
async function measureReports(dataDir: string, rounds: number): Promise<void> {
  const cold: number[] = [];
  let warm = NaN;
  for (let round = 0; round < rounds; round++) {
    const telltale = await start({ dataDir });
    try {
      cold.push(await reportSeconds(telltale.url));
      warm = await reportSeconds(telltale.url);
    } finally {
      await telltale.stop();
    }
  }
  say(`report after a start: ${cold.map(rounded).join(", ")} s; asked again: ${rounded(warm)} s`);
  compare({ what: "report, cold", figure: median(cold), unit: "s", atMost: REPORT_SECONDS_MAX });
}

/** From asking for it until the whole file is here. */
async function reportSeconds(url: string): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/trigger_report`, { method: "POST" });
  const { report_id } = await response.json();
  for (;;) {
    const answer = await fetch(`${url}/get_report/${report_id}`);
    const text = await answer.text();
    if (answer.headers.get("content-type")?.startsWith("text/csv")) break;
    if (!answer.ok || !text.includes("Running")) throw new Error(`The report failed: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return (performance.now() - startedAt) / 1000;
}

async function measureOffline(dataDir: string, out: string): Promise<void> {
  const startedAt = performance.now();
  const { success, stderr } = await new Deno.Command(TELLTALE, {
    args: ["report", "--now", "max", "--out", out],
    env: { DATA_DIR: dataDir },
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(`The report failed: ${new TextDecoder().decode(stderr)}`);
  const lines = (await Deno.readTextFile(out)).trim().split("\n").length;
  say(
    `report offline, its database started for it: ${
      rounded((performance.now() - startedAt) / 1000)
    } s, ${lines.toLocaleString("en")} lines`,
  );
}

async function measureSlowdown(
  dataDir: string,
  live: { readonly rate: number; readonly seconds: number },
  rounds: number,
): Promise<void> {
  const telltale = await start({ dataDir });
  try {
    await ingestSeconds(telltale, live); // What was never run before is slower once.
    const slowdowns: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const alone = await ingestSeconds(telltale, live);
      const reports = keepAsking(telltale.url);
      const beside = await ingestSeconds(telltale, live);
      const made = await reports.stop();
      slowdowns.push((beside / alone - 1) * 100);
      say(
        `${rounded(live.rate)} messages/s for ${live.seconds} s were in every read model after ${
          rounded(alone)
        } s, with ${made} reports meanwhile after ${rounded(beside)} s`,
      );
    }
    compare({
      what: "reports slow ingest down by",
      figure: Math.max(0, median(slowdowns)),
      unit: "%",
      atMost: SLOWDOWN_PERCENT_MAX,
    });
  } finally {
    await telltale.stop();
  }
}

async function ingestSeconds(
  telltale: RunningTelltale,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<number> {
  const before = dealtWith(await statsOf(telltale));
  const startedAt = performance.now();
  await publishSteadily(telltale.natsUrl, { rate, seconds, devices: LIVE_DEVICES, seed: SEED });
  await caughtUp(telltale, before + rate * seconds);
  return (performance.now() - startedAt) / 1000;
}

/** One report after the other, until stopped. */
function keepAsking(url: string): { stop(): Promise<number> } {
  let stopped = false;
  let made = 0;
  const asking = (async () => {
    while (!stopped) {
      await reportSeconds(url);
      made++;
    }
  })();
  asking.catch(() => {}); // Seen in stop.
  return {
    async stop() {
      stopped = true;
      await asking;
      return made;
    },
  };
}
