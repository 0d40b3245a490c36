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
import { discardDataFolder, leftBehind } from "../tests/support/telltale.ts";
import { compareWithEmmett } from "./emmett.ts";
import { processorTimes } from "./processor_time.ts";
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
import { helper } from "./steady.ts";

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
    const makePublisher = (first: number, count: number) =>
      publisher([broker.url, first, count, DEVICES, startAt, stepMs, 42]);
    const half = Math.floor(messages / 2);
    // The stream has to exist before anything can wait in it.
    const first = await start({ dataDir, env: { NATS_URL: broker.url } });
    await first.stop();
    await (await makePublisher(0, half)).publish();
    const second = await makePublisher(half, messages - half);

    const telltale = await start({ dataDir, env: { NATS_URL: broker.url } });
    const [postgres = 0] = await leftBehind(dataDir);
    const [nats = 0] = await leftBehind(brokerDir);
    const before = await processorTimes();
    const startedAt = performance.now();
    const already = dealtWith(await statsOf(telltale));
    const publishing = second.publish();
    publishing.catch(() => {}); // Told where it is waited for.
    const stats = await caughtUp(telltale, messages).catch(async (error) => {
      await telltale.kill9();
      throw error;
    });
    const elapsedMs = performance.now() - startedAt;
    const after = await processorTimes();
    const each = (us: number) => `${(us / (messages - already)).toFixed(1)} µs`;
    say(
      `a message takes ${each(after.of(telltale.pid) - before.of(telltale.pid))} of Telltale, ${
        each(after.withChildren(postgres) - before.withChildren(postgres))
      } of PostgreSQL, ${each(after.of(nats) - before.of(nats))} of the broker (processor time)`,
    );
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
    await discardDataFolder(dataDir);
    await removeFolder(brokerDir);
  }
}

interface Publisher {
  /** Resolves when all is stored. */
  publish(): Promise<void>;
}

/** Resolves when its messages are made. */
async function publisher(args: readonly (string | number)[]): Promise<Publisher> {
  const child = helper("publisher", args);
  const saying = child.stdout.getReader();
  await saying.read();
  return {
    async publish() {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode("go\n"));
      await writer.close();
      const { success } = await child.status;
      await saying.cancel();
      if (!success) throw new Error("The publisher failed");
    },
  };
}
