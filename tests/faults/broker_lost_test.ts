/**
 * The broker dies, is restored from an old copy, is made anew, or forgets: what was acknowledged
 * and still exists is in the log exactly once, and what no longer exists is recorded as missing.
 */
import assert from "node:assert/strict";
import { connectBus } from "../../events/bus/connection.ts";
import { managerOf, streamInfo, trimBelow } from "../../events/bus/stream.ts";
import { STREAM_NAME } from "../../events/bus/subjects.ts";
import type { Sql } from "../../events/log/database.ts";
import { verify } from "../../events/log/verify.ts";
import { freePort, temporaryFolder } from "../support/servers.ts";
import { discardDataFolder, startTelltale } from "../support/telltale.ts";
import { startLoad } from "./load.ts";
import { ownPostgres } from "./own_postgres.ts";
import { kill } from "./processes.ts";
import {
  caughtUp,
  expectExactlyOnce,
  expectProjectionsAreRebuilt,
  expectPromisesKept,
  withLogAtRest,
} from "./promises.ts";
import { faultTest, rounds } from "./seed.ts";

async function ports(): Promise<{ dataDir: string; env: Record<string, string> }> {
  const env = { PORT: String(freePort()), NATS_PORT: String(freePort()) };
  return { dataDir: await temporaryFolder(), env };
}

faultTest(
  "a broker killed under load is started again, and no acknowledged message is lost",
  async (random) => {
    const place = await ports();
    const telltale = await startTelltale(place);
    try {
      const load = await startLoad(telltale.natsUrl);
      try {
        for (let round = rounds(3); round > 0; round--) {
          await load.reach(random.integer(20, 400));
          assert.equal(await kill(place.dataDir, "broker"), 1);
        }
        await load.reach(200);
      } finally {
        await load.stop();
      }
      await caughtUp(telltale);
      assert.equal(await telltale.stop(), 0);
      await withLogAtRest(place, (sql) => expectPromisesKept(sql, load.acknowledged));
    } finally {
      await telltale.kill9();
      await discardDataFolder(place.dataDir);
    }
  },
);

faultTest(
  "a broker restored from an older copy is noticed, and what comes after it is recorded",
  async () => {
    const place = await ports();
    const { dataDir } = place;
    const broker = `${dataDir}/nats`;
    const copy = `${dataDir}/nats-copy`;
    let telltale = await startTelltale(place);
    try {
      let load = await startLoad(telltale.natsUrl);
      await load.reach(300).finally(load.stop);
      await caughtUp(telltale);
      await telltale.stop();
      await copyFolder(broker, copy);

      telltale = await startTelltale(place);
      load = await startLoad(telltale.natsUrl, load);
      await load.reach(300).finally(load.stop);
      await caughtUp(telltale);
      await telltale.stop();
      await Deno.remove(broker, { recursive: true });
      await Deno.rename(copy, broker);

      telltale = await startTelltale(place);
      load = await startLoad(telltale.natsUrl, load);
      await load.reach(300).finally(load.stop);
      await caughtUp(telltale);
      await telltale.stop();
      await withLogAtRest(place, async (sql) => {
        assert.equal((await systemEvents(sql, "BrokerHistoryChanged")).length, 1);
        await expectPromisesKept(sql, load.acknowledged);
      });
    } finally {
      await telltale.kill9();
      await discardDataFolder(dataDir);
    }
  },
);

faultTest(
  "a JetStream stream deleted while Telltale runs is made again and read from its beginning",
  async () => {
    const place = await ports();
    const telltale = await startTelltale(place);
    try {
      let load = await startLoad(telltale.natsUrl);
      await load.reach(300).finally(load.stop);
      await caughtUp(telltale);
      await withManager(telltale.natsUrl, (manager) => manager.streams.delete(STREAM_NAME));
      load = await startLoad(telltale.natsUrl, load);
      await load.reach(300).finally(load.stop);
      await caughtUp(telltale);
      await telltale.stop();
      await withLogAtRest(place, async (sql) => {
        assert.equal((await systemEvents(sql, "BrokerHistoryChanged")).length, 1);
        await expectPromisesKept(sql, load.acknowledged);
      });
    } finally {
      await telltale.kill9();
      await discardDataFolder(place.dataDir);
    }
  },
);

