/** Snapshots are a shortcut: with them, without them or with wrong ones, the actors are the same. */
import assert from "node:assert/strict";
import type { PartitionPosition } from "../../events/log/partitions.ts";
import { readPosition } from "../../events/log/partitions.ts";
import { loadActors } from "../../actors/runtime/load.ts";
import { type Actor, createRegistry } from "../../actors/runtime/registry.ts";
import { atm } from "../../actors/atm.ts";
import { saved } from "../given.ts";
import { foldLog, onStage, readSaved, type Stage, withSnapshots } from "./stage.ts";

/** Where a log without batches ends. */
const NO_BATCH = { batch: 0, hash: "" };
const NOON = Date.UTC(2026, 4, 1, 12);

/** Devices of each kind say something, and what they became is saved. */
async function live(stage: Stage, rounds = 10): Promise<void> {
  await stage.start();
  for (let i = 0; i < rounds; i++) {
    const timestamp = new Date(NOON + i * 60_000).toISOString();
    const status = i % 3 === 0 ? "error" : "online";
    await stage.send("devices.atm.ATM-1.telemetry", { atm_id: "ATM-1", timestamp, status });
    await stage.send("devices.machine.M-1.reading", { timestamp, temperature: i });
    await stage.send("devices.store.9999.status", { timestamp, status: "active" });
    await stage.say("devices.sensor.S-1.reading", { timestamp, value: i }, { messageId: `m${i}` });
  }
  await stage.stop();
}

/** What a start makes of what is saved: actors restored, events folded, and every state. */
async function load(stage: Stage, kvPath = stage.kvPath): Promise<{
  restored: number;
  folded: number;
}> {
  const before = stage.lines.length;
  const runtime = await stage.start({ kvPath });
  assert.equal(runtime.workers[0]?.status().problem, undefined);
  const loaded = stage.lines.slice(before).find(({ message }) => message === "actors loaded");
  const position = await readPosition(stage.sql, 0);
  await stage.stop();
  await expectActors(stage, position);
  return { restored: Number(loaded?.fields.restored), folded: Number(loaded?.fields.folded) };
}

/** The actors at a position, from what is saved now, are those that the log alone tells. */
async function expectActors(stage: Stage, position: PartitionPosition): Promise<void> {
  await withSnapshots(stage, async (snapshots) => {
    const { registry } = await loadActors(stage.sql, snapshots, position);
    assert.deepEqual(plain(registry.actors), plain((await foldLog(stage.sql)).actors));
  });
}

function plain(actors: ReadonlyMap<string, Actor>): unknown {
  return Object.fromEntries(
    [...actors].map(([stream, { state, version, offset }]) => [
      stream,
      { state: saved(state), version, offset },
    ]).sort(),
  );
}

async function withKv(stage: Stage, work: (kv: Deno.Kv) => Promise<void>): Promise<void> {
  const kv = await Deno.openKv(stage.kvPath);
  try {
    await work(kv);
  } finally {
    kv.close();
  }
}

Deno.test("after a clean end everything is restored and nothing folded", () =>
  onStage(async (stage) => {
    await live(stage);
    assert.equal((await readSaved(stage)).size, 4);
    assert.deepEqual(await load(stage), { restored: 4, folded: 0 });
  }));

