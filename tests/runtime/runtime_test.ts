/** From the bus to the log: what becomes of a message, and who is told. */
import assert from "node:assert/strict";
import type { DeviceState } from "../../actors/mod.ts";
import { STREAM_NAME } from "../../events/bus/subjects.ts";
import type { Sql } from "../../events/log/database.ts";
import { readPosition } from "../../events/log/partitions.ts";
import { readPartition } from "../../events/log/read.ts";
import { verify } from "../../events/log/verify.ts";
import { freePort, freshBroker, removeFolder, temporaryFolder } from "../support/servers.ts";
import { foldLog, onStage, openStage, until } from "./stage.ts";

const READING = "devices.sensor.S-1.reading";
const ORDER = "devices.sensor.S-1.command";

Deno.test("every message ends as events, a recognised repeat or in quarantine, and whoever waits is told after the commit", () =>
  onStage(async (stage) => {
    await stage.start();
    const first = await stage.say(READING, { value: 1 });
    assert.equal(first.outcome, "recorded");
    assert.deepEqual(first.events.map(({ type }) => type), [
      "DeviceRegistered",
      "ReadingReported",
      "StatusChanged",
    ]);
    const [event] = await readPartition(stage.sql, 0, 1, 1);
    assert.deepEqual(
      [event?.stream, event?.version, event?.offset, event?.data],
      [first.events[1]?.stream, first.events[1]?.version, first.events[1]?.offset, { value: 1 }],
    );

    const twice = { at: "2026-05-01T00:00:00Z", value: 2 };
    // JetStream keeps an eye on ids for two minutes; the actor does for longer.
    const moment = "devices.atm.ATM-1.telemetry";
    const telemetry = { atm_id: "ATM-1", timestamp: "2026-05-01T00:00:00Z", status: "online" };
    assert.equal((await stage.say(moment, telemetry)).outcome, "recorded");
    assert.deepEqual(await stage.say(moment, telemetry), { outcome: "repeat", events: [] });
    assert.equal((await stage.say(READING, twice, { messageId: "m-1" })).outcome, "recorded");
    assert.equal((await stage.say(READING, twice, { messageId: "m-1" })).outcome, "repeat");

    const junk = await stage.say(READING, "junk");
    assert.deepEqual([junk.outcome, junk.code], ["quarantined", "not-json"]);
    const refused = await stage.say(ORDER, { command: "RecommissionDevice" });
    assert.deepEqual([refused.outcome, refused.code], ["rejected", "not-decommissioned"]);
    assert.deepEqual(refused.events.map(({ type }) => type), ["CommandRejected"]);

    const { sequence } = await readPosition(stage.sql, 0);
    assert.equal(sequence, await stage.send(READING, { value: 3 }) - 1);
    await until(
      "the last reading",
      async () => (await readPosition(stage.sql, 0)).sequence === sequence + 1,
    );
    const { ok, accounted, findings } = await verify(stage.sql);
    assert.deepEqual([ok, findings], [true, []]);
    assert.ok(accounted);
    await stage.stop();
    assert.deepEqual(
      stage.committed.map(({ offset }) => offset),
      (await readPartition(stage.sql, 0, 0, 100)).map(({ offset }) => offset),
    );
  }));

Deno.test("a message no reader of text could keep is kept, and the rest of its batch with it", () =>
  onStage(async (stage, broker) => {
    await stage.start();
    const texts = ['{"value":1,"note":"\\u0000"}', '{"value":2,"note":"\\ud800"}', '{"value":3}'];
    for (const text of texts) assert.equal((await stage.say(READING, text)).outcome, "recorded");
    await sayRaw(broker.port, "devices.sensor.S\0-1.reading", "{}");
    await sayRaw(broker.port, "devices.sensor.S-2.reading", '{"value":1}', {
      "Nats-Msg-Id": "a\0b",
      "Telltale-Source": "c\0d",
    });
    await sayRaw(broker.port, READING, "{", { "Telltale-Source": "c\0d" });
    assert.equal((await stage.say(READING, { value: 4 })).outcome, "recorded");
    const reports = (await readPartition(stage.sql, 0, 0, 100))
      .filter(({ type }) => type === "ReadingReported");
    assert.deepEqual(reports.map(({ data }) => [data.value, data.note]), [
      [1, "\0"],
      [2, "\ud800"],
      [3, undefined],
      [1, undefined],
      [4, undefined],
    ]);
    const kept = await stage.sql`select subject, code from quarantine order by sequence`;
    assert.deepEqual(kept.map(({ subject, code }) => [subject, code]), [
      ["devices.sensor.S\ufffd-1.reading", "bad-subject"],
      [READING, "not-json"],
    ]);
    assert.deepEqual(stage.lines.filter(({ level }) => level !== "info"), []);
    assert.equal((await verify(stage.sql)).ok, true);
  }));

