import assert from "node:assert/strict";
import { connectBus, type NatsConnection } from "../../events/bus/connection.ts";
import { createPublisher } from "../../events/bus/jetstream_publisher.ts";
import { ensureStream, managerOf, streamInfo } from "../../events/bus/stream.ts";
import { STREAM_NAME } from "../../events/bus/subjects.ts";
import { fleet, type SimulatedMessage } from "../../simulator/fleet.ts";
import { publishAll } from "../../simulator/publish.ts";
import { type FreshBroker, freshBroker } from "../support/servers.ts";

const forever = new AbortController().signal;

function messages(count: number): Iterable<SimulatedMessage> {
  const devices = { atm: 10, machine: 5, store: 5, sensor: 10 };
  return fleet({ seed: 11, startAt: Date.UTC(2026, 0, 1), devices }).take(count);
}

async function withBroker(
  test: (broker: FreshBroker, connection: NatsConnection) => Promise<void>,
): Promise<void> {
  const broker = await freshBroker();
  try {
    const connection = await connectBus(broker.url, "test");
    try {
      await ensureStream(connection, await managerOf(connection), 1);
      await test(broker, connection);
    } finally {
      await connection.close();
    }
  } finally {
    await broker.stop();
  }
}

async function stored(connection: NatsConnection): Promise<number> {
  return (await streamInfo(await managerOf(connection)))?.state.messages ?? 0;
}

Deno.test("every message is acknowledged and in the stream, and a second run adds none", () =>
  withBroker(async (_broker, connection) => {
    const options = { sendAt: () => 0, signal: forever };
    const first = await publishAll(createPublisher(connection), messages(5000), options);
    assert.deepEqual(
      { ...first, stored: await stored(connection) },
      { published: 5000, acknowledged: 5000, repeats: 0, retries: 0, failed: 0, stored: 5000 },
    );
    const second = await publishAll(createPublisher(connection), messages(5000), options);
    assert.equal(second.repeats, 5000);
    assert.equal(await stored(connection), 5000);
  }));

Deno.test("a full bus slows the fleet down, and takes everything once there is room", () =>
  withBroker(async (_broker, connection) => {
    const manager = await managerOf(connection);
    const info = await streamInfo(manager);
    assert.ok(info);
    await manager.streams.update(STREAM_NAME, { ...info.config, max_bytes: 200_000 });
    const publishing = publishAll(createPublisher(connection), messages(2000), {
      sendAt: () => 0,
      signal: forever,
      underWayMax: 100,
    });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.ok(await stored(connection) < 2000);
    await manager.streams.update(STREAM_NAME, { ...info.config, max_bytes: 20_000_000 });

    const tally = await publishing;
    assert.equal(tally.acknowledged, 2000);
    assert.ok(tally.retries > 0, "nothing was refused");
    assert.equal(await stored(connection), 2000);
  }));

Deno.test("a broker killed and restarted under way costs no message", () =>
  withBroker(async (broker, connection) => {
    const half = Promise.withResolvers<void>();
    const publishing = publishAll(createPublisher(connection), messages(4000), {
      sendAt: () => 0,
      signal: forever,
      underWayMax: 200,
      onProgress: ({ acknowledged }) => {
        if (acknowledged > 2000) half.resolve();
      },
    });
    await half.promise;
    Deno.kill(broker.pid, "SIGKILL");
    const tally = await publishing;
    assert.equal(tally.acknowledged, 4000);
    assert.ok(tally.retries > 0, "the kill was not noticed");
    assert.equal(await stored(connection), 4000);
  }));

Deno.test("a message nobody takes is given up and named", async () => {
  const broker = await freshBroker();
  const connection = await connectBus(broker.url, "test");
  try {
    const options = { sendAt: () => 0, signal: forever, patienceMs: 300 };
    const tally = await publishAll(createPublisher(connection), messages(3), options);
    assert.equal(tally.failed, 3);
    assert.match(tally.failure ?? "", /^devices\.\w+\.[A-Z]+-\d{4}\.\w+ \(11:/);
  } finally {
    await connection.close();
    await broker.stop();
  }
});

Deno.test("the signal ends the sending, and what is under way is waited for", () =>
  withBroker(async (_broker, connection) => {
    const stop = new AbortController();
    const startedAt = Date.now();
    setTimeout(() => stop.abort(), 300);
    const tally = await publishAll(createPublisher(connection), messages(100_000), {
      sendAt: (_message, index) => startedAt + index,
      signal: stop.signal,
    });
    assert.ok(tally.published > 0 && tally.published < 5000, `${tally.published} published`);
    assert.equal(tally.acknowledged, tally.published);
    assert.equal(await stored(connection), tally.published);
  }));
