/**
 * How fast messages become events that every read model has, against the limit of the database.
 *
 * Half of the messages wait on the bus when Telltale starts, the other half is published while it
 * runs. The limit is the same rows, inserted by unnest into an empty copy of the table, on the
 * same server, in the same run.
 */
import type { Config } from "../commands/command.ts";
import { provideBroker, provideDatabase } from "../services/mod.ts";
import { freePort, removeFolder, temporaryFolder } from "../tests/support/servers.ts";
import { compareWithEmmett } from "./emmett.ts";
import { insertByUnnest } from "./raw_limit.ts";
import {
  caughtUp,
  dealtWith,
  median,
  numberOption,
  perSecond,
  say,
  start,
  statsOf,
} from "./running.ts";

const DEVICES = 500;

export async function run(args: readonly string[], config: Config): Promise<number> {
  const messages = numberOption(args, "--messages", 300_000);
  const stepMs = numberOption(args, "--step-ms", 1_000);
  const rounds = numberOption(args, "--rounds", 3);
  const rates: number[] = [];
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const { rate, limit } = await measure(config, {
      messages,
      stepMs,
      emmett: round === rounds && !args.includes("--no-emmett"),
    });
    rates.push(rate);
    ratios.push(rate / limit);
    say(
      `round ${round}: ${perSecond(rate, 1000)} messages/s, raw limit ${
        perSecond(limit, 1000)
      } rows/s, ratio ${(rate / limit).toFixed(2)}`,
    );
  }
  say(
    `median of ${rounds}: ${perSecond(median(rates), 1000)} messages/s, ratio ${
      median(ratios).toFixed(2)
    }`,
  );
  return 0;
}

async function measure(
  config: Config,
  { messages, stepMs, emmett }: { messages: number; stepMs: number; emmett: boolean },
): Promise<{ rate: number; limit: number }> {
  const dataDir = await temporaryFolder();
  const brokerDir = await temporaryFolder();
  const own = {
    ...config,
    databaseUrl: undefined,
    natsUrl: undefined,
    natsPort: freePort(),
  };
  const broker = await provideBroker({ ...own, dataDir: brokerDir });
  try {
    const startAt = Date.now() - Math.ceil(messages / DEVICES) * stepMs;
    const publish = (first: number, count: number) =>
      publisher([broker.url, first, count, DEVICES, startAt, stepMs, 42]);
    const half = Math.floor(messages / 2);
    // The stream has to exist before anything can wait in it.
    const first = await start({ dataDir, env: { NATS_URL: broker.url } });
    await first.stop();
    await publish(0, half);

    const telltale = await start({ dataDir, env: { NATS_URL: broker.url } });
    const startedAt = performance.now();
    const already = dealtWith(await statsOf(telltale));
    const publishing = publish(half, messages - half);
    const stats = await caughtUp(telltale, messages);
    const elapsedMs = performance.now() - startedAt;
    await publishing;
    await telltale.stop();
    if (stats.quarantined > 0) throw new Error(`${stats.quarantined} messages were quarantined`);

    const database = await provideDatabase({ ...own, dataDir });
    try {
      const limit = await insertByUnnest(database, messages);
      const rate = (messages - already) / elapsedMs * 1000;
      if (emmett) await compareWithEmmett(database, rate);
      return { rate, limit: limit.rate };
    } finally {
      await database.stop();
    }
  } finally {
    await broker.stop();
    await removeFolder(dataDir);
    await removeFolder(brokerDir);
  }
}

async function publisher(args: readonly (string | number)[]): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      new URL("./publisher.ts", import.meta.url).pathname,
      ...args.map(String),
    ],
    stdin: "null",
  }).spawn().status;
  if (!success) throw new Error("The publisher failed");
}