Deno.test("a subject to answer on that nobody may be answered on changes nothing", () =>
  onStage(async (stage, broker) => {
    await stage.start();
    const subjects = [
      "with space",
      "wild.*",
      ">",
      "",
      "a..b",
      ".a",
      "$JS.API.STREAM.DELETE.DEVICES",
    ];
    for (const subject of subjects) {
      await sayRaw(broker.port, READING, '{"value":1}', { "Telltale-Reply": subject });
    }
    await sayRaw(broker.port, READING, '{"value":1}', { "Telltale-Reply": READING });
    assert.equal((await stage.say(READING, { value: 2 })).outcome, "recorded");
    const info = await stage.start().then(({ manager }) => manager.streams.info(STREAM_NAME));
    assert.equal(info.state.messages, subjects.length + 2);
    assert.deepEqual(stage.lines.filter(({ level }) => level !== "info"), []);
  }));

Deno.test("a worker whose writer is cut off goes on by itself, with its partition still its own", () =>
  onStage(async (stage) => {
    const runtime = await stage.start();
    for (let value = 1; value <= 3; value++) {
      await cutOffWriter(stage.sql, () => stage.send(READING, { value }));
      await until(
        `reading ${value}`,
        async () => (await readPosition(stage.sql, 0)).sequence === value,
      );
    }
    assert.equal(runtime.workers[0]?.status().state, "running");
    const events = await readPartition(stage.sql, 0, 0, 100);
    const readings = events.filter(({ type }) => type === "ReadingReported");
    assert.deepEqual(readings.map(({ data }) => data.value), [1, 2, 3]);
    const restarts = stage.lines.filter(({ message }) => message.includes("restarts"));
    assert.equal(restarts.length, 3);
    assert.equal((await verify(stage.sql)).ok, true);
  }));

Deno.test("a device that says nothing for long is silent, and is back with its next message", () =>
  onStage(async (stage) => {
    await stage.start();
    await stage.say(READING, { value: 1 });
    await stage.say(ORDER, { command: "ConfigureSilence", timeoutSeconds: 60 });
    stage.ahead = 61_000;
    await until(
      "silence",
      async () =>
        (await readPartition(stage.sql, 0, 0, 100)).some(({ type }) => type === "DeviceFellSilent"),
    );
    const back = await stage.say(READING, { value: 2 });
    assert.deepEqual(back.events.map(({ type }) => type), [
      "ReadingReported",
      "DeviceReturned",
      "AlarmCleared",
    ]);
    const { actors } = await foldLog(stage.sql);
    assert.equal((actors.get("sensor-S-1")?.state as DeviceState).silentSince, null);
    assert.equal((await verify(stage.sql)).ok, true);
  }));

/** Publishes as a program may that does not keep to what client libraries allow. */
async function sayRaw(
  port: number,
  subject: string,
  payload: string,
  headers?: Readonly<Record<string, string>>,
): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = headers ? `NATS/1.0\r\n${lines.join("")}\r\n` : "";
  const [verb, sizes] = headers
    ? ["HPUB", `${head.length} ${head.length + payload.length}`]
    : ["PUB", `${payload.length}`];
  const connect = 'CONNECT {"verbose":false,"headers":true}\r\n';
  const words = `${connect}${verb} ${subject} ${sizes}\r\n${head}${payload}\r\nPING\r\n`;
  await connection.write(new TextEncoder().encode(words));
  const heard = new Uint8Array(8192);
  let text = "";
  // The answer to our PING comes after what we published was taken in.
  while (!text.includes("PONG")) {
    const read = await connection.read(heard);
    if (read === null) throw new Error(`The broker hung up: ${text}`);
    text += new TextDecoder().decode(heard.subarray(0, read));
  }
  connection.close();
}

/** Ends the session of the log's writer in the middle of a batch. */
async function cutOffWriter(sql: Sql, cause: () => Promise<unknown>): Promise<void> {
  const obstacle = await sql.reserve();
  try {
    await obstacle`begin`;
    await obstacle`select from partitions for update`;
    await cause();
    await until("the writer at work", async () => {
      const { count } = await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'telltale writer'
          and wait_event_type = 'Lock'`;
      return count > 0;
    });
  } finally {
    await obstacle`rollback`;
    obstacle.release();
  }
}

Deno.test("a broker that was away for a moment is read again within a second or two", async () => {
  const dataDir = await temporaryFolder();
  const port = freePort();
  let broker = await freshBroker({ port, dataDir });
  const stage = await openStage(broker);
  try {
    const runtime = await stage.start();
    await stage.say(READING, { value: 1 });
    await broker.stop();
    await until("the interruption", () => runtime.workers[0]?.status().state === "recovering");
    broker = await freshBroker({ port, dataDir });
    const began = performance.now();
    await until("the worker back", () => runtime.workers[0]?.status().state === "running");
    assert.ok(performance.now() - began < 5_000);
    assert.equal((await stage.say(READING, { value: 2 })).outcome, "recorded");
    const events = await readPartition(stage.sql, 0, 0, 100);
    assert.ok(!events.some(({ stream }) => stream.startsWith("system-")), "nothing was lost");
  } finally {
    await stage.close();
    await broker.stop();
    await removeFolder(dataDir);
  }
});
