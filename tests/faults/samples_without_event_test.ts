/**
 * The database is killed when a machine's samples are kept and their events are not yet: the moment
 * at which the two could part for ever.
 */
import assert from "node:assert/strict";
import { connectBus } from "../../events/bus/connection.ts";
import { createPublisher } from "../../events/bus/jetstream_publisher.ts";
import { connect, type Sql } from "../../events/log/database.ts";
import { verify } from "../../events/log/verify.ts";
import type { Random } from "../../simulator/random.ts";
import { pause } from "./load.ts";
import { onOwnPostgres } from "./place.ts";
import { caughtUp, withLogAtRest } from "./promises.ts";
import { faultTest, rounds } from "./seed.ts";

const READINGS = 20;
const WITHIN_MS = 30_000;

faultTest(
  "a database killed between samples and their events leaves neither without the other",
  (random) =>
    onOwnPostgres(async (place, postgres) => {
      const telltale = await place.start();
      const connection = await connectBus(telltale.natsUrl, "test");
      const publisher = createPublisher(connection);
      let said = 0;
      for (let round = rounds(2); round > 0; round--) {
        const sql = connect({ url: postgres.url, name: "test", connectionsMax: 2 });
        const held = await holdAppends(sql);
        await Promise.all(
          Array.from({ length: READINGS }, () => publisher.publish(...reading(random, ++said))),
        );
        await keptExceeds(sql, said - READINGS);
        await pause(random.between(0, 300));
        assert.equal(await countEvents(sql), said - READINGS, "no event of them is there");
        await postgres.kill();
        await held.broken;
        await sql.end({ timeout: 1 });
        await postgres.start();
        await caughtUp(telltale);
      }
      await connection.close();
      assert.equal(await telltale.stop(), 0);
      await withLogAtRest(place, async (sql) => {
        assert.deepEqual((await verify(sql)).findings, [], "verify");
        assert.equal(await countEvents(sql), said);
        await expectNoneAlone(sql);
      });
    }),
);

/** A reading with samples nobody else has, from one of three machines. */
function reading(random: Random, number: number): [subject: string, payload: Uint8Array] {
  const samples = Array.from({ length: 256 }, (_, i) => Math.sin(i / 3) + random.normal(0, 1));
  const body = { _id: `R${number}`, bearingId: "DE", SR: 2_560, rawData: samples };
  return [
    `devices.machine.M${number % 3}.reading`,
    new TextEncoder().encode(JSON.stringify(body)),
  ];
}

/** Every append waits from now on; `broken` resolves when the connection that holds them is lost. */
async function holdAppends(sql: Sql): Promise<{ readonly broken: Promise<void> }> {
  const locked = Promise.withResolvers<void>();
  const broken = sql.begin(async (tx) => {
    await tx`lock table partitions in exclusive mode`;
    locked.resolve();
    await tx`select pg_sleep(60)`;
  }).then(
    () => assert.fail("the database was not killed"),
    () => {},
  );
  await locked.promise;
  return { broken };
}

/** Of what is said while appends are held, as much is kept as two batches hold. */
async function keptExceeds(sql: Sql, count: number): Promise<void> {
  const until = performance.now() + WITHIN_MS;
  for (;;) {
    const [row] = await sql<{ n: number }[]>`select count(*)::int as n from waveforms`;
    if ((row?.n ?? 0) > count) return;
    assert.ok(performance.now() < until, `${row?.n} samples are kept, no more than ${count}`);
    await pause(20);
  }
}

async function countEvents(sql: Sql): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    select count(*)::int as n from events where type = 'VibrationReported'`;
  return row?.n ?? 0;
}

async function expectNoneAlone(sql: Sql): Promise<void> {
  const alone = await sql`
    select named.sha256 as named, kept.sha256 as kept
    from waveforms kept full join (
      select stream, data->'waveform'->>'sha256' as sha256 from events
      where type = 'VibrationReported'
    ) as named using (stream, sha256)
    where named.sha256 is null or kept.sha256 is null`;
  assert.deepEqual([...alone], []);
}