faultTest(
  "messages the broker forgot before they were read are recorded as missing, to the last one",
  async () => {
    const place = await ports();
    let telltale = await startTelltale(place);
    try {
      let load = await startLoad(telltale.natsUrl);
      await load.reach(200).finally(load.stop);
      await caughtUp(telltale);
      await telltale.kill9();
      const read = new Set(load.acknowledged);

      load = await startLoad(telltale.natsUrl, load);
      await load.reach(200).finally(load.stop);
      const { first, last } = await withManager(telltale.natsUrl, async (manager) => {
        const last = (await streamInfo(manager))?.state.last_seq ?? 0;
        const first = last - 50;
        await trimBelow(manager, first);
        return { first, last };
      });
      const checkpoint = await withLogAtRest(place, async (sql) => {
        const [row] = await sql`select sequence from partitions`;
        return Number(row?.sequence);
      });

      telltale = await startTelltale(place);
      await caughtUp(telltale);
      await telltale.stop();
      await withLogAtRest(place, async (sql) => {
        assert.deepEqual(await systemEvents(sql, "MessagesMissing"), [
          { fromSequence: checkpoint + 1, toSequence: first - 1 },
        ]);
        assert.deepEqual((await verify(sql)).findings, []);
        await expectExactlyOnce(sql, read);
        const [row] = await sql`select count(*)::integer as n from events
          where (metadata->>'sequence')::bigint between ${first} and ${last}
            and type = 'ReadingReported'`;
        assert.equal(row?.n, last - first + 1, "what was left must be in the log");
      });
    } finally {
      await telltale.kill9();
      await discardDataFolder(place.dataDir);
    }
  },
);

faultTest(
  "single messages deleted from the broker before they were read are recorded as missing",
  async () => {
    const place = await ports();
    let telltale = await startTelltale(place);
    try {
      let load = await startLoad(telltale.natsUrl);
      await load.reach(200).finally(load.stop);
      await caughtUp(telltale);
      await telltale.kill9();
      const read = new Set(load.acknowledged);

      load = await startLoad(telltale.natsUrl, load);
      await load.reach(200).finally(load.stop);
      const holes = await withManager(telltale.natsUrl, async (manager) => {
        const last = (await streamInfo(manager))?.state.last_seq ?? 0;
        const alone = last - 40;
        const several = last - 20;
        for (const sequence of [alone, several, several + 1, several + 2]) {
          assert.ok(await manager.streams.deleteMessage(STREAM_NAME, sequence));
        }
        return [
          { fromSequence: alone, toSequence: alone },
          { fromSequence: several, toSequence: several + 2 },
        ];
      });

      telltale = await startTelltale(place);
      await caughtUp(telltale);
      await telltale.stop();
      await withLogAtRest(place, async (sql) => {
        assert.deepEqual(await systemEvents(sql, "MessagesMissing"), holes);
        assert.deepEqual((await verify(sql)).findings, []);
        await expectExactlyOnce(sql, read);
        await expectProjectionsAreRebuilt(sql);
      });
    } finally {
      await telltale.kill9();
      await discardDataFolder(place.dataDir);
    }
  },
);

faultTest(
  "what is purged while the database is away and Telltale stays connected is recorded as missing",
  async () => {
    const postgres = await ownPostgres();
    const place = await ports();
    const env = { ...place.env, DATABASE_URL: postgres.url };
    const telltale = await startTelltale({ ...place, env });
    try {
      let load = await startLoad(telltale.natsUrl);
      await load.reach(100).finally(load.stop);
      await caughtUp(telltale);
      const before = new Set(load.acknowledged);
      await postgres.kill();

      load = await startLoad(telltale.natsUrl, load);
      await load.reach(100).finally(load.stop);
      const { first, last } = await withManager(telltale.natsUrl, async (manager) => {
        const last = (await streamInfo(manager))?.state.last_seq ?? 0;
        await manager.streams.purge(STREAM_NAME);
        return { first: before.size + 1, last };
      });
      await postgres.start();
      load = await startLoad(telltale.natsUrl, load);
      await load.reach(20).finally(load.stop);
      await caughtUp(telltale);
      await telltale.stop();
      await withLogAtRest({ ...place, databaseUrl: postgres.url }, async (sql) => {
        const missing = await systemEvents(sql, "MessagesMissing");
        assert.deepEqual(missing, [{ fromSequence: first, toSequence: last }]);
        assert.deepEqual((await verify(sql)).findings, []);
        await expectExactlyOnce(sql, before);
        await expectProjectionsAreRebuilt(sql);
      });
    } finally {
      await telltale.kill9();
      await discardDataFolder(place.dataDir);
      await postgres.discard();
    }
  },
);

async function systemEvents(sql: Sql, type: string): Promise<Record<string, unknown>[]> {
  const rows = await sql`
    select data from events where stream = 'system-partition-0' and type = ${type} order by version`;
  return rows.map(({ data }) => data);
}

async function withManager<Result>(
  natsUrl: string,
  work: (manager: Awaited<ReturnType<typeof managerOf>>) => Promise<Result>,
): Promise<Result> {
  const connection = await connectBus(natsUrl, "test");
  try {
    return await work(await managerOf(connection));
  } finally {
    await connection.close();
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
