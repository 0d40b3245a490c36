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
import { inPlace, onOwnPostgres, takenIn, underLoad } from "./place.ts";
import { kill } from "./processes.ts";
import {
  caughtUp,
  expectExactlyOnce,
  expectProjectionsAreRebuilt,
  expectPromisesKept,
  withLogAtRest,
} from "./promises.ts";
import { faultTest, rounds } from "./seed.ts";

faultTest(
  "a broker killed under load is started again, and no acknowledged message is lost",
  (random) =>
    inPlace(async (place) => {
      const telltale = await place.start();
      const load = await takenIn(telltale, 200, {
        async meanwhile(load) {
          for (let round = rounds(3); round > 0; round--) {
            await load.reach(random.integer(20, 400));
            assert.equal(await kill(place.dataDir, "broker"), 1);
          }
        },
      });
      assert.equal(await telltale.stop(), 0);
      await withLogAtRest(place, (sql) => expectPromisesKept(sql, load.acknowledged));
    }),
);

faultTest(
  "a broker restored from an older copy is noticed, and what comes after it is recorded",
  () =>
    inPlace(async (place) => {
      const broker = `${place.dataDir}/nats`;
      const copy = `${place.dataDir}/nats-copy`;
      let telltale = await place.start();
      let load = await takenIn(telltale, 300);
      await telltale.stop();
      await copyFolder(broker, copy);

      telltale = await place.start();
      load = await takenIn(telltale, 300, { after: load });
      await telltale.stop();
      await Deno.remove(broker, { recursive: true });
      await Deno.rename(copy, broker);

      telltale = await place.start();
      load = await takenIn(telltale, 300, { after: load });
      await telltale.stop();
      await withLogAtRest(place, async (sql) => {
        assert.equal((await systemEvents(sql, "BrokerHistoryChanged")).length, 1);
        await expectPromisesKept(sql, load.acknowledged);
      });
    }),
);

faultTest(
  "a JetStream stream deleted while Telltale runs is made again and read from its beginning",
  () =>
    inPlace(async (place) => {
      const telltale = await place.start();
      let load = await takenIn(telltale, 300);
      await withManager(telltale.natsUrl, (manager) => manager.streams.delete(STREAM_NAME));
      load = await takenIn(telltale, 300, { after: load });
      await telltale.stop();
      await withLogAtRest(place, async (sql) => {
        assert.equal((await systemEvents(sql, "BrokerHistoryChanged")).length, 1);
        await expectPromisesKept(sql, load.acknowledged);
      });
    }),
);

faultTest(
  "messages the broker forgot before they were read are recorded as missing, to the last one",
  () =>
    inPlace(async (place) => {
      let telltale = await place.start();
      let load = await takenIn(telltale, 200);
      await telltale.kill9();
      const read = new Set(load.acknowledged);

      load = await underLoad(telltale, 200, { after: load });
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

      telltale = await place.start();
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
    }),
);

faultTest(
  "single messages deleted from the broker before they were read are recorded as missing",
  () =>
    inPlace(async (place) => {
      let telltale = await place.start();
      let load = await takenIn(telltale, 200);
      await telltale.kill9();
      const read = new Set(load.acknowledged);

      load = await underLoad(telltale, 200, { after: load });
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

      telltale = await place.start();
      await caughtUp(telltale);
      await telltale.stop();
      await withLogAtRest(place, async (sql) => {
        assert.deepEqual(await systemEvents(sql, "MessagesMissing"), holes);
        assert.deepEqual((await verify(sql)).findings, []);
        await expectExactlyOnce(sql, read);
        await expectProjectionsAreRebuilt(sql);
      });
    }),
);

faultTest(
  "what is purged while the database is away and Telltale stays connected is recorded as missing",
  () =>
    onOwnPostgres(async (place, postgres) => {
      const telltale = await place.start();
      let load = await takenIn(telltale, 100);
      const before = new Set(load.acknowledged);
      // The order by which the shipped model was recorded is among what was read.
      const read = await withManager(telltale.natsUrl, lastSequence);
      await postgres.kill();

      load = await underLoad(telltale, 100, { after: load });
      const last = await withManager(telltale.natsUrl, async (manager) => {
        const last = await lastSequence(manager);
        await manager.streams.purge(STREAM_NAME);
        return last;
      });
      await postgres.start();
      load = await takenIn(telltale, 20, { after: load });
      await telltale.stop();
      await withLogAtRest(place, async (sql) => {
        const missing = await systemEvents(sql, "MessagesMissing");
        assert.deepEqual(missing, [{ fromSequence: read + 1, toSequence: last }]);
        assert.deepEqual((await verify(sql)).findings, []);
        await expectExactlyOnce(sql, before);
        await expectProjectionsAreRebuilt(sql);
      });
    }),
);

async function systemEvents(sql: Sql, type: string): Promise<Record<string, unknown>[]> {
  const rows = await sql`
    select data from events where stream = 'system-partition-0' and type = ${type} order by version`;
  return rows.map(({ data }) => data);
}

async function lastSequence(manager: Awaited<ReturnType<typeof managerOf>>): Promise<number> {
  return (await streamInfo(manager))?.state.last_seq ?? 0;
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
