/**
 * How fast the log is proven whole and the read models are built anew: at rest, and while Telltale
 * serves and takes in a steady thousand messages a second.
 */
import type { Config } from "../commands/command.ts";
import { telltale as call } from "../tests/audit/run.ts";
import { temporaryFolder } from "../tests/support/servers.ts";
import { discardDataFolder } from "../tests/support/telltale.ts";
import { publishHistory } from "./long_log.ts";
import { median, numberOption, say, start } from "./running.ts";
import { publishSteadily } from "./steady.ts";
import { compare, rounded } from "./target.ts";

const DEVICES = 1_000;
const LIVE_RATE = 1_000;
const LIVE_SECONDS = 30;
const VERIFY_MIN = 200_000;
const REBUILD_MIN = 100_000;

export async function run(args: readonly string[], _config: Config): Promise<number> {
  const messages = numberOption(args, "--messages", 1_000_000);
  const rounds = numberOption(args, "--rounds", 3);
  const dataDir = await temporaryFolder();
  try {
    const telltale = await start({ dataDir });
    const fleet = { messages, devices: DEVICES, stepMs: 1_000, seed: 1 };
    const { events } = await publishHistory(telltale, fleet);
    await telltale.stop();
    say(`a log of ${events.toLocaleString("en")} events`);

    await measure("verify", VERIFY_MIN, () => verify(dataDir), rounds);
    await measure("rebuild all", REBUILD_MIN, () => rebuild(dataDir), rounds);
    await whileServing(dataDir);
  } finally {
    await discardDataFolder(dataDir);
  }
  return 0;
}

async function measure(
  what: string,
  atLeast: number,
  work: () => Promise<number>,
  rounds: number,
): Promise<void> {
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) rates.push(await work());
  say(`${what}: ${rates.map(rounded).join(", ")} events/s`);
  compare({ what, figure: median(rates), unit: "events/s", atLeast });
}

async function whileServing(dataDir: string): Promise<void> {
  const telltale = await start({ dataDir });
  try {
    const publishing = publishSteadily(telltale.natsUrl, {
      rate: LIVE_RATE,
      seconds: LIVE_SECONDS,
      devices: DEVICES,
      seed: 2,
    });
    publishing.catch(() => {}); // Seen below.
    const verified = await verify(dataDir);
    const rebuilt = await rebuild(dataDir);
    say(
      `while serving ${rounded(LIVE_RATE)} messages/s: verify ${rounded(verified)}, rebuild all ${
        rounded(rebuilt)
      } events/s`,
    );
    await publishing;
  } finally {
    await telltale.stop();
  }
}

/** Events a second, as it says itself: the start of the database is not part of it. */
async function verify(dataDir: string): Promise<number> {
  const { code, stdout, stderr } = await call(["verify", "--json"], { DATA_DIR: dataDir });
  if (code !== 0) throw new Error(`verify ended with ${code}:\n${stdout}${stderr}`);
  const { events, seconds } = JSON.parse(stdout);
  return events / seconds;
}

async function rebuild(dataDir: string): Promise<number> {
  const { code, stdout, stderr } = await call(["rebuild", "all"], { DATA_DIR: dataDir });
  const found = /from ([\d,]+) events in .*\(([\d,]+) events\/s\)/.exec(stdout);
  if (code !== 0 || !found) throw new Error(`rebuild ended with ${code}:\n${stdout}${stderr}`);
  return Number(found[2]?.replaceAll(",", ""));
}
