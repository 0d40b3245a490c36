/** Several partitions share the devices out; one database has one owner for each. */
import assert from "node:assert/strict";
import { BrokerUnsuitableError } from "../../events/bus/stream.ts";
import { STREAM_NAME } from "../../events/bus/subjects.ts";
import { PartitionOwnedError } from "../../events/log/partitions.ts";
import { readPartition } from "../../events/log/read.ts";
import { verify } from "../../events/log/verify.ts";
import { newerBroker } from "../support/newer_nats.ts";
import { serverVersion } from "../../events/bus/stream.ts";
import { onStage, openStage, type Stage, until } from "./stage.ts";

const DEVICES = Array.from({ length: 40 }, (_, i) => `S-${i}`);

async function sayAll(stage: Stage, value: number): Promise<void> {
  await Promise.all(
    DEVICES.map((id) => stage.say(`devices.sensor.${id}.reading`, { value })),
  );
}

Deno.test("each device belongs to one of several partitions, which prove and resume as one log", async () => {
  const broker = await newerBroker();
  if (!broker) return;
  const stage = await openStage(broker);
  try {
    for (let round = 1; round <= 3; round++) {
      await stage.start({ partitions: 2 });
      await sayAll(stage, round);
    }
    // A fleet's models are nobody's device, and in one partition like any.
    const model = "a".repeat(64);
    const order = { command: "RecordModel", model, kind: "failure", card: {}, promote: true };
    const recorded = await stage.say("devices.model.failure.command", order);
    assert.deepEqual(recorded.events.map(({ stream }) => stream), Array(2).fill("model-failure"));
    // What fits no device is kept by the first partition.
    await stage.send("devices.sensor", "{}");
    await stage.send("devices.a.b.c.d", "{}");
    const lower = await stage.say("devices.atm.atm-1.telemetry", { status: "online" });
    assert.deepEqual([lower.outcome, lower.code], ["quarantined", "bad-subject"]);
    await until("what fits no device", async () => {
      const [row] = await stage.sql`select count(*)::integer as n from quarantine`;
      return row?.n === 3;
    });

    const seen = new Map<string, number>();
    for (const partition of [0, 1]) {
      const events = await readPartition(stage.sql, partition, 0, 1_000);
      assert.deepEqual(events.map(({ offset }) => offset), events.map((_, i) => i + 1));
      for (const { stream } of events) {
        assert.equal(seen.get(stream) ?? partition, partition, `${stream} is in two partitions`);
        seen.set(stream, partition);
      }
      for (const id of DEVICES.filter((id) => seen.get(`sensor-${id}`) === partition)) {
        const own = events.filter(({ stream }) => stream === `sensor-${id}`);
        assert.deepEqual(own.map(({ version }) => version), own.map((_, i) => i));
        const readings = own.filter(({ type }) => type === "ReadingReported");
        assert.deepEqual(readings.map(({ data }) => data.value), [1, 2, 3]);
      }
    }
    assert.equal(seen.size, DEVICES.length + 1);
    assert.deepEqual([...new Set(seen.values())].sort(), [0, 1]);
    const problems = stage.lines.filter(({ level }) => level !== "info");
    assert.deepEqual(problems, []);
    const { ok, findings } = await verify(stage.sql);
    assert.deepEqual([ok, findings], [true, []]);

    await assert.rejects(stage.start({ partitions: 1 }), {
      name: "PartitionOwnedError",
      message: "This log was begun with 2 partitions; start with PARTITIONS=2",
    });
  } finally {
    await stage.close();
    await broker.stop();
  }
});

Deno.test("several partitions on a broker that cannot are refused with a way out", () =>
  onStage(async (stage) => {
    await stage.start();
    const version = serverVersion(stage.connection());
    const [major = 0, minor = 0] = version.split(".").map(Number);
    await stage.stop();
    if (major > 2 || minor >= 10) {
      Deno.stdout.writeSync(
        new TextEncoder().encode(`skipped: nats-server ${version} has subject_transform\n`),
      );
      return;
    }
    await stage.sql`truncate partitions`;
    await assert.rejects(stage.start({ partitions: 2 }), (error) => {
      assert.ok(error instanceof BrokerUnsuitableError);
      assert.match(error.message, /^PARTITIONS=2 needs nats-server 2\.10 or newer .*PARTITIONS=1/);
      assert.ok(error.message.includes(version));
      return true;
    });
  }));

Deno.test("a second runtime on the same database is refused, and starts when the first has ended", () =>
  onStage(async (stage, broker) => {
    await stage.start();
    const second = await openStage(broker, stage.database);
    try {
      await assert.rejects(second.start(), (error) => {
        assert.ok(error instanceof PartitionOwnedError, String(error));
        assert.match(error.message, /^Another Telltale owns partition 0 .*telltale runtime/);
        return true;
      });
      assert.equal(
        (await stage.say("devices.sensor.S-1.reading", { value: 1 })).outcome,
        "recorded",
      );
      await stage.stop();
      await second.start();
      const answer = await second.say("devices.sensor.S-1.reading", { value: 2 });
      assert.deepEqual(answer.events.map(({ version }) => version), [3]);
    } finally {
      await second.close();
    }
  }));

Deno.test("a runtime whose partition another writer has moved on writes nothing more and ends", () =>
  onStage(async (stage) => {
    const runtime = await stage.start();
    await stage.say("devices.sensor.S-1.reading", { value: 1 });
    await stage.sql`update partitions set batch = batch + 1`;
    await stage.send("devices.sensor.S-1.reading", { value: 2 });
    await assert.rejects(runtime.lost, { name: "PartitionLostError" });
    const readings = (await readPartition(stage.sql, 0, 0, 100))
      .filter(({ type }) => type === "ReadingReported");
    assert.deepEqual(readings.map(({ data }) => data.value), [1]);
  }));

Deno.test("a stream that throws unread messages away when it is full is not used", () =>
  onStage(async (stage) => {
    const { manager } = await stage.start();
    await manager.streams.delete(STREAM_NAME);
    await manager.streams.add({
      name: STREAM_NAME,
      subjects: ["devices.>"],
      max_msgs: 1_000,
    });
    await assert.rejects(stage.start(), { name: "BrokerUnsuitableError", message: /discard: new/ });
  }));
