/**
 * How long from calling `./telltale start` until it is ready: on nothing, on a data folder that
 * was used before, and on a long log, with the actors' snapshots and without.
 */
import type { Config } from "../commands/command.ts";
import { discardDataFolder } from "../tests/support/telltale.ts";
import { temporaryFolder } from "../tests/support/servers.ts";
import { publishHistory } from "./long_log.ts";
import { median, numberOption, say, start } from "./running.ts";
import { compare, rounded } from "./target.ts";

const FIRST_SECONDS_MAX = 5;
const AGAIN_SECONDS_MAX = 2;
const LONG_SECONDS_MAX = 5;
const DEVICES = 1_000;

export async function run(args: readonly string[], _config: Config): Promise<number> {
  const messages = numberOption(args, "--messages", 1_000_000);
  const rounds = numberOption(args, "--rounds", 3);

  // Packages that were never loaded are fetched and compiled once; that is not the start.
  await readyOnNothing();
  const first: number[] = [];
  for (let round = 0; round < rounds; round++) first.push(await readyOnNothing());
  compareStarts("the very first start", first, FIRST_SECONDS_MAX);

  const dataDir = await temporaryFolder();
  try {
    await readyIn(dataDir);
    const again: number[] = [];
    for (let round = 0; round < rounds; round++) again.push(await readyIn(dataDir));
    compareStarts("an existing data folder", again, AGAIN_SECONDS_MAX);

    const events = await fill(dataDir, messages);
    const log = `${events.toLocaleString("en")} events`;
    const long: number[] = [];
    for (let round = 0; round < rounds; round++) long.push(await readyIn(dataDir));
    compareStarts(`${log} and snapshots`, long, LONG_SECONDS_MAX);

    await removeSnapshots(dataDir);
    say(`${log} without snapshots: ready after ${rounded(await readyIn(dataDir))} s`);
  } finally {
    await discardDataFolder(dataDir);
  }
  return 0;
}

function compareStarts(what: string, seconds: readonly number[], atMost: number): void {
  say(`${what}: ${seconds.map(rounded).join(", ")} s`);
  compare({ what: `${what}, ready after`, figure: median(seconds), unit: "s", atMost });
}

async function readyOnNothing(): Promise<number> {
  const dataDir = await temporaryFolder();
  try {
    return await readyIn(dataDir);
  } finally {
    await discardDataFolder(dataDir);
  }
}

/** Seconds from the call to /health/ready; then it is stopped again. */
async function readyIn(dataDir: string): Promise<number> {
  const startedAt = performance.now();
  const telltale = await start({ dataDir });
  const seconds = (performance.now() - startedAt) / 1000;
  await telltale.stop();
  return seconds;
}

/** Events in the log when so many messages have come in over the bus. */
async function fill(dataDir: string, messages: number): Promise<number> {
  const telltale = await start({ dataDir });
  const { events } = await publishHistory(telltale, {
    messages,
    devices: DEVICES,
    stepMs: 1_000,
    seed: 1,
  });
  await telltale.stop();
  return events;
}

async function removeSnapshots(dataDir: string): Promise<void> {
  for (const suffix of ["", "-wal", "-shm"]) {
    try {
      await Deno.remove(`${dataDir}/snapshots.sqlite${suffix}`);
    } catch (error) {
      // SQLite's own files beside it are there only while it is open.
      if (suffix === "" || !(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