Deno.test("without its file the log is folded to the very same actors", () =>
  onStage(async (stage) => {
    await live(stage);
    const saved = await readSaved(stage);
    for (const suffix of ["", "-shm", "-wal"]) {
      await Deno.remove(stage.kvPath + suffix).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
    const { restored, folded } = await load(stage);
    assert.deepEqual([restored, folded], [0, (await readPosition(stage.sql, 0)).offset]);
    assert.deepEqual(await readSaved(stage), saved);
  }));

Deno.test("snapshots ahead of a log that was restored to an earlier day are thrown away", () =>
  onStage(async (stage) => {
    await live(stage);
    await forget(stage, 5);
    assert.equal((await load(stage)).restored, 0);
  }));

Deno.test("actors saved after the floor, in a log that was since restored and went on, are thrown away", () =>
  onStage(async (stage) => {
    await live(stage, 5);
    const floor = await withSnapshots(stage, (snapshots) => snapshots.floor(0));
    assert.ok(floor);
    await live(stage, 10);
    // As if the process had been killed in the middle of a round, and the database then restored.
    await forget(stage, floor.batch);
    await withSnapshots(stage, (snapshots) => snapshots.saveFloor(0, floor));
    const saved = await readSaved(stage);
    await stage.start({ kvPath: `${stage.kvPath}-other` });
    for (let i = 0; i < 60; i++) {
      await stage.say("devices.sensor.S-1.reading", { value: 1_000 + i });
    }
    await stage.stop();
    const position = await readPosition(stage.sql, 0);
    assert.ok(position.offset > Math.max(...saved.values().map(({ offset }) => offset)));
    await expectActors(stage, position);
  }));

Deno.test("snapshots of another log are not taken for those of this one", () =>
  onStage(async (stage) => {
    await live(stage);
    await stage.sql`update log_identity set id = gen_random_uuid()`;
    assert.equal((await load(stage)).restored, 0);
  }));

Deno.test("a state of an older shape is folded anew, the others are restored", () =>
  onStage(async (stage) => {
    await live(stage);
    await withKv(stage, async (kv) => {
      for await (const { key, value } of kv.list<Uint8Array>({ prefix: ["actor"] })) {
        if (key[3] !== "atm-ATM-1") continue;
        const saved = JSON.parse(new TextDecoder().decode(value));
        const older = { ...saved, stateVersion: atm.stateVersion - 1, state: { of: "old" } };
        await kv.set(key, new TextEncoder().encode(JSON.stringify(older)));
      }
    });
    assert.equal((await load(stage)).restored, 3);
  }));

for (
  const [what, value] of Object.entries({
    "cut off": new TextEncoder().encode('{"stateVersion":1,"ver'),
    "of another type": "text",
    "without its place": new TextEncoder().encode('{"stateVersion":1}'),
  })
) {
  Deno.test(`a record that is ${what} costs no more than folding the log`, () =>
    onStage(async (stage) => {
      await live(stage);
      await withKv(stage, async (kv) => {
        for await (const { key } of kv.list({ prefix: ["actor"] })) await kv.set(key, value);
      });
      assert.equal((await load(stage)).restored, 0);
    }));
}

Deno.test("a file that is no database is an obstacle to nothing", () =>
  onStage(async (stage) => {
    await live(stage, 2);
    const kvPath = `${stage.kvPath}-broken`;
    await Deno.writeTextFile(kvPath, "This is not a database.".repeat(1_000));
    assert.equal((await load(stage, kvPath)).restored, 0);
    assert.ok(stage.lines.some(({ message }) => message.startsWith("snapshots cannot be opened")));
  }));

Deno.test("an actor too large to be saved is folded from the log", () =>
  onStage(async (stage) => {
    await live(stage, 2);
    await withSnapshots(stage, async (snapshots) => {
      const [actor] = (await foldLog(stage.sql)).actors.values();
      assert.ok(actor);
      Object.assign(actor.state, { huge: "x".repeat(70_000) });
      await snapshots.save(0, [actor], NO_BATCH);
    });
    assert.equal((await load(stage)).restored, 3);
  }));

Deno.test("a thousand actors are saved and read back", () =>
  onStage(async (stage) => {
    await withSnapshots(stage, async (snapshots) => {
      const registry = createRegistry();
      for (let i = 0; i < 1_000; i++) {
        const actor = registry.actor(`sensor-S-${i}`);
        Object.assign(actor.state, { filler: "x".repeat(5_000) });
      }
      await snapshots.save(0, [...registry.actors.values()], NO_BATCH);
      const found: string[] = [];
      for await (const { stream } of snapshots.list(0)) found.push(stream);
      assert.equal(found.length, 1_000);
      await snapshots.clear(0);
      for await (const { stream } of snapshots.list(0)) assert.fail(stream);
    });
  }));

/** Takes the log back to a batch, as a restored copy of the database would. */
async function forget(stage: Stage, batch: number): Promise<void> {
  const { sql } = stage;
  await sql`delete from events using batches
    where batches.batch = ${batch} and events."offset" > batches.last_offset`;
  await sql`delete from batches where batch > ${batch}`;
  await sql`update partitions set batch = batches.batch, "offset" = last_offset, hash = batches.hash
    from batches where batches.batch = ${batch}`;
}
