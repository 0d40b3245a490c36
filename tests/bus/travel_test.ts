/** What is said on a real broker arrives once, in order, and is answered. */
import assert from "node:assert/strict";
import { answers, connectBus, type NatsConnection } from "../../events/bus/connection.ts";
import {
  type BusMessage,
  follow,
  type Follower,
  FollowerEndedError,
  type StartAt,
} from "../../events/bus/follower.ts";
import { createPublisher } from "../../events/bus/jetstream_publisher.ts";
import {
  ensureStream,
  fullness,
  managerOf,
  messageTimeUs,
  streamInfo,
} from "../../events/bus/stream.ts";
import { ALL_SUBJECTS, STREAM_NAME } from "../../events/bus/subjects.ts";
import { type FreshBroker, freshBroker } from "../support/servers.ts";

const SUBJECT = "devices.sensor.S-1.reading";
const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Bus {
  readonly broker: FreshBroker;
  readonly connection: NatsConnection;
  readonly manager: Awaited<ReturnType<typeof managerOf>>;
  readonly publisher: ReturnType<typeof createPublisher>;
  say(count: number, from?: number): Promise<void>;
  follow(start?: StartAt, filters?: readonly string[]): Promise<Follower>;
}

async function onBus(test: (bus: Bus) => Promise<void>): Promise<void> {
  const broker = await freshBroker();
  const connection = await connectBus(broker.url, "test");
  const followers: Follower[] = [];
  try {
    const manager = await managerOf(connection);
    await ensureStream(connection, manager, 1);
    const publisher = createPublisher(connection);
    await test({
      broker,
      connection,
      manager,
      publisher,
      async say(count, from = 1) {
        await Promise.all(
          Array.from(
            { length: count },
            (_, i) => publisher.publish(SUBJECT, encoder.encode(String(from + i))),
          ),
        );
      },
      async follow(start = { sequence: 1 }, filters = []) {
        const follower = await follow(connection, manager, start, filters);
        followers.push(follower);
        return follower;
      },
    });
    publisher.close();
  } finally {
    for (const follower of followers) follower.close();
    await connection.close();
    await broker.stop();
  }
}

async function takeAll(follower: Follower, count: number): Promise<BusMessage[]> {
  const taken: BusMessage[] = [];
  while (taken.length < count) {
    const more = await follower.take(700, 5, 5_000);
    assert.ok(more.length > 0, `nothing came after ${taken.length} of ${count}`);
    taken.push(...more);
  }
  return taken;
}

const textOf = ({ payload }: BusMessage) => decoder.decode(payload);

Deno.test("everything arrives once and in order, in batches of at most what was asked for", () =>
  onBus(async ({ say, follow }) => {
    await say(20_000);
    const follower = await follow();
    assert.equal(follower.startsAfter, 0);
    const first = await follower.take(700, 5, 1_000);
    assert.ok(first.length > 0 && first.length <= 700);
    const all = [...first, ...await takeAll(follower, 20_000 - first.length)];
    assert.deepEqual(all.map(({ sequence }) => sequence), all.map((_, i) => i + 1));
    assert.deepEqual(all.map(textOf), all.map((_, i) => String(i + 1)));
    assert.ok(all.every(({ timeUs }, i) => timeUs >= (all[i - 1]?.timeUs ?? 0)));
    assert.deepEqual([follower.pending(), await follower.undelivered()], [0, 0]);
    assert.equal(await follower.idle(), true);
    assert.deepEqual(await follower.take(10, 5, 50), []);
    await say(1);
    assert.equal((await follower.take(10, 5, 5_000)).length, 1);
  }));

Deno.test("a follower starts where it is told to, by place or by time", () =>
  onBus(async ({ say, follow, manager }) => {
    await say(3);
    const [first] = await (await follow({ sequence: 2 })).take(1, 0, 5_000);
    assert.equal(first?.sequence, 2);
    const timeUs = await messageTimeUs(manager, 2);
    assert.equal(first?.timeUs, timeUs, "both tell a message's time alike");
    const later = await follow({ afterUs: timeUs ?? 0 });
    assert.equal(later.startsAfter, 2);
    assert.deepEqual((await later.take(5, 20, 5_000)).map(({ sequence }) => sequence), [3]);
    const none = await follow({ afterUs: (timeUs ?? 0) + 3_600_000_000 });
    assert.deepEqual(await none.take(5, 5, 100), []);
  }));

Deno.test("large messages come in several pulls, none of them lost", () =>
  onBus(async ({ follow, publisher }) => {
    const payload = new Uint8Array(700_000);
    for (let i = 0; i < 120; i++) await publisher.publish(SUBJECT, payload);
    const follower = await follow();
    const sequences: number[] = [];
    while (sequences.length < 120) {
      const taken = await follower.take(2_000, 5, 10_000);
      assert.ok(taken.length > 0, `nothing came after ${sequences.length}`);
      assert.ok(taken.length <= 25, "a batch is bounded in bytes");
      sequences.push(...taken.map(({ sequence }) => sequence));
    }
    assert.deepEqual(sequences, sequences.map((_, i) => i + 1));
  }));

Deno.test("headers travel, and a message without any has none", () =>
  onBus(async ({ follow, publisher }) => {
    await publisher.publish(SUBJECT, encoder.encode("1"), {
      messageId: "m-1",
      headers: { traceparent: "00-abc" },
    });
    const [message] = await (await follow()).take(1, 0, 5_000);
    assert.equal(message?.headers?.get("Nats-Msg-Id"), "m-1");
    assert.equal(message?.headers?.get("traceparent"), "00-abc");
    assert.equal(message?.headers?.get("Telltale-Reply"), undefined);
  }));

Deno.test("waiting ends at once when it is told to, and with the reason when it has to", () =>
  onBus(async ({ follow }) => {
    const follower = await follow();
    const began = performance.now();
    const waiting = follower.take(10, 5, 60_000);
    follower.wake();
    assert.deepEqual(await waiting, []);
    const failing = follower.take(10, 5, 60_000);
    follower.fail(new Error("the log failed"));
    await assert.rejects(failing, /the log failed/);
    await assert.rejects(follower.take(10, 5, 60_000), /the log failed/);
    assert.ok(performance.now() - began < 5_000);
  }));

Deno.test("a consumer or a connection that is gone ends the follower instead of leaving it waiting", () =>
  onBus(async ({ follow, manager, connection }) => {
    const first = await follow();
    const [consumer] = await manager.consumers.list(STREAM_NAME).next();
    const gone = assert.rejects(first.take(10, 5, 20_000), FollowerEndedError);
    await manager.consumers.delete(STREAM_NAME, consumer?.name ?? "");
    await gone;
    const second = await follow();
    const cut = assert.rejects(second.take(10, 5, 20_000), FollowerEndedError);
    await connection.reconnect();
    await cut;
    const began = performance.now();
    second.close();
    while (!await answers(connection, 500)) await new Promise((r) => setTimeout(r, 10));
    await (await follow()).take(10, 0, 1);
    assert.ok(performance.now() - began < 5_000, "the next follower starts at once");
  }));

Deno.test("a repeat inside JetStream's window is known, and needs no answer from an actor", () =>
  onBus(async ({ publisher }) => {
    const payload = encoder.encode("1");
    const first = await publisher.publish(SUBJECT, payload, { messageId: "m-1" });
    assert.deepEqual(first, { sequence: 1, duplicate: false });
    const again = await publisher.publish(SUBJECT, payload, { messageId: "m-1", waitForLog: true });
    assert.deepEqual(again, {
      sequence: 1,
      duplicate: true,
      answer: { outcome: "repeat", events: [] },
    });
  }));

Deno.test("an answer reaches whoever waits for it, however many wait", () =>
  onBus(async ({ publisher, follow, connection }) => {
    const follower = await follow();
    const answering = (async () => {
      for (const message of await takeAll(follower, 50)) {
        const reply = message.headers?.get("Telltale-Reply") ?? "";
        const answer = { outcome: "recorded", events: [], reason: textOf(message) };
        connection.publish(reply, JSON.stringify(answer));
      }
    })();
    const answers = await Promise.all(
      Array.from(
        { length: 50 },
        (_, i) => publisher.publish(SUBJECT, encoder.encode(`n${i}`), { waitForLog: true }),
      ),
    );
    await answering;
    assert.deepEqual(answers.map(({ answer }) => answer?.reason), answers.map((_, i) => `n${i}`));
  }));

Deno.test("a full bus and an absent one are told apart; the full one keeps what it has", () =>
  onBus(async ({ manager, publisher, say }) => {
    const { config } = await manager.streams.info(STREAM_NAME);
    await manager.streams.update(STREAM_NAME, { ...config, max_msgs: 50 });
    await assert.rejects(say(500), { name: "BusUnavailableError", code: "bus-full" });
    const info = await streamInfo(manager) ?? assert.fail();
    assert.deepEqual([info.state.first_seq, info.state.last_seq], [1, 50]);
    assert.equal(fullness(info), 1);
    await manager.streams.delete(STREAM_NAME);
    await assert.rejects(
      publisher.publish(SUBJECT, encoder.encode("1"), { waitForLog: true }),
      { name: "BusUnavailableError", code: "bus-unavailable" },
    );
  }));

Deno.test("the stream keeps what is unread, on disk, and is made once", () =>
  onBus(async ({ manager, connection, say }) => {
    await say(1);
    const info = await ensureStream(connection, manager, 1);
    assert.equal(info.state.messages, 1);
    const { discard, storage, retention, subjects, max_bytes, max_msgs } = info.config;
    assert.deepEqual([discard, storage, retention], ["new", "file", "limits"]);
    assert.deepEqual(subjects, [ALL_SUBJECTS]);
    assert.ok(max_bytes > 0 && max_msgs > 0);
    await manager.streams.delete(STREAM_NAME);
    assert.equal(await streamInfo(manager), undefined);
  }));
